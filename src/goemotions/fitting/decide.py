"""From log odds to decisions: temperature, thresholds, and the base's own answer where rows are too few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.fitting.learner import Head, Learner, Rows
from goemotions.fitting.logistic import Floats
from goemotions.fitting.thresholds import expected_f1_thresholds
from goemotions.predictions import sigmoid

Bools = npt.NDArray[np.bool_]

LEAST_ROWS = 2
"""A label that the base knows keeps the base's answer below so many rows with it, or without it."""

PULL = 50.0
"""The pull of the temperature towards 1, as strong as that many rows whose log odds are 1 and whose labels are even."""


@dataclass(frozen=True)
class Decider:
    """A finished head.

    Attributes:
        thresholds: [labels], of probabilities; of a single-label model what its best label always reaches.
        single: each row has the most probable label alone.
        kept: [labels], where the base's own answer was kept.
    """

    head: Head
    thresholds: Floats
    single: bool
    kept: Bools

    def probabilities(self, features: Floats) -> Floats:
        """*Shape:* [n, width] -> [n, labels]."""
        return probabilities_of(self.head(features), self.single)

    def decide(self, probabilities: Floats) -> Bools:
        """*Shape:* [n, labels] twice."""
        if self.single:
            return np.asarray(probabilities.argmax(1)[:, None] == np.arange(probabilities.shape[1]))
        return np.asarray(probabilities >= self.thresholds)


def probabilities_of(scores: Floats, single: bool) -> Floats:
    """Return each label's own sigmoid, or of a single-label model the softmax. *Shape:* [n, labels] twice."""
    if not single:
        return sigmoid(scores)
    parts = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(parts / parts.sum(1, keepdims=True))


def finish(
    learner: Learner, rows: Rows, head: Head, temperature: float, base_thresholds: Floats, single: bool
) -> Decider:
    """Return a head as a decider, with thresholds from the rows it was fitted on.

    Args:
        base_thresholds: [labels], the base's own, for labels that it knows.
    """
    weights, bias = head.weights * temperature, head.bias * temperature
    count = len(bias)
    if single:
        return Decider(Head(weights, bias), np.full(count, one_in(count)), True, np.zeros(count, bool))
    positives = learner.targets[rows].sum(0)
    few = np.minimum(positives, len(rows) - positives) < LEAST_ROWS
    kept = np.array([group is not None for group in learner.groups]) & few
    base = learner.base_head(base_thresholds)
    weights[:, kept], bias[kept] = base.weights[:, kept], base.bias[kept]
    mixed = Head(weights, bias)
    found = expected_f1_thresholds(sigmoid(mixed(learner.features[rows])))
    return Decider(mixed, np.where(kept, base_thresholds, found), False, kept)


def one_in(count: int) -> float:
    """Return a number that the most probable of so many labels always reaches, to 4 decimals."""
    return int(10_000 / count) / 10_000


def fit_temperature(scores: Floats, targets: Floats, single: bool) -> float:
    """Return the factor by which log odds of rows left out say best what came. *Shape:* [reps, n, labels], [n, labels].

    One factor for all labels, drawn towards 1: of few rows no more can be learnt.
    """
    temperature = 1.0
    for _ in range(25):
        p = np.stack([probabilities_of(temperature * one, single) for one in scores])
        if single:
            mean = (p * scores).sum(2)
            curvature = ((p * scores**2).sum(2) - mean**2).sum()
        else:
            curvature = (p * (1 - p) * scores**2).sum()
        slope = ((p - targets) * scores).sum()
        reps = len(scores)
        step = (slope / reps + PULL * (temperature - 1)) / (curvature / reps + PULL)
        temperature = max(temperature - step, 0.1)
        if abs(step) < 1e-6:
            break
    return temperature
