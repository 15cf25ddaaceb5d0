"""Words that drive each label: what they add to it, summed over explained texts of which there are never many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from goemotions.explaining.explanation import Explanation
from goemotions.reporting.words import FEWEST_TEXTS, Lexicon, words_of

FEWEST_EXPLAINED, ROWS_PER_TEXT = 20, 5_000
"""Texts of each label that are explained at least; of many rows one for so many, so that it costs little beside scoring
them."""
LONGEST_SIGN = 3  # characters


class Explainer(Protocol):
    """Interface of something that says what each word adds to each label."""

    @property
    def labels(self) -> Sequence[str]: ...

    def explain(self, texts: Iterable[str], labels: Iterable[str] | None = None) -> list[Explanation]: ...


@dataclass(frozen=True)
class Driver:
    """A word that adds to a label: ``effect`` in log odds, summed over the ``texts`` explained ones that have it."""

    word: str
    texts: int
    effect: float


@dataclass(frozen=True)
class Driven:
    """The words that drive a label, those that add most first, by ``explained`` texts that are given it."""

    explained: int
    words: Sequence[Driver]


def texts_per_label(rows: int) -> int:
    """Return how many texts of each label are explained at most."""
    return max(FEWEST_EXPLAINED, rows // ROWS_PER_TEXT)


def drivers(classifier: Explainer, drawn: Sequence[Sequence[str]], lexicon: Lexicon, most: int) -> dict[str, Driven]:
    """Return the words that drive each label.

    Args:
        drawn: texts of each label, all of which are explained.
        lexicon: of all texts; a word that fewer than five of them have is not shown.
        most: words of each label.
    """
    unique = list(dict.fromkeys(text for texts in drawn for text in texts))
    explained = dict(zip(unique, classifier.explain(unique), strict=True))
    return {
        label: Driven(len(texts), summed({text: explained[text] for text in texts}, label, lexicon)[:most])
        for label, texts in zip(classifier.labels, drawn, strict=True)
    }


def summed(explained: Mapping[str, Explanation], label: str, lexicon: Lexicon) -> list[Driver]:
    """Return the words of explained texts that add to a label in more than one of them, those that add most first."""
    effects: dict[str, list[float]] = {}
    for explanation in explained.values():
        here: dict[str, float] = {}
        for shown, effect in zip(explanation.words, explanation.effects[label], strict=True):
            for word in words_of(shown)[:1] or sign_of(shown):
                here[word] = here.get(word, 0.0) + effect
        for word, effect in here.items():
            effects.setdefault(word, []).append(effect)
    found = [
        Driver(word, len(added), sum(added))
        for word, added in effects.items()
        if len(added) > 1 and sum(added) > 0 and (sign_of(word) or lexicon.texts_with(word) >= FEWEST_TEXTS)
    ]
    return sorted(found, key=lambda driver: -driver.effect)


def sign_of(shown: str) -> list[str]:
    """Return signs such as ``!``, which tell nothing of a person however few texts have them; nothing for a word."""
    return [shown] if len(shown) <= LONGEST_SIGN and not any(map(str.isalnum, shown)) else []
