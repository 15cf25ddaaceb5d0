"""Compare two models on the same data: paired bootstrap of the differences of their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.evaluation import metrics
from goemotions.evaluation.bootstrap import RESAMPLES, Ranking, interval, resample, to_figures
from goemotions.evaluation.figures import Difference, rounded
from goemotions.evaluation.measure import Predictions

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class OverallDifferences:
    """Differences of figures of all labels."""

    macro_f1: Difference
    micro_f1: Difference
    weighted_f1: Difference
    macro_average_precision: Difference
    exact_match: Difference


@dataclass(frozen=True)
class LabelDifferences:
    """Differences of figures of a label."""

    f1: Difference
    average_precision: Difference


@dataclass(frozen=True)
class Comparison:
    """Differences of two models on the same rows, of all labels and per label."""

    overall: OverallDifferences
    labels: Mapping[str, LabelDifferences]


def compare_predictions(
    first: Predictions, second: Predictions, decision: str, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Return figures of the first minus figures of the second, resampled over the same rows; None where undefined.

    Raises:
        ValueError: the two are not of the same rows and labels.
    """
    if first.labels != second.labels or not np.array_equal(first.targets, second.targets):
        raise ValueError("two models are compared on the same rows and labels")
    truth = first.targets.astype(bool)
    both = {"first": first, "second": second}
    columns: dict[str, npt.NDArray[Any]] = {"rows": np.ones(len(truth))}
    rankings: list[Ranking] = []
    every = np.arange(len(truth))
    for name, made in both.items():
        columns[f"counts {name}"] = metrics.counts(truth, made.decisions[decision])
        columns[f"exact {name}"] = (truth == made.decisions[decision]).all(1)
        rankings += [Ranking(made.probabilities[:, i], truth[:, i], every) for i in range(len(first.labels))]
    sums, ranked = resample(columns, rankings, len(truth), resamples, seed)
    totals = {name: np.asarray(values, np.float64).sum(0) for name, values in columns.items()}
    halves = dict(zip(both, np.split(ranked[:, 0], 2, axis=1), strict=True))
    points = {n: compared(totals, n, metrics.average_precision(m.probabilities, m.targets)) for n, m in both.items()}
    drawn = {name: compared(sums, name, halves[name]) for name in both}
    whole = {field.name: differences(field.name, points, drawn)[0] for field in fields(OverallDifferences)}
    single = (differences(name, points, drawn) for name in ("f1", "average_precision"))
    of_labels = (LabelDifferences(f1, precision) for f1, precision in zip(*single, strict=True))
    return rounded(Comparison(OverallDifferences(**whole), dict(zip(first.labels, of_labels, strict=True))))


def compared(sums: Arrays, name: str, precision: npt.NDArray[Any]) -> Arrays:
    """Return the figures of one model that are compared, from its sums and average precisions."""
    counted = sums[f"counts {name}"]
    return metrics.overall(counted) | {
        "macro_average_precision": metrics.mean_defined(precision),
        "exact_match": metrics.divide(sums[f"exact {name}"], sums["rows"]),
        "f1": metrics.of_labels(counted)["f1"],
        "average_precision": precision,
    }


def differences(figure: str, points: Mapping[str, Arrays], drawn: Mapping[str, Arrays]) -> list[Difference]:
    """Return a difference per value of the figure."""
    first, second = (np.atleast_1d(points[name][figure]) for name in ("first", "second"))
    a, b = (np.asarray(drawn[name][figure]) for name in ("first", "second"))
    samples = (a - b).reshape(len(a), -1)
    value = first - second
    wrong = sign_wrong(value, samples)
    return [
        Difference(found.value, found.low, found.high, known(one), known(other), known(chance))
        for found, one, other, chance in zip(to_figures(value, *interval(samples)), first, second, wrong, strict=True)
    ]


def sign_wrong(value: npt.NDArray[Any], samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the share of samples on the other side of 0 from ``value``, ties half; 0.5 for a value of 0.

    *Shape:* [k], [b, k] -> [k].
    """
    defined = ~np.isnan(samples)
    against = (np.sign(samples) == -np.sign(value)) & (value != 0)
    share = metrics.divide((against + 0.5 * (samples == 0)).sum(0), defined.sum(0))
    return np.where(np.isnan(value), np.nan, np.where(value == 0, 0.5, share))


def known(value: float) -> float | None:
    """Return a number, None for NaN."""
    return None if np.isnan(value) else float(value)


def shared_labels(first: Sequence[str], second: Sequence[str]) -> None:
    """Check that two models have the same labels.

    Raises:
        ValueError: they have different labels, which are named.
    """
    if set(first) != set(second):
        only = [", ".join(sorted(set(a) - set(b))) or "none" for a, b in ((first, second), (second, first))]
        raise ValueError(
            f"the models have different labels (only in the first: {only[0]}; only in the second: {only[1]}): "
            "a label map (--label-map) to labels that both can tell makes them comparable"
        )
