"""How far probabilities are from what they say: calibration error, Brier score and skill, reliability curves.

Most of 28 probabilities are near 0 and rightly so, which flatters an average over all of them: the error here is over
predictions of at least :data:`AT_LEAST`, in bins of equal size (Nixon et al., *Measuring Calibration in Deep
Learning*, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.evaluation.metrics import Floats, divide

AT_LEAST = 0.1
BINS = 15
BIN_SIZE = 20  # a bin of fewer predictions says little: a label with few gets fewer bins


def reliability_curve(
    probabilities: npt.NDArray[np.floating], targets: npt.NDArray[np.integer], at_least: float = AT_LEAST
) -> list[dict[str, float]]:
    """Bins of equally many predictions, by rising probability. *Shape:* any, twice.

    Returns:
        One ``{"predicted", "observed", "count"}`` a bin: mean probability and share of positives; none without
        predictions.
    """
    chosen = np.ravel(probabilities >= at_least)
    p, y = np.ravel(probabilities)[chosen].astype(np.float64), np.ravel(targets)[chosen]
    order = np.argsort(p, kind="stable")
    bins = np.array_split(order, max(1, min(BINS, len(order) // BIN_SIZE)))
    return [
        {"predicted": float(p[rows].mean()), "observed": float(y[rows].mean()), "count": len(rows)}
        for rows in bins
        if len(rows)
    ]


def calibration_error(curve: Sequence[dict[str, float]]) -> float:
    """Mean distance of prediction and observation over the bins of a curve, by count; NaN without any."""
    total = sum(point["count"] for point in curve)
    if not total:
        return float("nan")
    return sum(point["count"] * abs(point["predicted"] - point["observed"]) for point in curve) / total


def brier(probabilities: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Brier score of each label, and its skill: 1 for perfect, 0 for always saying the label's own frequency.

    Skill is NaN where a label is everywhere or nowhere. *Shape:* [n, labels] twice -> [labels], [labels].
    """
    score = ((probabilities.astype(np.float64) - targets) ** 2).mean(0)
    frequency = targets.mean(0, dtype=np.float64)
    return score, 1 - divide(score, frequency * (1 - frequency))


def calibration_figures(
    probabilities: npt.NDArray[np.floating], targets: npt.NDArray[np.integer], labels: Sequence[str]
) -> dict[str, Any]:
    """All of it, as a dict that JSON can hold; undefined figures are None."""

    def known(value: float) -> float | None:
        return None if np.isnan(value) else round(float(value), 6)

    def short(curve: list[dict[str, float]]) -> list[dict[str, float]]:
        return [{key: round(value, 4) for key, value in point.items()} for point in curve]

    whole = reliability_curve(probabilities, targets)
    scores, skills = brier(probabilities, targets)
    of_label = {}
    for column, label in enumerate(labels):
        curve = reliability_curve(probabilities[:, column], targets[:, column])
        of_label[label] = {
            "error": known(calibration_error(curve)),
            "brier": known(scores[column]),
            "brier_skill": known(skills[column]),
            "curve": short(curve),
        }
    return {
        "at_least": AT_LEAST,
        "error": known(calibration_error(whole)),
        "error_of_all": known(calibration_error(reliability_curve(probabilities, targets, 0.0))),
        "brier": known(float(scores.mean())),
        "curve": short(whole),
        "labels": of_label,
    }
