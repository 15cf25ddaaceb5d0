"""Shares from a model's probabilities for all texts and people's labels for some: prediction-powered inference.

The share is what the labelled texts say, moved by how much the model finds more or less of the label in all texts than
in the labelled ones, times a factor λ that is tuned so that the result varies least (Angelopoulos et al.,
*Prediction-powered inference*, 2023, and PPI++). A good model makes intervals narrow; one that says nothing gets λ = 0,
and the labels stay alone. A wrong model makes no interval wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from goemotions.estimation.interval import LEVEL, Floats, quantile, wilson, within

PRIOR_POSITIVES = 2.0
"""Texts with the label, or without it, whichever are fewer, at which what they say of λ and of the strata counts half.

With one or two of them the model's errors cannot be told; chosen on development sets, benchmarks/estimate_coverage.py.
"""
MOST_GAIN = 0.98
"""The largest part of the labels' variance that a model can explain: none explains all of it."""


@dataclass(frozen=True)
class Moments:
    """Sums over the probabilities of some texts, which is all that is kept of texts without labels.

    Attributes:
        rows: the number of texts.
        sums: of each label's probabilities, [labels].
        squares: of their squares, [labels].
    """

    rows: int
    sums: Floats
    squares: Floats

    @property
    def mean(self) -> Floats:
        """Mean of each label's probability, [labels]."""
        return np.asarray(self.sums / max(self.rows, 1))

    @property
    def variance(self) -> Floats:
        """Variance of each label's probability, by the number of texts less one."""
        return np.maximum(self.squares - self.rows * self.mean**2, 0) / max(self.rows - 1, 1)

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.rows + other.rows, self.sums + other.sums, self.squares + other.squares)

    @classmethod
    def of(cls, probabilities: npt.ArrayLike) -> Moments:
        """Return the sums of [texts, labels]."""
        values = np.asarray(probabilities, np.float64)
        return cls(len(values), values.sum(0), (values**2).sum(0))


@dataclass(frozen=True)
class Sample:
    """Labelled texts, and how they were drawn.

    Attributes:
        truth: 1 where a text has a label, [n, labels].
        predicted: the model's probabilities, [n, labels].
        weights: the number of texts that each stands for, [n]; together all texts.
        strata: the part of the texts that each was drawn from, from 0, [n].
    """

    truth: Floats
    predicted: Floats
    weights: Floats
    strata: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.weights)

    @cached_property
    def members(self) -> Floats:
        """1 where a text is of a stratum, [strata, n]."""
        return np.asarray(self.strata == np.arange(self.strata.max(initial=-1) + 1)[:, None], np.float64)

    @cached_property
    def left(self) -> Floats:
        """Share not drawn of the texts that each stands for: nothing is uncertain where all were."""
        return np.maximum(1 - 1 / np.maximum(self.weights, 1), 0)

    def variance(self, parts: Floats) -> Floats:
        """Return the variance of the sums of what each text adds, drawn again from the strata. Shape [n, k] -> [k]."""
        drawn = self.members.sum(1)
        centre = self.members @ parts / np.maximum(drawn, 1)[:, None] * (drawn > 1)[:, None]
        scale = np.where(drawn > 1, drawn / np.maximum(drawn - 1, 1), 1)[self.strata] * self.left
        return np.asarray(scale @ (parts - centre[self.strata]) ** 2)


@dataclass(frozen=True)
class Shares:
    """Shares of all labels in some texts.

    Attributes:
        share: [labels].
        spread: one over the effective number of texts, [labels].
        alone: the share by the labels alone, and ``alone_spread`` its spread; of the model alone the same as above.
        factor: λ, what the model counts, [labels].
    """

    share: Floats
    spread: Floats
    alone: Floats
    alone_spread: Floats
    factor: Floats

    def interval(self, more: float = 0.0) -> tuple[Floats, Floats]:
        """Return the interval of each share, never wider than that of the labels alone; ``more`` widens the spread."""
        low, high = wilson(self.share, self.spread + more)
        labels_low, labels_high = wilson(self.alone, self.alone_spread + more)
        return within(low, high, labels_high - labels_low, self.share)


def tuned_factor(truth: Floats, predicted: Floats, weights: Floats, every: Moments, drawn: int) -> Floats:
    """Return λ of PPI++ for each label: by how much what is true rises with what is predicted, [labels].

    Args:
        every: of the texts that an estimate is of, the labelled ones among them.
        drawn: the number of labelled ones.
    """
    share = weights / weights.sum()
    together = share @ ((truth - share @ truth) * predicted)
    factor = together / np.maximum(every.variance, 1e-300)
    return np.asarray(np.clip(factor, 0, every.rows / max(every.rows - drawn, 1)))


def powered_shares(every: Moments, sample: Sample, inside: npt.NDArray[np.bool_]) -> Shares:
    """Return the shares in some texts, from those of their texts that people labelled.

    Args:
        every: of all these texts.
        sample: all labelled texts.
        inside: which of them are of these texts, [n]; at least one.
    """
    weights = sample.weights * inside
    total, drawn = weights.sum(), int(inside.sum())
    share = weights / total
    alone = share @ sample.truth
    effective, left = 1 / (share @ share), (share**2 @ sample.left) / (share @ share)
    rarer = fewer(share, sample.truth)
    trust = rarer / (rarer + PRIOR_POSITIVES)

    plain = sample.variance(share[:, None] * (sample.truth - alone))
    simple = alone * (1 - alone) * left / effective
    design = 1 + trust * (np.divide(plain, simple, out=np.ones_like(plain), where=simple > 0) - 1)
    spread = left / effective * design

    factor = tuned_factor(sample.truth, sample.predicted, weights, every, drawn)
    rest = sample.truth - factor * sample.predicted
    remaining = sample.variance(share[:, None] * (rest - share @ rest))
    gain = 1 - np.divide(remaining, plain, out=np.ones_like(plain), where=plain > 0)
    gain = trust * np.clip(gain, 0, MOST_GAIN)
    factor = trust * factor * (gain > 0)
    moved = alone + factor * (every.mean - share @ sample.predicted)
    return Shares(np.clip(moved, 0, 1), spread * (1 - gain), alone, spread, factor)


@dataclass(frozen=True)
class PoweredMean:
    """A prediction-powered mean with its interval and λ."""

    mean: float
    low: float
    high: float
    factor: float


def prediction_powered_mean(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    others: npt.ArrayLike,
    factor: float | None = None,
    level: float = LEVEL,
) -> PoweredMean:
    """Return the mean of any quantity by PPI++, as ``ppi_py.ppi_mean_ci`` gives it, for arrays of your own.

    Its interval is of what all rows were drawn from, and rests on the normal distribution: for shares of a table, rare
    labels and groups there is :func:`goemotions.estimation.estimate`.

    Args:
        truth: of the labelled rows, [n].
        predicted: for the same rows, [n].
        others: predicted for rows without labels, [m].
        factor: λ; None to tune it.

    Raises:
        ValueError: arrays that do not fit each other, or fewer than two rows.
    """
    known, model, rest = (np.asarray(values, np.float64) for values in (truth, predicted, others))
    if known.shape != model.shape or known.ndim != 1 or rest.ndim != 1 or min(len(known), len(rest)) < 2:
        raise ValueError(
            f"expected truth [n], predicted [n] and others [m], of at least two rows, got {list(known.shape)}, "
            f"{list(model.shape)} and {list(rest.shape)}"
        )
    if factor is None:
        every = Moments.of(np.concatenate([model, rest])[:, None])
        tuned = tuned_factor(known[:, None], model[:, None], np.ones(len(known)), every, len(known))
        factor = float(tuned[0]) * len(rest) / every.rows
    mean = float(factor * rest.mean() + (known - factor * model).mean())
    error = np.sqrt((factor * rest).var() / len(rest) + (known - factor * model).var() / len(known))
    half = quantile(level) * float(error)
    return PoweredMean(mean, mean - half, mean + half, factor)


def fewer(share: Floats, truth: Floats) -> Floats:
    """Return the effective number of texts with each label or without it, whichever are fewer, [labels]."""

    def count(flags: Floats) -> Floats:
        return (share @ flags) ** 2 / np.maximum(share**2 @ flags, 1e-300)

    return np.minimum(count(truth), count(1 - truth))


def model_shares(every: Moments, comparing: bool = False) -> Shares:
    """Return the mean probabilities of some texts as their shares: right where the model's probabilities are.

    Args:
        comparing: for differences and trends, in which only what varies between texts of one source counts. A share
            itself is as uncertain as if people had labelled every text.
    """
    share = every.mean
    spread = np.full(len(share), 1 / max(every.rows, 1))
    if comparing:
        spread *= np.divide(every.variance, share * (1 - share), out=np.ones_like(share), where=share * (1 - share) > 0)
    return Shares(share, spread, share, spread, np.ones_like(share))
