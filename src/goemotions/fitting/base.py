"""A base model as something to fit on: its features, and its own answers to labels that it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from goemotions.architectures.fitted import shifts_of
from goemotions.architectures.prepared import Features
from goemotions.calibration import Calibration
from goemotions.catalog import shipped
from goemotions.checkpoint import fingerprint
from goemotions.classifier import EmotionClassifier
from goemotions.errors import DataError, ModelError
from goemotions.fitting.logistic import Floats
from goemotions.fitting.thresholds import log_odds
from goemotions.predictions import sigmoid

BATCH = 512  # texts between two looks at the progress bar
GRID = np.linspace(-20, 20, 8001, dtype=np.float32)
LEAST, MOST = 0.0001, 0.9999  # of thresholds, so that log odds are finite


@dataclass(frozen=True)
class Answers:
    """The base's own answers to labels of one's own.

    Attributes:
        pooled: groups of the base's labels; each member with its raw logit at its threshold.
        groups: of each label, the number of its group; None where the base does not know it.
        thresholds: [labels], of the probabilities of the base's answer.
    """

    pooled: tuple[Mapping[str, float], ...]
    groups: tuple[int | None, ...]
    thresholds: Floats

    def shifts(self, base: EmotionClassifier) -> Floats:
        """Return :func:`goemotions.architectures.fitted.shifts_of` for this base."""
        return shifts_of(self.pooled, base.labels)


def load_base(name: str | Path, threads: int | None = None) -> EmotionClassifier:
    """Return a base model.

    Raises:
        ModelError: it is none, or a fitted model itself.
    """
    base = EmotionClassifier(name, threads=threads)
    if base.config.architecture == "fitted":
        own = (base.config.raw.get("base") or {}).get("model")
        raise ModelError(f"{name} is fitted itself: name the model that it was fitted on, {own}")
    return base


def base_facts(base: EmotionClassifier, name: str | Path) -> dict[str, str]:
    """Return what ``config.json`` says of a base: its name, or its folder in full, and its fingerprint."""
    known = str(name) if str(name) in shipped().models or not Path(name).is_dir() else str(Path(name).resolve())
    return {"model": known, "fingerprint": fingerprint(base.directory, base.config)}


def features_of(base: EmotionClassifier, texts: Sequence[str], advance: Callable[[float], None]) -> Features:
    """Return the features of texts; ``advance`` is told the share that is done."""
    parts = []
    for start in range(0, len(texts), BATCH):
        parts.append(base.features(texts[start : start + BATCH]))
        advance(min(1.0, (start + BATCH) / len(texts)))
    return Features(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def answers_to(base: EmotionClassifier, labels: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Answers:
    """Return the base's answers to labels that are its own by name, or stand for some of its own by ``groups``.

    Raises:
        DataError: groups for labels that the data does not have.
    """
    unknown = [label for label in groups if label not in labels]
    if unknown and not set(groups) & set(labels):
        raise DataError(
            f"the label map is for {', '.join(groups)}, none of which is a label of the data: {', '.join(labels)}"
        )
    members = {label: groups.get(label, (label,) if label in base.labels else ()) for label in labels}
    at_threshold = raw_thresholds(base)
    pooled: list[Mapping[str, float]] = []
    places: list[int | None] = []
    cuts: list[float] = []
    for label in labels:
        places.append(len(pooled) if members[label] else None)
        if members[label]:
            pooled.append({name: round(at_threshold[name], 4) for name in members[label]})
        own = np.array([base.config.thresholds[name] for name in members[label]] or [0.5])
        cuts.append(float(sigmoid(np.asarray(log_odds(np.clip(own, LEAST, MOST)).mean()))))
    return Answers(tuple(pooled), tuple(places), np.array(cuts))


def raw_thresholds(base: EmotionClassifier) -> dict[str, float]:
    """Return each label's logit, before calibration, at which the base's own threshold is reached."""
    rows = np.repeat(GRID[:, None], len(base.labels), axis=1)
    calibration: Calibration | None = base.config.calibration
    calibrated = rows if calibration is None else calibration.apply(rows, base.labels)
    cuts = log_odds(np.clip([base.config.thresholds[label] for label in base.labels], LEAST, MOST))
    return {
        label: float(np.interp(cut, column, GRID))
        for label, cut, column in zip(base.labels, cuts, calibrated.T, strict=True)
    }
