"""Intervals of shares and of their differences, and tests of many of them.

A share's spread is its variance divided by ``share * (1 - share)``: one over the number of texts that would tell as
much if each were drawn and labelled by itself. Intervals are Wilson's, which hold for rare labels too, where the share
plus or minus two standard errors reaches below zero and covers too seldom (Brown, Cai & DasGupta, 2001).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
FALSE_DISCOVERIES = 0.05
"""The share of false ones that is allowed among the changes that are called found."""

HANDFUL = 4
"""Texts with a label up to which the lower end of its share is a Poisson count's."""


def quantile(level: float = LEVEL) -> float:
    """Return how many standard errors an interval of this level reaches to each side."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(share: npt.ArrayLike, spread: npt.ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the interval of shares: the values from which they are not too far, by those values' own standard errors.

    Args:
        share: from 0 to 1, [...].
        spread: one over the effective number of texts, [...]; 0 gives the share itself.
    """
    share = np.clip(np.asarray(share, np.float64), 0, 1)
    width = quantile(level) ** 2 * np.asarray(spread, np.float64)
    centre = (share + width / 2) / (1 + width)
    half = np.sqrt(share * (1 - share) * width + width**2 / 4) / (1 + width)
    return np.minimum(centre - half, rare(share, spread)), np.maximum(centre + half, 1 - rare(1 - share, spread))


def rare(share: Floats, spread: npt.ArrayLike) -> Floats:
    """Return the lower end that a share of a handful of texts needs: a Poisson count's (Brown, Cai & DasGupta, 2001).

    Wilson's own leaves out a true share of 3 in 1,000 as soon as one of 50 texts has the label.
    """
    one_sided = NormalDist().inv_cdf(LEVEL)
    count = np.divide(share, spread, out=np.full(np.shape(share), np.inf), where=(np.asarray(spread) * share) > 0)
    bound = np.maximum(1 - 1 / (9 * count) - one_sided / (3 * np.sqrt(count)), 0) ** 3  # Wilson & Hilferty, 1931
    return np.asarray(np.where(count <= HANDFUL, np.where(share > 0, share * bound, 0), share))


def within(low: Floats, high: Floats, widest: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return the intervals, those wider than ``widest`` drawn together towards the shares."""
    factor = np.minimum(1, widest / np.maximum(high - low, 1e-300))
    return share - (share - low) * factor, share + (high - share) * factor


def difference(
    share: Floats, interval: tuple[Floats, Floats], other: Floats, other_interval: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return the interval of ``share - other``, of two independent shares with intervals (Newcombe, 1998)."""
    low = share - other - np.hypot(share - interval[0], other_interval[1] - other)
    high = share - other + np.hypot(interval[1] - share, other - other_interval[0])
    return np.maximum(low, -1), np.minimum(high, 1)


def p_value(deviation: npt.ArrayLike) -> Floats:
    """Return how probable a deviation of at least so many standard errors is, where there is nothing."""
    return np.asarray(np.vectorize(math.erfc, otypes=[np.float64])(np.abs(np.asarray(deviation)) / math.sqrt(2)))


def adjusted(p_values: npt.ArrayLike) -> Floats:
    """Return the least share of false discoveries at which each test is one (Benjamini & Hochberg, 1995)."""
    given = np.asarray(p_values, np.float64)
    order = np.argsort(given)
    stepped = given[order] * len(given) / np.arange(1, len(given) + 1)
    result = np.empty_like(given)
    result[order] = np.minimum.accumulate(stepped[::-1])[::-1] if len(given) else stepped
    return np.minimum(result, 1)
