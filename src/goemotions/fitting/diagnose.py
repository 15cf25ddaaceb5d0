"""Look at the rows themselves: a learning curve, rows that look mislabelled, rows that are nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from goemotions.fitting.crossval import FOLDS, Choice, CrossValidated
from goemotions.fitting.learner import Learner
from goemotions.fitting.logistic import Floats
from goemotions.fitting.report import CurvePoint, Suspect
from goemotions.fitting.rows import LabelledRows

DRAWS = 4
LEAST_ON_CURVE = 8
SUSPICIOUS = 0.1
"""A row is suspicious if what it says of a label is less probable than this share of how probable it is on average."""
MOST_SHOWN = 5


def learning_curve(
    learner: Learner, choice: Choice, base_thresholds: Floats, single: bool, reached: float, seed: int
) -> tuple[tuple[CurvePoint, ...], float | None]:
    """Return macro F1 by number of rows, and what twice as many would add, along a line in their logarithm.

    No more than what is left up to 1.

    Args:
        reached: macro F1 of the cross-validation.
    """
    rows = len(learner.targets)
    generator = np.random.default_rng(seed)
    points = []
    for size in (rows // 4, rows // 2):
        if size >= LEAST_ON_CURVE:
            values = [_draw(learner, choice, base_thresholds, single, size, generator) for _ in range(DRAWS)]
            points.append(CurvePoint(size, round(float(np.mean(values)), 6)))
    points.append(CurvePoint(rows * (FOLDS - 1) // FOLDS, reached))
    if len(points) < 3:
        return tuple(points), None
    x, y = np.log2([point.rows for point in points]), [point.macro_f1 for point in points]
    return tuple(points), round(min(max(float(np.polyfit(x, y, 1)[0]), 0.0), 1 - reached), 6)


def gain_of_the_rest(doubling: float | None) -> float:
    """Return what all rows add to macro F1 beside what a cross-validation fits on, four fifths, along the same line."""
    return (doubling or 0.0) * float(np.log2(FOLDS / (FOLDS - 1)))


def _draw(
    learner: Learner,
    choice: Choice,
    base_thresholds: Floats,
    single: bool,
    size: int,
    generator: np.random.Generator,
) -> float:
    """Return macro F1 of a model of some rows, drawn at random, on the others."""
    order = generator.permutation(len(learner.targets))
    decider = choice.fit(learner, order[:size], base_thresholds, single)
    truth = learner.targets[order[size:]] > 0
    made = decider.decide(decider.probabilities(learner.features[order[size:]]))
    whole = made.sum(0) + truth.sum(0)
    f1 = 2 * (made & truth).sum(0) / np.maximum(whole, 1)
    return float(f1[truth.any(0)].mean()) if truth.any() else 0.0


def find_suspects(rows: LabelledRows, found: CrossValidated) -> tuple[Suspect, ...]:
    """Return the rows whose labels the other rows contradict most, compared with how often that happens by chance."""
    probabilities = found.probabilities.mean(0)
    given = rows.targets > 0
    against = np.where(given, probabilities, 1 - probabilities)
    # A rare label is improbable everywhere: what counts is how much less probable than it is on average.
    rate = np.where(given, rows.targets.mean(0), 1 - rows.targets.mean(0))
    doubt = against / np.maximum(rate, 1e-9)
    least = doubt.min(1)
    # Where each text has one label, a wrong one is what it has and lacks the right one: named by what it has.
    labels = rows.targets.argmax(1) if rows.single else doubt.argmin(1)
    order = [row for row in np.argsort(least, kind="stable")[:MOST_SHOWN] if least[row] < SUSPICIOUS]
    return tuple(
        Suspect(rows.ids[row], rows.labels[label], bool(given[row, label]), round(float(probabilities[row, label]), 4))
        for row, label in zip(order, labels[order], strict=True)
    )


def find_doubled(ids: Sequence[str], groups: npt.NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    """Return the first few groups of rows of nearly the same text."""
    numbers, counts = np.unique(groups, return_counts=True)
    chosen = numbers[counts > 1][:MOST_SHOWN]
    return tuple(tuple(ids[row] for row in np.flatnonzero(groups == number)[:MOST_SHOWN]) for number in chosen)
