"""Decision thresholds: a number, a map of labels, or the model's own; and their tuning on a validation set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from goemotions.errors import nearest

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
    probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], labels: Sequence[str], default: float = 0.5
) -> dict[str, float]:
    """The threshold of each label with the best F1 on a validation set.

    Args:
        probabilities: [n, labels].
        targets: [n, labels], 0 or 1.
        default: for a label without a positive.

    Returns:
        One threshold a label, midway between the last probability accepted and the first refused, to 4 decimals.
    """
    return {
        label: _best_cut(probabilities[:, column], targets[:, column], default) for column, label in enumerate(labels)
    }


def _best_cut(probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], default: float) -> float:
    positives = int(targets.sum())
    if positives == 0:
        return default
    order = np.argsort(-probabilities, kind="stable")
    ranked = np.append(probabilities[order].astype(np.float64), 0.0)
    accepted = np.arange(1, len(probabilities) + 1)
    f1 = 2 * np.cumsum(targets[order]) / (accepted + positives)
    f1[:-1][ranked[:-2] == ranked[1:-1]] = -1  # a threshold cannot fall between equal probabilities
    best = int(np.argmax(f1))
    return round(float(ranked[best] + ranked[best + 1]) / 2, 4)
