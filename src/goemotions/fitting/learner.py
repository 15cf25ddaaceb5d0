"""Heads on a base's features: for some rows, at several strengths and shares of the base's own answer at once.

A label that the base knows starts from its answer: a share of the base's log odds is given, and what the rows say is
added to it. How large the share and how strong the pull towards nothing else (the L2 strength) is best for rows left
out; the heads of all candidates are averaged by how well they do there, for of few rows none is clearly the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.architectures.fitted import head_features
from goemotions.architectures.prepared import Features
from goemotions.fitting.logistic import Floats, find_axes, fit_logistic
from goemotions.fitting.thresholds import log_odds

Targets = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

LOGITS_SCALE = 0.5
"""Length of the base's logits among the features, beside states of length 1."""

TOLERANCE = 1e-3  # of the gradient: log odds differ by less than 0.01 from those of the exact minimum


@dataclass(frozen=True)
class Candidate:
    """A way to fit a head.

    Attributes:
        share: of the base's log odds, for labels that it knows.
        strength: of the L2 penalty on weights of features of length 1.
    """

    share: float
    strength: float


CANDIDATES = tuple(
    [Candidate(0.4, strength) for strength in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)]
    + [Candidate(share, 0.8) for share in (0.2, 0.7, 1.0)]
)
"""Chosen on the train part of BRIGHTER's English rows and on GoEmotions' dev (``docs/experiments.md``)."""

NOTHING_LEARNT = 1e6
"""A strength at which no feature has a weight."""
THRESHOLDS_ALONE = tuple(Candidate(share, NOTHING_LEARNT) for share in (0.2, 0.4, 0.7, 1.0))
"""Nothing but a share of the base's log odds and an intercept: for rows too few for more."""


@dataclass(frozen=True)
class Head:
    """A linear layer on :func:`goemotions.architectures.fitted.head_features`: [width, labels] and [labels]."""

    weights: Floats
    bias: Floats

    def __call__(self, features: Floats) -> Floats:
        """Return log odds. *Shape:* [n, width] -> [n, labels]."""
        return np.asarray(features @ self.weights + self.bias)


class Learner:
    """Rows to fit heads on."""

    def __init__(self, features: Features, shifts: Floats, groups: Sequence[int | None], targets: Targets) -> None:
        """
        Args:
            features: of n rows.
            shifts: [groups, base labels], of the pooled features.
            groups: of each label, the pooled feature that is the base's answer to it; None where it has none.
            targets: [n, labels].
        """
        self.features = head_features(features, shifts)
        self.targets = targets.astype(np.float64)
        self.groups = groups
        self.width = features.states.shape[1]
        self._plain = self.width + features.logits.shape[1]
        self.known = any(group is not None for group in groups)

    def candidates(self) -> tuple[Candidate, ...]:
        """Return the candidates that differ: without an answer of the base, shares make no difference."""
        return CANDIDATES if self.known else tuple(one for one in CANDIDATES if one.share == CANDIDATES[0].share)

    def heads(self, rows: Rows, candidates: Sequence[Candidate], tolerance: float = TOLERANCE) -> list[Head]:
        """Return the head of each candidate, fitted on some of the rows."""
        scale, mean = self._scale(rows)
        labels = self.targets.shape[1]
        answers = self._answers()
        shares = np.repeat([one.share for one in candidates], labels)
        strengths = np.repeat([one.strength for one in candidates], labels)
        found = fit_logistic(
            find_axes((self.features[rows, : self._plain] - mean) * scale),
            np.tile(self.targets[rows], len(candidates)),
            strengths,
            np.tile(answers[rows], len(candidates)) * shares,
            tolerance,
        )
        weights = np.zeros((self.features.shape[1], labels * len(candidates)))
        weights[: self._plain] = found.weights * scale[:, None]
        bias = found.intercepts - mean @ weights[: self._plain]
        for column in range(weights.shape[1]):
            group = self.groups[column % labels]
            if group is not None:
                weights[self._plain + group, column] = shares[column]
        parts = np.split(weights, len(candidates), axis=1)
        return [Head(*pair) for pair in zip(parts, np.split(bias, len(candidates)), strict=True)]

    def base_head(self, thresholds: Floats) -> Head:
        """Return the head that gives the base's answer, and the threshold itself for labels that it does not know.

        Args:
            thresholds: [labels], of the base's answer: its features are distances from them, in log odds.
        """
        weights = np.zeros((self.features.shape[1], len(self.groups)))
        for column, group in enumerate(self.groups):
            if group is not None:
                weights[self._plain + group, column] = 1
        return Head(weights, log_odds(thresholds))

    def _answers(self) -> Floats:
        """Return the base's answer to each label, 0 where it has none. *Shape:* [n, labels]."""
        nothing = np.zeros(len(self.features))
        columns = [nothing if group is None else self.features[:, self._plain + group] for group in self.groups]
        return np.stack(columns, axis=1)

    def _scale(self, rows: Rows) -> tuple[Floats, Floats]:
        """Return factors and means by which states have the mean square length 1 and logits :data:`LOGITS_SCALE`."""
        chosen = self.features[rows, : self._plain]
        mean = chosen.mean(0)
        squares = ((chosen - mean) ** 2).mean(0)
        scale = np.empty(self._plain)
        for part, length in ((slice(0, self.width), 1.0), (slice(self.width, self._plain), LOGITS_SCALE)):
            scale[part] = length / np.sqrt(max(float(squares[part].sum()), 1e-12))
        return scale, mean


def average(heads: Sequence[Head], weights: Floats) -> Head:
    """Return the weighted mean of heads; their log odds are averaged, for they are linear."""
    pairs = list(zip(heads, weights, strict=True))
    weighted = [(head.weights * weight, head.bias * weight) for head, weight in pairs]
    return Head(np.sum([one for one, _ in weighted], axis=0), np.sum([one for _, one in weighted], axis=0))
