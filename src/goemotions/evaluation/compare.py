"""Two models on the same data: paired bootstrap of the differences of their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.evaluation import metrics
from goemotions.evaluation.bootstrap import RESAMPLES, Ranking, estimates, interval, resample, rounded
from goemotions.evaluation.measure import Predictions

OVERALL = ("macro_f1", "micro_f1", "weighted_f1", "macro_average_precision", "exact_match")


def compare_predictions(
    first: Predictions, second: Predictions, decision: str, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Any]:
    """Figures of the first minus figures of the second, resampled over the same rows.

    Returns:
        ``{"overall": {figure: difference}, "labels": {label: {figure: difference}}}``, each difference as
        ``{"first", "second", "value", "low", "high", "sign_wrong"}``. ``sign_wrong`` is the share of resamples in
        which the difference has the other sign, ties counting half: near 0 the order of the two is sure, at 0.5 it is
        a toss-up. Where a figure is undefined all are None.

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

    def figures(name: str, source: Mapping[str, Any], precision: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        counted = source[f"counts {name}"]
        overall = metrics.overall(counted)
        overall["macro_average_precision"] = metrics.mean_defined(precision)
        overall["exact_match"] = metrics.divide(source[f"exact {name}"], source["rows"])
        return {key: overall[key] for key in OVERALL} | {
            "f1": metrics.of_labels(counted)["f1"],
            "average_precision": precision,
        }

    points = {n: figures(n, totals, metrics.average_precision(m.probabilities, m.targets)) for n, m in both.items()}
    drawn = {name: figures(name, sums, halves[name]) for name in both}
    found = {key: differences(key, points, drawn) for key in points["first"]}
    whole = {
        "overall": {key: found[key][0] for key in OVERALL},
        "labels": {
            label: {key: found[key][column] for key in ("f1", "average_precision")}
            for column, label in enumerate(first.labels)
        },
    }
    differing: dict[str, Any] = rounded(whole)
    return differing


def differences(
    figure: str, points: Mapping[str, Mapping[str, Any]], drawn: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, float | None]]:
    """One a value of the figure."""
    first, second = (np.atleast_1d(points[name][figure]) for name in ("first", "second"))
    a, b = (np.asarray(drawn[name][figure]) for name in ("first", "second"))
    samples = (a - b).reshape(len(a), -1)
    value = first - second
    wrong = sign_wrong(value, samples)
    return [
        estimate.as_dict() | {"first": known(one), "second": known(other), "sign_wrong": known(chance)}
        for estimate, one, other, chance in zip(estimates(value, *interval(samples)), first, second, wrong, strict=True)
    ]


def sign_wrong(value: npt.NDArray[Any], samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Share of samples on the other side of 0 from ``value``, ties half; 0.5 for a value of 0.

    *Shape:* [k], [b, k] -> [k].
    """
    defined = ~np.isnan(samples)
    against = (np.sign(samples) == -np.sign(value)) & (value != 0)
    share = metrics.divide((against + 0.5 * (samples == 0)).sum(0), defined.sum(0))
    return np.where(np.isnan(value), np.nan, np.where(value == 0, 0.5, share))


def known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def shared_labels(first: Sequence[str], second: Sequence[str]) -> None:
    """
    Raises:
        ValueError: two models with different labels, which are named.
    """
    if set(first) != set(second):
        only = [", ".join(sorted(set(a) - set(b))) or "none" for a, b in ((first, second), (second, first))]
        raise ValueError(
            f"the models have different labels (only in the first: {only[0]}; only in the second: {only[1]}): "
            "a label map (--label-map) to labels that both can tell makes them comparable"
        )
