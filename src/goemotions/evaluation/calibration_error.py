"""Measure how far probabilities are from what they say: calibration error, Brier score and skill, reliability curves.

Most of 28 probabilities are near 0 and rightly so, which flatters an average over all of them: the error here is over
predictions of at least :data:`AT_LEAST`, in bins of equal size (Nixon et al., *Measuring Calibration in Deep
Learning*, 2019).

A mean of absolute differences is never 0, however good the probabilities: chance alone leaves some. A resample has
that chance twice, so that its plain percentiles lie above the truth (they hold it never where probabilities are
right, ``docs/experiments.md``). Hence :func:`calibration_figure`'s own interval, and the figure ``noise`` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.evaluation.bootstrap import RESAMPLES, interval, resample, to_figures
from goemotions.evaluation.figures import CalibrationFigure, CalibrationFigures, CurvePoint, Figure, LabelCalibration
from goemotions.evaluation.metrics import Floats, divide

AT_LEAST = 0.1
BINS = 15
BIN_SIZE = 20  # a bin of fewer predictions says little: a label with few gets fewer bins

Indices = list[npt.NDArray[np.int64]]


def equal_bins(probabilities: npt.NDArray[np.floating], at_least: float) -> Indices:
    """Return bins of equally many predictions, by rising probability, as indices of the flat array."""
    flat = np.ravel(probabilities)
    chosen = np.flatnonzero(flat >= at_least)
    order = chosen[np.argsort(flat[chosen], kind="stable")]
    return [indices for indices in np.array_split(order, max(1, min(BINS, len(order) // BIN_SIZE))) if len(indices)]


def reliability_curve(
    probabilities: npt.NDArray[np.floating], targets: npt.NDArray[np.integer], at_least: float = AT_LEAST
) -> list[CurvePoint]:
    """Return a point per bin; none without predictions. *Shape:* any, twice."""
    p, y = np.ravel(probabilities).astype(np.float64), np.ravel(targets)
    return [
        CurvePoint(float(p[indices].mean()), float(y[indices].mean()), len(indices))
        for indices in equal_bins(probabilities, at_least)
    ]


def calibration_error(curve: Sequence[CurvePoint]) -> float:
    """Return the mean distance of prediction and observation over the bins of a curve, by count; NaN without any."""
    total = sum(point.count for point in curve)
    if not total:
        return float("nan")
    return sum(point.count * abs(point.predicted - point.observed) for point in curve) / total


def brier(probabilities: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Return Brier score and skill of each label: 1 for perfect, 0 for always saying the label's own frequency.

    Skill is NaN where a label is everywhere or nowhere. *Shape:* [n, labels] twice -> [labels], [labels].
    """
    squares = ((probabilities.astype(np.float64) - targets) ** 2).sum(0)
    return squares / len(targets), skill(squares, targets.sum(0, dtype=np.float64), np.float64(len(targets)))


def skill(squares: Floats, positives: Floats, rows: Floats | np.float64) -> Floats:
    """Return the Brier skill from sums over rows. *Shape:* [..., labels] twice, rows to fit."""
    frequency = divide(positives, rows)
    return 1 - divide(divide(squares, rows), frequency * (1 - frequency))


def bin_differences(
    probabilities: npt.NDArray[np.floating], targets: npt.NDArray[np.integer], at_least: float
) -> npt.NDArray[np.float64]:
    """Return what each row adds to the bins' differences of prediction and observation, and last to their count.

    *Shape:* [n, labels] twice -> [n, bins + 1].
    """
    rows, labels = probabilities.shape
    difference = np.ravel(probabilities).astype(np.float64) - np.ravel(targets)
    bins = equal_bins(probabilities, at_least)
    columns = [np.bincount(indices // labels, difference[indices], rows) for indices in bins]
    every = np.concatenate(bins) if bins else np.empty(0, np.int64)
    return np.stack([*columns, np.bincount(every // labels, minlength=rows)], axis=1)


def calibration_figure(totals: Floats, sums: npt.NDArray[np.floating]) -> CalibrationFigure:
    """Return the calibration error with its interval, and ``noise``: that of perfectly calibrated probabilities.

    Noise is the mean, over the resamples, of the error of the bins' deviations from their own sums. The interval is
    that of percentiles, moved down by twice the bias of the resamples (once theirs, once the figure's own); it begins
    at 0 where noise alone would be as large in more than 2.5 % of the resamples, and holds the figure.

    Args:
        totals: [bins + 1], as :func:`bin_differences` added up over the rows.
        sums: [resamples, bins + 1], over each resample's rows.
    """
    sums = sums.astype(np.float64)
    value = float(divide(np.abs(totals[:-1]).sum(), totals[-1]))
    if np.isnan(value):
        return CalibrationFigure(None)
    counts = sums[:, -1]
    drawn = divide(np.abs(sums[:, :-1]).sum(1), counts)
    apart = sums[:, :-1] - totals[:-1] * (counts / totals[-1])[:, None]
    noise = divide(np.abs(apart).sum(1), counts)
    low, high = (float(bound) - 2 * (float(np.nanmean(drawn)) - value) for bound in interval(drawn))
    if value <= interval(noise)[1]:
        low = 0.0
    (found,) = to_figures(value, max(low, 0.0), max(high, value))
    return CalibrationFigure(found.value, found.low, found.high, float(np.nanmean(noise)))


def calibration_figures(
    probabilities: npt.NDArray[np.floating],
    targets: npt.NDArray[np.integer],
    labels: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> CalibrationFigures:
    """Return all of it; undefined figures are None. *Shape:* [n, labels] twice."""
    groups = {f"label {column}": (slice(column, column + 1), AT_LEAST) for column in range(len(labels))}
    groups |= {"whole": (slice(None), AT_LEAST), "all": (slice(None), 0.0)}
    columns: dict[str, npt.NDArray[Any]] = {
        name: bin_differences(probabilities[:, part], targets[:, part], least) for name, (part, least) in groups.items()
    }
    columns["squares"] = (probabilities.astype(np.float64) - targets) ** 2
    columns["positives"] = targets
    sums, _ = resample(columns, [], len(targets), resamples, seed)
    errors = {name: calibration_figure(columns[name].sum(0), sums[name]) for name in groups}
    scores, skills, mean = brier_figures(columns, sums)
    return CalibrationFigures(
        at_least=AT_LEAST,
        error=errors["whole"],
        error_of_all=errors["all"],
        brier=mean,
        curve=reliability_curve(probabilities, targets),
        labels={
            label: LabelCalibration(
                error=errors[f"label {column}"],
                brier=scores[column],
                brier_skill=skills[column],
                curve=reliability_curve(probabilities[:, column], targets[:, column]),
            )
            for column, label in enumerate(labels)
        },
    )


def brier_figures(
    columns: Mapping[str, npt.NDArray[Any]], sums: Mapping[str, npt.NDArray[Any]]
) -> tuple[list[Figure], list[Figure], Figure]:
    """Return Brier score and skill of each label, and the mean score, from the rows' squares and positives."""
    rows = np.float64(len(columns["squares"]))
    points, drawn = (
        (np.asarray(part["squares"], np.float64), np.asarray(part["positives"], np.float64))
        for part in ({name: columns[name].sum(0) for name in ("squares", "positives")}, sums)
    )
    values = skill(*points, rows)
    skills = np.where(np.isnan(values), np.nan, skill(*drawn, rows))
    scores = drawn[0] / rows
    (mean,) = to_figures(points[0].mean() / rows, *interval(scores.mean(1)))
    return to_figures(points[0] / rows, *interval(scores)), to_figures(values, *interval(skills)), mean
