"""Distance of texts from those that a model learnt from: where it is large, its probabilities are no shares.

It is that of the mean states, in standard deviations of the training texts' states, as a root mean square over the
states' numbers. What texts of the same kind have is known from draws of the official test.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from goemotions.checkpoint import fingerprint
from goemotions.classifier import EmotionClassifier
from goemotions.estimation.interval import Floats
from goemotions.records import from_json, to_json

DRAWN_TEXTS = 500
"""Texts that are drawn of those that are estimated."""
FILE = "familiar.json"
DRAWS = 500


@dataclass(frozen=True)
class FamiliarTexts:
    """Texts like those that a model learnt from.

    Attributes:
        fingerprint: of the model.
        usual: the distance of as many test texts as are drawn, the median over draws; ``most`` the largest.
        mean, deviation: of the training texts' states.
    """

    fingerprint: str
    usual: float
    most: float
    mean: Sequence[float]
    deviation: Sequence[float]


@dataclass(frozen=True)
class Distance:
    """The distance of some texts from those that the model learnt from, and the usual and largest of its test's."""

    distance: float
    usual: float
    most: float

    @property
    def far(self) -> bool:
        """Return whether the texts are of another kind."""
        return self.distance > self.most

    def sentence(self) -> str:
        """Return what this means for shares."""
        beside = f"{self.distance:.2f}, where texts of its test have {self.usual:.2f} and never over {self.most:.2f}"
        if self.far:
            return (
                f"these texts are unlike those that the model learnt from (distance {beside}): the shares may be far "
                "off, label some rows"
            )
        return f"these texts are like those that the model learnt from (distance {beside})"


def distance_of(
    texts: Sequence[str], classifier: EmotionClassifier, familiar: FamiliarTexts | None = None
) -> Distance | None:
    """Return how far texts are from those that a model learnt from; None for a model of which that is not known.

    Args:
        texts: drawn by chance, :data:`DRAWN_TEXTS` at most.
        familiar: what is known of the model; None for what is shipped.
    """
    known = familiar or shipped_familiar(classifier)
    if known is None or not texts:
        return None
    states = classifier.states(texts).astype(np.float64)
    few = float(np.sqrt(max(DRAWN_TEXTS / len(states), 1)))  # the mean of fewer texts varies more
    return Distance(apart(states, known), known.usual * few, known.most * few)


def apart(states: Floats, familiar: FamiliarTexts) -> float:
    """Return the distance of the mean of some states."""
    shift = (states.mean(0) - np.asarray(familiar.mean)) / np.asarray(familiar.deviation)
    return float(np.sqrt((shift**2).mean()))


def shipped_familiar(classifier: EmotionClassifier) -> FamiliarTexts | None:
    """Return what is known of a model; None if nothing, or only of another of this name."""
    text = resources.files("goemotions.estimation").joinpath(FILE).read_text(encoding="utf-8")
    found = json.loads(text).get(classifier.config.name)
    familiar = from_json(FamiliarTexts, found) if found else None
    mark = fingerprint(classifier.directory, classifier.config)
    return familiar if familiar and familiar.fingerprint == mark else None


def measure_familiar(classifier: EmotionClassifier, train: Sequence[str], test: Sequence[str]) -> FamiliarTexts:
    """Return what is to be known of a model, from texts that it learnt from and others of the same kind."""
    states = classifier.states(train).astype(np.float64)
    mark = fingerprint(classifier.directory, classifier.config)
    mean, deviation = np.round(states.mean(0), 5).tolist(), np.round(np.maximum(states.std(0), 1e-4), 5).tolist()
    familiar = FamiliarTexts(mark, 0.0, 0.0, mean, deviation)
    others, generator = classifier.states(test).astype(np.float64), np.random.default_rng(0)
    size = min(DRAWN_TEXTS, len(others))
    drawn = [apart(others[generator.choice(len(others), size)], familiar) for _ in range(DRAWS)]
    return FamiliarTexts(mark, round(float(np.median(drawn)), 4), round(max(drawn), 4), mean, deviation)


def familiar_text(familiar: dict[str, FamiliarTexts]) -> str:
    """Return the content of the shipped file."""
    return json.dumps(to_json(familiar), separators=(",", ":")) + "\n"
