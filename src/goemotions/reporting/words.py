"""Words that tell a label's texts from others, from counts of a bounded number of words.

A word's weight is its log odds in texts with the label less those in other texts, with the words of all texts as a
prior, divided by its standard error: the method of Monroe, Colaresi & Quinn (*Fightin' words*, 2008). A text has a
label as far as the model says so: its probability is counted, not a decision.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.estimation.interval import Floats

WORD = re.compile(r"[^\W\d_][\w'\u2019]*[^\W_]|[\u3040-\u9fff]|[\U0001F300-\U0001FAFF\u2600-\u27BF]")
MASK = re.compile(r"\[[A-Z]{2,}\]")
MOST_WORDS = 40_000
"""Words that are counted at a time; when there are more, those seen least are forgotten."""
FEWEST_TEXTS = 5
PRIOR_WORDS = 500.0
"""The prior counts as much as so many words."""
SURE = 1.96
Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Word:
    """A word that is more frequent in some texts than in others.

    Attributes:
        texts: with it.
        log_odds: by how much it is more frequent there.
        z: the same in standard errors.
    """

    word: str
    texts: int
    log_odds: float
    z: float


class Lexicon:
    """Counts texts with each word, and how much of each label these have; memory does not grow with the texts."""

    def __init__(self, labels: int, most: int = MOST_WORDS) -> None:
        self._most = most
        self._places: dict[str, int] = {}
        self._texts: Counts = np.zeros(1024)
        self._soft: Counts = np.zeros((1024, labels))

    def add(self, texts: Sequence[str], probabilities: Floats) -> None:
        """Count some texts; a word counts once per text."""
        places: list[int] = []
        rows: list[int] = []
        for row, text in enumerate(texts):
            found = {self._places.setdefault(word, len(self._places)) for word in set(words_of(text))}
            places += found
            rows += [row] * len(found)
        if not places:
            return
        self._make_room()
        order = np.argsort(places, kind="stable")
        sorted_places = np.array(places)[order]
        starts = np.flatnonzero(np.append(True, np.diff(sorted_places) != 0))
        seen = sorted_places[starts]
        self._texts[seen] += np.diff(np.append(starts, len(places)))
        self._soft[seen] += np.add.reduceat(probabilities[np.array(rows)[order]], starts, axis=0)
        if len(self._places) > self._most:
            self._forget()

    def _make_room(self) -> None:
        while len(self._texts) < len(self._places):
            self._texts = np.concatenate([self._texts, np.zeros_like(self._texts)])
            self._soft = np.concatenate([self._soft, np.zeros_like(self._soft)])

    def _forget(self) -> None:
        """Keep the half of the words that most texts have."""
        ordered = sorted(self._places.items(), key=lambda item: -self._texts[item[1]])[: self._most // 2]
        kept = np.array([place for _, place in ordered])
        self._places = {word: place for place, (word, _) in enumerate(ordered)}
        size = len(self._texts)
        self._texts = np.concatenate([self._texts[kept], np.zeros(size - len(kept))])
        self._soft = np.concatenate([self._soft[kept], np.zeros((size - len(kept), self._soft.shape[1]))])

    def texts_with(self, word: str) -> int:
        """Return the number of texts with a word, as far as it is counted."""
        place = self._places.get(word)
        return 0 if place is None else int(self._texts[place])

    def telling(self, number: int) -> list[list[Word]]:
        """Return the words of each label that tell most, at most so many, those with the highest z first."""
        texts, soft = self._counted(list(self._places))
        return telling(list(self._places), texts, soft, texts[:, None] - soft, number)

    def telling_part(self, part: Lexicon, number: int) -> list[list[Word]]:
        """Return the words that tell a label's texts in a part of these texts from its other texts, as `telling`."""
        names = [word for word in part._places if word in self._places]
        texts, mine = part._counted(names)
        return telling(names, texts, mine, np.maximum(self._counted(names)[1] - mine, 0), number)

    def _counted(self, names: Sequence[str]) -> tuple[Counts, Counts]:
        """Return the texts with each word, and how much of each label these have."""
        places = np.array([self._places[name] for name in names], dtype=np.int64)
        return self._texts[places], self._soft[places]


def telling(names: Sequence[str], texts: Counts, these: Counts, others: Counts, number: int) -> list[list[Word]]:
    """Return the words by which one kind of texts is told from others, for each label.

    Args:
        texts: with each word, [words]; only words of several are looked at.
        these, others: counts of each word in both kinds, [words, labels].
    """
    common = np.flatnonzero(texts >= FEWEST_TEXTS)
    if not len(common):
        return [[] for _ in range(these.shape[1])]
    texts, these, others = texts[common], these[common], others[common]
    prior = PRIOR_WORDS * (these + others) / np.maximum((these + others).sum(0), 1e-9)
    odds = log_odds(these + prior) - log_odds(others + prior)
    z = odds / np.sqrt(1 / (these + prior) + 1 / (others + prior))
    chosen = np.argsort(-z, axis=0)[:number]
    return [
        [
            Word(names[common[place]], int(texts[place]), float(odds[place, label]), float(z[place, label]))
            for place in chosen[:, label]
            if z[place, label] > SURE
        ]
        for label in range(these.shape[1])
    ]


def words_of(text: str) -> list[str]:
    """Return the words and symbols of a text, in lower case, without masks such as [NAME]."""
    return WORD.findall(MASK.sub(" ", text).replace("\u2019", "'").casefold())


def log_odds(counts: Counts) -> Counts:
    """Return the log odds of each word among all of its column."""
    return np.asarray(np.log(counts) - np.log(counts.sum(0) - counts))
