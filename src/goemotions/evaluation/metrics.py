"""Multi-label classification figures, from counts and from rankings.

A figure that the data cannot give is NaN here and ``null`` in reports, never a silent 0 or 1:

* every figure of a label without a positive, since nothing can be found or missed;
* precision of a label that is never predicted;
* ROC AUC of a label without a negative.

Macro figures are means over the labels whose figure is defined, weighted ones weigh them by support, and micro ones
add the counts of all labels up first. Where everything is defined all equal scikit-learn's, and otherwise
scikit-learn's over the labels with a positive at ``zero_division=nan``. Average precision and ROC AUC *are*
scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from goemotions.predictions import reached
from goemotions.thresholds import tune

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


def counts(targets: Booleans, decisions: Booleans) -> npt.NDArray[np.float32]:
    """Return true positives, false positives, false negatives per row. *Shape:* [n, labels] twice -> [n, 3, labels]."""
    parts = [targets & decisions, ~targets & decisions, targets & ~decisions]
    return np.stack(parts, axis=1).astype(np.float32)


def divide(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """Return ``part / whole``, NaN where ``whole`` is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    quotient: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)
    return quotient


def mean_defined(values: Floats, weights: Floats | None = None) -> Floats:
    """Return the mean of what is not NaN over the last axis, NaN where nothing is. *Shape:* [..., labels] -> [...]."""
    defined = ~np.isnan(values)
    weights = defined.astype(np.float64) if weights is None else np.where(defined, weights, 0.0)
    return divide((np.where(defined, values, 0.0) * weights).sum(-1), weights.sum(-1))


def of_labels(totals: npt.NDArray[np.floating]) -> dict[str, Floats]:
    """Return precision, recall and F1 = 2·tp / (2·tp + fp + fn) of each label.

    *Shape:* counts [..., 3, labels] -> [..., labels].
    """
    tp, fp, fn = np.moveaxis(np.asarray(totals, np.float64), -2, 0)
    present = tp + fn > 0
    undefined = np.where(present, 1.0, np.nan)
    return {
        "precision": divide(tp, tp + fp) * undefined,
        "recall": divide(tp, tp + fn),
        "f1": divide(2 * tp, 2 * tp + fp + fn) * undefined,
    }


def overall(totals: npt.NDArray[np.floating]) -> dict[str, Floats]:
    """Return micro, macro and weighted precision, recall and F1, by names as ``macro_f1``.

    *Shape:* counts [..., 3, labels] -> [...].
    """
    totals = np.asarray(totals, np.float64)
    support = totals[..., 0, :] + totals[..., 2, :]
    micro = of_labels(totals.sum(-1, keepdims=True))
    found: dict[str, Floats] = {}
    for name, values in of_labels(totals).items():
        found[f"macro_{name}"] = mean_defined(values)
        found[f"micro_{name}"] = micro[name][..., 0]
        found[f"weighted_{name}"] = mean_defined(values, support)
    return found


def average_precision(scores: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]) -> Floats:
    """Return the average precision of each label. *Shape:* [n, labels] twice -> [labels]."""
    from sklearn.metrics import average_precision_score

    def of_label(score: Floats, target: Floats) -> float:
        return float(average_precision_score(target, score)) if target.any() else np.nan

    return np.array([of_label(s, t) for s, t in zip(scores.T, targets.T, strict=True)])


def roc_auc(scores: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]) -> Floats:
    """Return the area under the ROC curve of each label. *Shape:* [n, labels] twice -> [labels]."""
    from sklearn.metrics import roc_auc_score

    def of_label(score: Floats, target: Floats) -> float:
        return float(roc_auc_score(target, score)) if 0 < target.sum() < len(target) else np.nan

    return np.array([of_label(s, t) for s, t in zip(scores.T, targets.T, strict=True)])


def row_lrap(scores: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]) -> Floats:
    """Return the label ranking average precision of each row, NaN for a row without a label.

    *Shape:* [n, labels] twice -> [n].

    The share of true labels among those scored at least as high, averaged over the row's true labels
    (:func:`sklearn.metrics.label_ranking_average_precision_score` is its mean).
    """
    truth = np.asarray(targets, bool)
    result = np.full(len(truth), np.nan)
    for start in range(0, len(truth), 4096):  # [4096, labels, labels] at a time
        part = slice(start, start + 4096)
        above = scores[part, None, :] >= scores[part, :, None]
        share = (above & truth[part, None, :]).sum(-1) / above.sum(-1)
        result[part] = divide((share * truth[part]).sum(-1), truth[part].sum(-1))
    return result


def macro_f1(
    probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], thresholds: Sequence[float]
) -> float:
    """Return the macro F1 of the decisions ``probabilities >= thresholds``."""
    per_row = counts(targets.astype(bool), reached(probabilities, thresholds))
    return float(overall(per_row.sum(0, dtype=np.float64))["macro_f1"])


def mean_average_precision(probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8]) -> float:
    """Return the mean over labels of average precision; it does not depend on thresholds."""
    return float(mean_defined(average_precision(probabilities, targets)))


def metrics_on_dev(probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Return the figures by which training chooses an epoch: macro F1 at the best thresholds and at 0.5, and ranking.

    Args:
        probabilities, targets: [n, labels], of dev.
    """
    count = targets.shape[1]
    best = tune(probabilities, targets, [str(label) for label in range(count)], smoothing=0)
    return {
        "dev_macro_f1": macro_f1(probabilities, targets, list(best.values())),
        "dev_macro_f1_at_half": macro_f1(probabilities, targets, [0.5] * count),
        "dev_mean_average_precision": mean_average_precision(probabilities, targets),
    }
