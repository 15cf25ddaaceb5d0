"""Decision thresholds: a number, a map of labels, or the model's own; and their tuning on a validation set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from goemotions.errors import nearest

SMOOTHING = 0.3
"""Chosen on halves of dev: thresholds tuned on one, F1 measured on the other (``docs/experiments.md``)."""

GRID = np.linspace(-5, 4, 181)
"""Log odds of the thresholds that smoothing considers: probabilities from 0.007 to 0.98."""

Threshold = float | Mapping[str, float] | None


def check_threshold(value: object, what: str = "threshold") -> float:
    """``value`` as a float.

    Raises:
        TypeError: not a number.
        ValueError: not within 0 to 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating, np.integer)):
        raise TypeError(f"{what} must be a number from 0 to 1, got {value!r} ({type(value).__name__})")
    number = float(value)
    if not (math.isfinite(number) and 0.0 <= number <= 1.0):
        raise ValueError(f"{what} must be from 0 to 1, got {value!r}")
    return number


def resolve(threshold: Threshold, own: Mapping[str, float]) -> dict[str, float]:
    """The threshold of every label, in the order of ``own``.

    Args:
        threshold: None keeps ``own``; a number sets every label; a map sets its labels and keeps ``own`` for the rest.
        own: the model's thresholds, every label.

    Raises:
        TypeError, ValueError: a threshold that is no number from 0 to 1, or a label the model does not have.
    """
    if threshold is None:
        return dict(own)
    if not isinstance(threshold, Mapping):
        return dict.fromkeys(own, check_threshold(threshold))
    for label in threshold:
        if label not in own:
            raise ValueError(
                f"threshold for unknown label {label!r}{nearest(str(label), own)}; labels: {', '.join(own)}"
            )
    return dict(own) | {label: check_threshold(value, f"threshold of {label}") for label, value in threshold.items()}


def accepted(probabilities: npt.NDArray[np.float32], cuts: Sequence[float]) -> npt.NDArray[np.bool_]:
    """bool [n, labels]: where a probability reaches its label's threshold. Compared in float32, as both are meant."""
    reached: npt.NDArray[np.bool_] = probabilities >= np.asarray(cuts, dtype=np.float32)
    return reached


def tune(
    probabilities: npt.NDArray[np.float32],
    targets: npt.NDArray[np.uint8],
    labels: Sequence[str],
    smoothing: float = SMOOTHING,
    default: float = 0.5,
) -> dict[str, float]:
    """The threshold of each label with the best F1 on a validation set.

    Args:
        probabilities: [n, labels].
        targets: [n, labels], 0 or 1.
        smoothing: width, in log odds, of the Gaussian that F1 is averaged over before its maximum is taken, so that a
            few positives do not decide; 0 takes the maximum itself.
        default: for a label without a positive.

    Returns:
        One threshold a label, to 4 decimals.
    """

    def of_label(column: int) -> float:
        scores, truth = probabilities[:, column].astype(np.float64), targets[:, column]
        if not truth.any():
            return default
        return round(_smooth_cut(scores, truth, smoothing) if smoothing else _best_cut(scores, truth), 4)

    return {label: of_label(column) for column, label in enumerate(labels)}


def _best_cut(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.uint8]) -> float:
    """Midway between the last score accepted and the first refused at the highest F1."""
    order = np.argsort(-scores, kind="stable")
    ranked = np.append(scores[order], 0.0)
    f1 = 2 * np.cumsum(truth[order]) / (np.arange(1, len(scores) + 1) + truth.sum())
    f1[:-1][ranked[:-2] == ranked[1:-1]] = -1  # a threshold cannot fall between equal scores
    best = int(np.argmax(f1))
    return float(ranked[best] + ranked[best + 1]) / 2


def _smooth_cut(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.uint8], width: float) -> float:
    """Where F1, averaged over thresholds nearby in log odds, is highest."""
    cuts = 1 / (1 + np.exp(-GRID))
    order = np.argsort(scores, kind="stable")
    refused = np.searchsorted(scores[order], cuts)
    hits = truth.sum() - np.append(0, np.cumsum(truth[order]))[refused]
    f1 = 2 * hits / (len(scores) - refused + truth.sum())
    kernel = np.exp(-0.5 * ((GRID[:, None] - GRID) / width) ** 2)
    smoothed = (kernel @ f1) / kernel.sum(1)
    return float(cuts[np.argmax(smoothed)])
