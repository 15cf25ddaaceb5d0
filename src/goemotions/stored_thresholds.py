"""Thresholds as a model's ``config.json`` holds them: for all texts, and for texts in some languages."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from goemotions.errors import AssumptionWarning
from goemotions.fields import section, shown
from goemotions.languages import NAMES, REST, installed, missing
from goemotions.predictions import Thresholds
from goemotions.thresholds import check_threshold

BY_LANGUAGE = "thresholds_by_language"


def threshold_keys(thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Return the keys of ``config.json`` that hold thresholds."""
    found = thresholds if isinstance(thresholds, Thresholds) else Thresholds(thresholds)
    keys: dict[str, Any] = {"thresholds": dict(found), "thresholds_beside": found.beside}
    if found.by_language:
        keys[BY_LANGUAGE] = {language: threshold_keys(own) for language, own in found.by_language.items()}
    return keys


def read_thresholds(raw: Mapping[str, Any], labels: Sequence[str], common: float) -> Thresholds:
    """Return the thresholds of every label.

    Args:
        common: of labels that have none of their own.

    Raises:
        TypeError, ValueError: what is wrong, with its key.
    """
    found = _of_group(raw, labels, dict.fromkeys(labels, common))
    groups = section(raw, BY_LANGUAGE)
    unknown = sorted(set(groups) - {*NAMES, REST})
    if unknown:
        raise ValueError(f"{BY_LANGUAGE} of languages that are not told apart: {', '.join(unknown)}")
    by_language = {language: _of_language(language, group, labels, found) for language, group in groups.items()}
    return Thresholds(found, found.beside, by_language)


def spoken(language: str) -> str:
    """Return the name of a language, or of those that are not named."""
    return "any other language" if language == REST else NAMES.get(language, language)


def warn_of_common(thresholds: Thresholds, model: str) -> None:
    """Warn whoever loads a model that all its texts have the common thresholds, if languages cannot be told."""
    if thresholds.by_language and not installed():
        said = f"{model} decides every text by its thresholds for {next(iter(thresholds.by_language))}: {missing()}"
        warnings.warn(said, AssumptionWarning, stacklevel=3)


def _of_language(language: str, group: object, labels: Sequence[str], common: Mapping[str, float]) -> Thresholds:
    if not isinstance(group, Mapping):
        raise ValueError(f"{BY_LANGUAGE} of {language} must be an object, got {shown(group)}")
    try:
        return _of_group(group, labels, common)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{BY_LANGUAGE} of {language}: {error}") from error


def _of_group(raw: Mapping[str, Any], labels: Sequence[str], common: Mapping[str, float]) -> Thresholds:
    own, beside = section(raw, "thresholds"), section(raw, "thresholds_beside")
    for key, given in (("thresholds", own), ("thresholds_beside", beside)):
        unknown = sorted(set(given) - set(labels))
        if unknown:
            raise ValueError(f"{key} for labels the model does not have: {', '.join(unknown)}")
    found = {label: check_threshold(own.get(label, common[label]), f"threshold of {label}") for label in labels}
    rule = {label: check_threshold(cut, f"threshold beside others of {label}") for label, cut in beside.items()}
    for label, cut in rule.items():
        if cut < found[label]:
            raise ValueError(
                f"thresholds_beside of {label} must be at least its threshold {found[label]:g}, got {cut:g}"
            )
    return Thresholds(found, rule)
