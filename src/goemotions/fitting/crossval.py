"""Cross-validation: repeated, stratified, with rows of nearly the same text on one side, the same for the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.fitting.decide import Bools, Decider, finish, fit_temperature
from goemotions.fitting.learner import Candidate, Head, Learner, Rows, average
from goemotions.fitting.logistic import Floats
from goemotions.fitting.thresholds import log_odds

FOLDS = 5
ROWS_IN_ALL, MOST_REPEATS = 300, 10
"""So many rows are left out in all, in at most so many repeats: figures of few rows need more of them."""


@dataclass(frozen=True)
class Fold:
    """A part of the rows and the rest, by number."""

    train: Rows
    test: Rows


@dataclass(frozen=True)
class Choice:
    """A way to make heads: candidates with their shares in the average, and one factor on log odds."""

    candidates: tuple[Candidate, ...]
    shares: Floats
    temperature: float

    def fit(self, learner: Learner, rows: Rows, base_thresholds: Floats, single: bool) -> Decider:
        """Return what is learnt from some of the rows."""
        used = self.shares > 0
        candidates = [one for one, use in zip(self.candidates, used, strict=True) if use]
        head = average(learner.heads(rows, candidates), self.shares[used])
        return finish(learner, rows, head, self.temperature, base_thresholds, single)


@dataclass(frozen=True)
class CrossValidated:
    """The answers of heads to rows that they were not fitted on.

    Attributes:
        choice: of the candidates, by these rows.
        probabilities: [repeats, n, labels].
        decisions: bool [repeats, n, labels].
        threshold_spread: [labels], the standard error of a threshold's log odds, by the jackknife over folds.
    """

    choice: Choice
    probabilities: Floats
    decisions: Bools
    threshold_spread: Floats


def cross_validate(
    learner: Learner,
    groups: npt.NDArray[np.int64],
    base_thresholds: Floats,
    single: bool,
    seed: int,
    candidates: Sequence[Candidate],
    advance: Callable[[float], None],
) -> CrossValidated:
    """Choose among candidates by the log loss of rows left out, and measure what was chosen.

    Args:
        groups: [n], equal for rows of nearly the same text.
        advance: told the share of the work that is done.
    """
    repeats = [list(folds(learner.targets, groups, seed + r)) for r in range(repeats_for(len(groups)))]
    made: list[list[list[Head]]] = []
    done = 0
    for repeat in repeats:
        made.append([])
        for fold in repeat:
            made[-1].append(learner.heads(fold.train, candidates))
            done += 1
            advance(done / (len(repeats) * len(repeat)))
    scores = np.zeros((len(repeats), len(candidates), *learner.targets.shape))
    for number, repeat in enumerate(repeats):
        for fold, heads in zip(repeat, made[number], strict=True):
            for place, head in enumerate(heads):
                scores[number, place, fold.test] = head(learner.features[fold.test])
    shares = shares_of(scores, learner.targets)
    chosen = np.einsum("c,rcnl->rnl", shares, scores)
    choice = Choice(tuple(candidates), shares, fit_temperature(chosen, learner.targets, single))
    return _measure(learner, repeats, made, choice, base_thresholds, single)


def shares_of(scores: Floats, targets: Floats) -> Floats:
    """Return each candidate's share: exp(-its log loss over all rows, per label). *Shape:* [candidates]."""
    losses = (np.logaddexp(0, scores) - targets * scores).sum((0, 2, 3)) / (len(scores) * targets.shape[1])
    shares = np.exp(losses.min() - losses)
    shares[shares < shares.max() / 100] = 0
    return np.asarray(shares / shares.sum())


def _measure(
    learner: Learner,
    repeats: list[list[Fold]],
    made: list[list[list[Head]]],
    choice: Choice,
    base_thresholds: Floats,
    single: bool,
) -> CrossValidated:
    """Return the answers of the chosen average; ``made`` are the heads by repeat, fold and candidate."""
    shape = (len(repeats), *learner.targets.shape)
    probabilities, decisions = np.zeros(shape), np.zeros(shape, bool)
    variances = []
    for number, repeat in enumerate(repeats):
        found = []
        for fold, heads in zip(repeat, made[number], strict=True):
            head = average(heads, choice.shares)
            decider = finish(learner, fold.train, head, choice.temperature, base_thresholds, single)
            probabilities[number, fold.test] = decider.probabilities(learner.features[fold.test])
            decisions[number, fold.test] = decider.decide(probabilities[number, fold.test])
            found.append(log_odds(decider.thresholds))
        variances.append(np.var(found, axis=0) * (len(repeat) - 1))
    return CrossValidated(choice, probabilities, decisions, np.sqrt(np.mean(variances, axis=0)))


def repeats_for(rows: int) -> int:
    """Return how often all rows are split into folds."""
    return max(1, min(MOST_REPEATS, ROWS_IN_ALL // rows))


def folds(targets: Floats, groups: npt.NDArray[np.int64], seed: int) -> Iterator[Fold]:
    """Yield folds with like shares of each label; a group of rows is never cut."""
    generator = np.random.default_rng(seed)
    firsts = np.unique(groups, return_index=True)[1]
    chosen = targets[firsts]
    # Dealt out like cards, sorted by the rarest label, then by the next (the last key counts most), then in any order.
    common_first = np.argsort(-chosen.sum(0), kind="stable")
    order = np.lexsort([generator.random(len(firsts)), *(chosen[:, label] for label in common_first)])
    count = min(FOLDS, len(firsts))
    places = np.empty(len(firsts), np.int64)
    places[order] = (np.arange(len(firsts)) + generator.integers(count)) % count
    of_row = places[np.searchsorted(groups[firsts], groups)]
    for fold in range(count):
        yield Fold(np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold))
