"""The model behind a labelling: fitted on the answers so far, it says how good it is and which texts come next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.architectures.fitted import head_features
from goemotions.architectures.prepared import Features
from goemotions.classifier import EmotionClassifier
from goemotions.data.duplicates import duplicate_groups
from goemotions.evaluation.figures import Figure
from goemotions.evaluation.label_groups import read_label_map
from goemotions.fitting.base import Answers, answers_to, features_of
from goemotions.fitting.crossval import cross_validate
from goemotions.fitting.decide import Decider
from goemotions.fitting.figures import for_all_rows, measure
from goemotions.fitting.learner import Candidate, Learner
from goemotions.fitting.logistic import Floats
from goemotions.labelling.choosing import Pool

LEAST_ANSWERS = 8
LEAST_ASIDE = 5
"""Fewer answers than these give no figure: its interval would say nothing."""

MUCH_WORK, TOO_MUCH = 2_500, 6_000
"""Answers times labels from which fewer strengths are tried, so that a fit takes less than a second."""
FEWER = tuple(Candidate(0.4, strength) for strength in (0.2, 0.8, 3.2))
ONE = (Candidate(0.4, 0.8),)


@dataclass(frozen=True)
class Found:
    """A model of some answers, and its figures.

    Attributes:
        left_out: macro F1 by cross-validation; None where the answers are too few.
        aside: macro F1 on answers set aside; None where they are too few.
        labels: F1 of each label, by cross-validation.
    """

    decider: Decider
    left_out: Figure
    aside: Figure | None
    labels: tuple[Figure, ...]


class Guide:
    """Fits models on a base's features of all the texts."""

    def __init__(
        self, texts: Sequence[str], features: Features, answers: Answers, shifts: Floats, single: bool
    ) -> None:
        self.pool = Pool(features.states)
        self._texts = texts
        self._features = features
        self._answers = answers
        self._shifts = shifts
        self._single = single
        self._read = head_features(features, shifts)

    def fit(
        self, places: Sequence[int], targets: npt.NDArray[np.uint8], aside: Sequence[bool], seed: int
    ) -> Found | None:
        """Return a model of some answers; None if they are too few.

        Args:
            places: of the texts that were answered.
            targets: [n, labels].
            aside: of each, whether it is only measured on.
        """
        rows, apart = np.array(places, np.int64), np.array(aside, bool)
        chosen, held = rows[~apart], rows[apart]
        if len(chosen) < LEAST_ANSWERS:
            return None
        features = Features(self._features.logits[chosen], self._features.states[chosen])
        learner = Learner(features, self._shifts, self._answers.groups, targets[~apart])
        alike = duplicate_groups([self._texts[place] for place in chosen])
        cuts = self._answers.thresholds
        tried = candidates(learner)
        found = cross_validate(learner, alike, cuts, self._single, seed, tried, _ignore)
        measured = measure(found.probabilities, found.decisions, learner.targets, seed)
        decider = found.choice.fit(learner, np.arange(len(chosen)), cuts, self._single)
        beside: Figure | None = None
        if len(held) >= LEAST_ASIDE:
            made = self.probabilities(decider, held)
            truth = targets[apart].astype(np.float64)
            beside = measure(made[None], decider.decide(made)[None], truth, seed).macro_f1
        left_out = for_all_rows(measured.macro_f1, 0.0)  # a learning curve would take too long between two texts
        return Found(decider, left_out, beside, measured.f1)

    def probabilities(self, decider: Decider, places: npt.NDArray[np.int64]) -> Floats:
        """*Shape:* [n] -> [n, labels]."""
        return decider.probabilities(self._read[places])


def candidates(learner: Learner) -> tuple[Candidate, ...]:
    """Return as many ways to fit a head as there is time for."""
    work = learner.targets.size
    if work > TOO_MUCH:
        return ONE
    if work > MUCH_WORK:
        return FEWER
    return learner.candidates()


def make_guide(
    base: EmotionClassifier,
    texts: Sequence[str],
    labels: Sequence[str],
    label_map: str | None,
    single: bool,
    advance: Callable[[float], None],
) -> Guide:
    """Return a guide; ``advance`` is told which share of the texts has been read.

    Raises:
        DataError: a label map that is for other labels.
        ModelError: a base without states.
    """
    groups: Mapping[str, Sequence[str]] = read_label_map(label_map, base.labels).groups if label_map else {}
    answers = answers_to(base, labels, groups)
    features = features_of(base, texts, advance)
    return Guide(texts, features, answers, answers.shifts(base), single)


def _ignore(share: float) -> None:
    """Pass over progress."""
