"""Counts at every threshold of one ranking, as scikit-learn has them, without two seconds of imports."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def found_so_far(scores: npt.NDArray[np.floating], targets: npt.NDArray[Any]) -> tuple[Floats, Floats]:
    """Return how many positives, and how many negatives, reach each different score, from the highest down.

    *Shape:* [n] twice -> [k] twice, of k different scores.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # the last row of each score
    hits = np.cumsum(np.asarray(targets, bool)[order], dtype=np.float64)[last]
    return hits, last + 1 - hits


def precision_recall(scores: npt.NDArray[np.floating], targets: npt.NDArray[Any]) -> tuple[Floats, Floats]:
    """Return precision and recall where recall falls from 1 to 0, at precision 1 there. *Shape:* [n] twice -> [k + 1].

    As :func:`sklearn.metrics.precision_recall_curve`; ``targets`` have a positive.
    """
    hits, alarms = found_so_far(scores, targets)
    precision, recall = hits / (hits + alarms), hits / hits[-1]
    return np.append(precision[::-1], 1.0), np.append(recall[::-1], 0.0)


def average_precision(scores: npt.NDArray[np.floating], targets: npt.NDArray[Any]) -> float:
    """Return the mean precision over the steps of recall, as :func:`sklearn.metrics.average_precision_score`."""
    precision, recall = precision_recall(scores, targets)
    return float(-(np.diff(recall) * precision[:-1]).sum())


def roc_auc(scores: npt.NDArray[np.floating], targets: npt.NDArray[Any]) -> float:
    """Return the area under the ROC curve, as :func:`sklearn.metrics.roc_auc_score`; ``targets`` have both classes."""
    hits, alarms = (np.append(0.0, counts) for counts in found_so_far(scores, targets))
    area = (np.diff(alarms) * (hits[1:] + hits[:-1])).sum() / 2
    return float(area / (hits[-1] * alarms[-1]))
