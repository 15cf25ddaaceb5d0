"""Figures of a cross-validation with bootstrap intervals, with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.evaluation.figures import Figure
from goemotions.fitting.decide import Bools
from goemotions.fitting.logistic import Floats

RESAMPLES = 1000
BINS = 10
NORMAL = 1.96  # deviations, on each side of a normal value's 95 % interval
LEAST_PROBABILITY = 0.1


@dataclass(frozen=True)
class Measured:
    """Figures of n rows, by cross-validation or of rows set aside."""

    macro_f1: Figure
    micro_f1: Figure
    average_precision: Figure
    f1: tuple[Figure, ...]
    calibration_error: float


def measure(probabilities: Floats, decisions: Bools, targets: Floats, seed: int) -> Measured:
    """Return the figures of one or several answers for the same rows.

    Args:
        probabilities, decisions: [repeats, n, labels].
        targets: [n, labels].
    """
    times = resamples(len(targets), seed)
    truth = targets.astype(np.float64)
    sums: Mapping[str, Floats] = {
        "hits": times @ (decisions & (targets > 0)).mean(0),
        "made": times @ decisions.mean(0),
        "true": times @ truth,
    }
    whole = np.maximum(sums["made"] + sums["true"], 1e-9)
    by_label = np.where(sums["true"] > 0, 2 * sums["hits"] / whole, np.nan)
    micro = 2 * sums["hits"].sum(1) / whole.sum(1)
    ranked = np.stack([average_precision(one, truth) for one in probabilities]).mean(0)
    # A row that is drawn twice ranks beside itself, so that of resampled rankings only the deviation is used; and fewer
    # resamples, for each is a sort of all rows.
    few = resamples(len(targets), seed, 100)[1:]
    drawn = [np.repeat(np.arange(len(targets)), row.astype(int)) for row in few]
    spread = [_mean(average_precision(probabilities[0][rows], truth[rows])[None])[0] for rows in drawn]
    return Measured(
        figure(np.append(_mean(by_label[:1]), _mean(by_label[1:]))),
        figure(micro),
        _with_deviation(float(np.nanmean(ranked)), float(np.std(spread))),
        tuple(figure(column) for column in by_label.T),
        calibration_error(probabilities, truth),
    )


def resamples(rows: int, seed: int, count: int = RESAMPLES) -> Floats:
    """Return how often each row counts: once in the first, then as often as it is drawn. *Shape:* [count + 1, rows]."""
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(rows, np.full(rows, 1 / rows), size=count)
    return np.vstack([np.ones(rows), drawn])


def figure(values: Floats) -> Figure:
    """Return a figure whose first value is the data's and whose others are of resamples."""
    known = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]):
        return Figure(None)
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) > 1 else (values[0], values[0])
    return Figure(*(round(float(value), 6) for value in (values[0], min(low, values[0]), max(high, values[0]))))


def for_all_rows(figure: Figure, gain: float) -> Figure:
    """Return a figure of a cross-validation with an interval for the model of all rows.

    Every model of the cross-validation has fewer rows, and a resample fewer rows still that differ, so that both lie
    too low: where the interval missed, it was nearly always below (``docs/experiments.md``). So its upper half is as
    wide as its lower one at least, and what the rows left out would bring comes on top.

    Args:
        gain: what they would bring, by the learning curve.
    """
    if figure.value is None or figure.low is None or figure.high is None:
        return figure
    high = max(figure.high, 2 * figure.value - figure.low) + gain
    return Figure(figure.value, figure.low, round(min(1.0, high), 6))


def _with_deviation(value: float, deviation: float) -> Figure:
    low, high = max(0.0, value - NORMAL * deviation), min(1.0, value + NORMAL * deviation)
    return Figure(round(value, 6), round(low, 6), round(high, 6))


def average_precision(scores: Floats, truth: Floats) -> Floats:
    """Return each label's average precision; NaN without a positive. *Shape:* [n, labels] twice -> [labels]."""
    order = np.argsort(-scores, axis=0, kind="stable")
    hits = np.take_along_axis(truth, order, axis=0)
    precision = np.cumsum(hits, axis=0) / np.arange(1, len(hits) + 1)[:, None]
    whole = hits.sum(0)
    return np.asarray(np.where(whole > 0, (precision * hits).sum(0) / np.maximum(whole, 1), np.nan))


def calibration_error(probabilities: Floats, truth: Floats) -> float:
    """Return the mean distance of probability and share, in bins of tenths, over probabilities of at least 0.1."""
    chosen = probabilities >= LEAST_PROBABILITY
    given, came = probabilities[chosen], np.broadcast_to(truth, probabilities.shape)[chosen]
    place: npt.NDArray[np.int64] = np.minimum((given * BINS).astype(np.int64), BINS - 1)
    gaps = np.abs(np.bincount(place, given - came, BINS))
    return round(float(gaps.sum() / max(len(given), 1)), 6)


def _mean(values: Floats) -> Floats:
    """Return the mean over labels that are defined; NaN where none is. *Shape:* [b, labels] -> [b]."""
    known = np.isfinite(values)
    counted = known.sum(1)
    total = np.where(known, values, 0).sum(1)
    return np.asarray(np.where(counted > 0, total / np.maximum(counted, 1), np.nan))
