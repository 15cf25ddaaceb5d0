"""Multi-label classification metrics with bootstrap intervals.

F1 is 2·tp / (2·tp + fp + fn), and 0 where a label is neither present nor predicted (scikit-learn's
``zero_division=0``, against which it is tested). Macro F1 is the mean over labels; micro F1 adds the counts up first.
Intervals are percentile bootstrap over rows (Efron & Tibshirani, 1993).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.thresholds import accepted

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate` measures."""

    rows: int
    macro_f1: Estimate
    micro_f1: Estimate
    labels: dict[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "macro_f1": self.macro_f1.as_dict(),
            "micro_f1": self.micro_f1.as_dict(),
            "labels": self.labels,
        }


def counts(targets: Booleans, predictions: Booleans) -> npt.NDArray[np.float32]:
    """True positives, false positives and false negatives of each row. *Shape:* [n, labels] twice -> [n, 3, labels]."""
    parts = [targets & predictions, ~targets & predictions, targets & ~predictions]
    return np.stack(parts, axis=1).astype(np.float32)


def f1(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    """F1 of counts, 0 where all are 0. *Shape:* any, three times -> the same."""
    denominator = 2 * tp + fp + fn
    return np.divide(2 * tp, denominator, out=np.zeros_like(denominator), where=denominator > 0)


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def resampled(per_row: npt.NDArray[np.float32], resamples: int, seed: int) -> Iterator[Floats]:
    """Sums of ``per_row`` [n, 3, labels] over bootstrap samples of its rows, in blocks of [block, 3, labels]."""
    generator = np.random.default_rng(seed)
    rows = len(per_row)
    flat = per_row.reshape(rows, -1)
    block = 256
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = generator.integers(0, rows, (size, rows)) + rows * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float32)
        yield (times @ flat).astype(np.float64).reshape(size, *per_row.shape[1:])


def evaluate(
    probabilities: npt.NDArray[np.float32],
    targets: npt.NDArray[np.uint8],
    thresholds: Sequence[float],
    labels: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
) -> Evaluation:
    """Measure predictions ``probabilities >= thresholds`` against ``targets``, both [n, labels]."""
    truth = targets.astype(bool)
    per_row = counts(truth, accepted(probabilities, thresholds))
    total = per_row.sum(0, dtype=np.float64)
    samples = np.concatenate(list(resampled(per_row, resamples, seed)))
    label_samples = f1(*np.moveaxis(samples, 1, 0))
    label_f1 = f1(*total)

    def estimate(value: float, drawn: Floats) -> Estimate:
        low, high = np.percentile(drawn, [2.5, 97.5])
        return Estimate(float(value), float(low), float(high))

    def of_label(column: int) -> dict[str, Any]:
        tp, fp, fn = total[:, column]
        return {
            "precision": round(ratio(tp, tp + fp), 4),
            "recall": round(ratio(tp, tp + fn), 4),
            "f1": estimate(label_f1[column], label_samples[:, column]).as_dict(),
            "support": int(tp + fn),
        }

    return Evaluation(
        rows=len(targets),
        macro_f1=estimate(label_f1.mean(), label_samples.mean(1)),
        micro_f1=estimate(float(f1(*total.sum(1))), f1(*samples.sum(2).T)),
        labels={label: of_label(column) for column, label in enumerate(labels)},
    )


def macro_f1(
    probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], thresholds: Sequence[float]
) -> float:
    """Macro F1 alone, without an interval."""
    per_row = counts(targets.astype(bool), accepted(probabilities, thresholds))
    return float(f1(*per_row.sum(0, dtype=np.float64)).mean())


def mean_average_precision(probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8]) -> float:
    """Mean over labels of average precision, Σ (R_k - R_{k-1}) · P_k over the distinct scores, as scikit-learn's.

    It does not depend on thresholds. A label without a positive counts 0.
    """
    return float(np.mean([_average_precision(p, y) for p, y in zip(probabilities.T, targets.T, strict=True)]))


def _average_precision(probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8]) -> float:
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(targets[order])
    if hits[-1] == 0:
        return 0.0
    last_of_score = np.append(np.diff(probabilities[order]) != 0, True)
    precision = (hits / np.arange(1, len(hits) + 1))[last_of_score]
    recall = hits[last_of_score] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0) * precision))
