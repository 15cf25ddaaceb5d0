"""Tune a model on a validation set: calibration first, then thresholds on the calibrated probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions import thresholds as thresholding
from goemotions.calibration import Calibration
from goemotions.checkpoint import config_bytes, copy_directory
from goemotions.classifier import EmotionClassifier
from goemotions.data.origin import model_origin
from goemotions.errors import AssumptionWarning, ModelError
from goemotions.evaluation.calibration_error import calibration_error, reliability_curve
from goemotions.evaluation.datasets import LabelledTexts
from goemotions.evaluation.fit_calibration import fit
from goemotions.evaluation.metrics import macro_f1
from goemotions.evaluation.model_card import card_of
from goemotions.evaluation.provenance import DataFile, check_tuning_data, find_seen, read_hashes, read_provenance
from goemotions.files import check_replaceable
from goemotions.languages import NAMES, OTHER, UNKNOWN, identify, installed, usual
from goemotions.predictions import Scored, Thresholds
from goemotions.records import OMIT_DEFAULT, to_json
from goemotions.specs import is_model
from goemotions.stored_thresholds import BY_LANGUAGE, threshold_keys
from goemotions.thresholds import Objective

STALE = ("metrics", "tested_on")
"""What a model says of itself that other thresholds make untrue."""


@dataclass(frozen=True)
class TuningRecord(DataFile):
    """A tuning and its figures on the validation set, as a model's config keeps it under ``tuned_on``.

    ``forced`` says why the model should not have been tuned on this data.
    """

    objective: str
    smoothing: float
    shrinkage: float
    macro_f1: float
    macro_f1_before: float
    calibration_error: float
    calibration_error_before: float
    forced: str = field(default="", metadata=OMIT_DEFAULT)


def tune_model(
    classifier: EmotionClassifier,
    data: LabelledTexts,
    output: Path,
    *,
    objective: Objective = "f1",
    target: float | None = None,
    smoothing: float = thresholding.SMOOTHING,
    shrinkage: float = 0.0,
    calibration: str | None = None,
    force: bool = False,
    language: str | None = None,
) -> TuningRecord:
    """Tune a model, and write it with its new thresholds to ``output``.

    Args:
        objective, target, smoothing, shrinkage: as in :func:`goemotions.thresholds.tune`.
        calibration: a method of :mod:`goemotions.calibration`, fitted on this data; None keeps what the model has.
        force: also on data the model was tested or trained on; the model then says so.
        language: a BCP 47 tag: tune the thresholds of texts in this language alone; the others are kept.

    Returns:
        What was done and its figures on the validation set, as also kept in the model's ``config.json``.

    Raises:
        DataError: the model was tested or trained on this data, or the output is a folder with other files.
        ModelError: a model of several.
        ValueError: a language that is not told apart, or calibration for one language.
    """
    check_replaceable(output, is_model)
    check_language(classifier, data, language, calibration)
    hashes = read_hashes(classifier.directory)
    known = find_seen(data.texts, hashes) if hashes is not None else None
    forced = check_tuning_data(read_provenance(classifier.config.raw), data, known, force)
    raw = classifier.score(data.texts, calibrated=False)
    kept, own = classifier.calibration, classifier.thresholds.of(language)
    before = calibrated(raw, kept, classifier.labels)
    if calibration is not None:
        kept = fit(calibration, raw.logits, data.targets, classifier.labels)
    after = calibrated(raw, kept, classifier.labels)
    tuned = thresholding.tune(
        after, data.targets, classifier.labels, smoothing, objective=objective, target=target, shrinkage=shrinkage
    )
    # A precision or recall is of each label alone.
    together = thresholding.tune_beside(after, data.targets, tuned) if objective == "f1" else Thresholds(tuned)
    record = TuningRecord(
        name=data.name,
        sha256=data.sha256,
        rows=len(data),
        objective=objective if target is None else f"{objective} {target:g}",
        smoothing=smoothing,
        shrinkage=shrinkage,
        macro_f1=round(macro_f1(after, data.targets, list(tuned.values())), 6),
        macro_f1_before=round(macro_f1(before, data.targets, list(own.values())), 6),
        calibration_error=error_of(after, data),
        calibration_error_before=error_of(before, data),
        forced=forced,
    )
    write_tuned(classifier, output, together, kept, record, language)
    return record


def check_language(
    classifier: EmotionClassifier, data: LabelledTexts, language: str | None, calibration: str | None
) -> None:
    """Warn of data that seems to be in another language than it is said to be.

    Raises:
        ModelError, ValueError: as :func:`tune_model`.
    """
    if classifier.config.members:
        models = ", ".join(dict.fromkeys(classifier.config.members.values()))
        raise ModelError(f"{classifier.config.name} has no thresholds of its own: tune one of its models, {models}")
    if language is None:
        return
    if language not in NAMES or language in (UNKNOWN, OTHER):
        known = ", ".join(tag for tag in sorted(NAMES) if tag not in (UNKNOWN, OTHER))
        raise ValueError(f"no language {language!r} is told apart; there are: {known}")
    if calibration is not None:
        raise ValueError("calibration is the same for all languages: leave it out, or the language")
    found = usual(identify(data.texts, guesses=False)) if installed() else UNKNOWN
    if found not in (language, UNKNOWN):
        said = f"{data.name} seems to be in {NAMES[found]}; its thresholds are used for texts in {NAMES[language]}"
        warnings.warn(said, AssumptionWarning, stacklevel=3)


def error_of(probabilities: npt.NDArray[np.float32], data: LabelledTexts) -> float:
    """Return the calibration error of probabilities, float32 [n, labels]."""
    return round(calibration_error(reliability_curve(probabilities, data.targets)), 6)


def calibrated(raw: Scored, calibration: Calibration | None, labels: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return calibrated probabilities, float32 [n, labels]."""
    logits = raw.logits if calibration is None else calibration.apply(raw.logits, labels)
    return Scored(logits, raw.truncated).probabilities


def write_tuned(
    classifier: EmotionClassifier,
    output: Path,
    tuned: Thresholds,
    calibration: Calibration | None,
    record: TuningRecord,
    language: str | None = None,
) -> None:
    """Write the model with other thresholds to ``output``, without the figures that they make untrue."""
    old = classifier.config.raw
    learnt_from = model_origin(old).languages or (language,)
    stale: tuple[str, ...] = ()
    if language is None or language in learnt_from:  # figures are of texts as it learnt from
        stale = STALE
    if language is None:  # thresholds of languages are beside those for all texts that go
        stale += (BY_LANGUAGE, "tuned_on_by_language")
    config = {key: value for key, value in old.items() if key not in stale}
    if language is None:
        config |= threshold_keys(tuned) | {"tuned_on": to_json(record)}
    else:
        own = classifier.thresholds
        config |= threshold_keys(Thresholds(own, own.beside, own.by_language | {language: tuned}))
        config["tuned_on_by_language"] = {**old.get("tuned_on_by_language", {}), language: to_json(record)}
    if calibration is not None:
        config["calibration"] = calibration.as_dict()
    copy_directory(
        classifier.directory,
        output,
        {"config.json": config_bytes(config), "README.md": card_of(classifier.directory, config).encode()},
    )
