"""Differences between groups and trends over time, with intervals, and which of many are more than chance.

A share is of the texts at hand; a change is of what they come from: its interval also holds the chance by which other
texts of the same source would have differed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.estimation.interval import FALSE_DISCOVERIES, Floats, adjusted, difference, p_value, quantile
from goemotions.estimation.powered import Moments, Sample, Shares

FEWEST_TIMES = 3


@dataclass(frozen=True)
class Change:
    """A difference or a trend of one label.

    Attributes:
        kind: ``difference``, of a group's share and that of all other texts; or ``trend``, the rise per period.
        label: of the model, or of the label map.
        group: None for a trend of all texts.
        change: of the share: 0.01 is one point.
        low, high: the 95 % interval.
        p: how probable a change this large is by chance.
        q: the same beside the others: the least share of false discoveries at which it is one.
        found: whether it is called more than chance, with 5 % of false discoveries.
    """

    kind: str
    label: str
    group: str | None
    change: float
    low: float
    high: float
    p: float
    q: float
    found: bool


@dataclass(frozen=True)
class Tested:
    """Changes of all labels, each with its interval and p, [labels]."""

    change: Floats
    low: Floats
    high: Floats
    p: Floats


def smoothed(shares: Shares, more: float) -> Floats:
    """Return the shares as half a text more with each label and half a one without leave them: never 0, never 1."""
    texts = 1 / np.maximum(shares.spread + more, 1e-12)
    return np.asarray((shares.share * texts + 0.5) / (texts + 1))


def compare(one: Shares, other: Shares, one_more: float = 0.0, other_more: float = 0.0) -> Tested:
    """Return the differences of the shares of two sets of texts, those of ``one`` less those of ``other``.

    Args:
        one_more, other_more: added to the spreads: one over the number of texts.
    """
    low, high = difference(one.share, one.interval(one_more), other.share, other.interval(other_more))
    first, second = 1 / np.maximum(one.spread + one_more, 1e-12), 1 / np.maximum(other.spread + other_more, 1e-12)
    common = (first * smoothed(one, one_more) + second * smoothed(other, other_more)) / (first + second)
    error = np.sqrt(common * (1 - common) * (1 / first + 1 / second))
    change = one.share - other.share
    return Tested(change, low, high, p_value(change / error))


def trend(
    cells: Mapping[int, Moments],
    shares: Shares,
    sample: Sample | None = None,
    times: npt.NDArray[np.int_] | None = None,
    inside: npt.NDArray[np.bool_] | None = None,
) -> Tested | None:
    """Return the rise of every label per period: the slope of a line through all texts.

    Args:
        cells: the sums of the texts of each time.
        shares: in all of these texts.
        sample, times, inside: the labelled texts, when each was written, and which of them are of these.

    Returns:
        None where times, or those of the labelled texts, are fewer than three.
    """
    rows = np.array([cell.rows for cell in cells.values()], np.float64)
    when = np.array(list(cells), np.float64)
    centred = when - rows @ when / rows.sum()
    width = rows @ centred**2
    if len(cells) < FEWEST_TIMES or width == 0:
        return None
    slope = centred @ np.array([cell.sums for cell in cells.values()]) / width
    share = smoothed(shares, 1 / rows.sum())
    if sample is None or times is None or inside is None:
        return tested(slope, share * (1 - share) * shares.spread * rows.sum() / width)
    if len(set(times[inside])) < FEWEST_TIMES:
        return None
    weights = sample.weights * inside
    weights = weights / weights.sum()
    around = times - weights @ times
    spread = weights @ around**2
    rest = sample.truth - shares.factor * sample.predicted
    drawn = inside.sum()
    unequal = (weights**2 @ around**2) / (weights @ weights) / spread**2 * drawn / (drawn - 2)
    variance = share * (1 - share) * (shares.spread * unequal + 1 / width)
    return tested(shares.factor * slope + (weights * around) @ rest / spread, variance)


def tested(change: Floats, variance: Floats) -> Tested:
    """Return changes with intervals and tests from their variances."""
    error = np.sqrt(variance)
    half = quantile() * error
    return Tested(change, change - half, change + half, p_value(change / np.maximum(error, 1e-300)))


def sift(kind: str, labels: Sequence[str], found: Mapping[str | None, Tested]) -> list[Change]:
    """Return the changes of all groups, with those marked that are more than chance among all of these."""
    every = adjusted(np.concatenate([test.p for test in found.values()])) if found else np.zeros(0)
    ordered = every.reshape(len(found), len(labels))
    return [
        Change(
            kind,
            label,
            group,
            float(test.change[i]),
            float(test.low[i]),
            float(test.high[i]),
            float(test.p[i]),
            float(ordered[number, i]),
            bool(ordered[number, i] <= FALSE_DISCOVERIES),
        )
        for number, (group, test) in enumerate(found.items())
        for i, label in enumerate(labels)
    ]
