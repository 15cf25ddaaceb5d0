"""Collect from the texts that go by some of each label, sums of pairs, and words; of a million as of a hundred."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from goemotions.estimation.corpus import ScoredRows
from goemotions.predictions import Thresholds
from goemotions.reporting.words import Lexicon

KEPT = 3
"""Texts of each label that are shown of a kind."""
DRAWN = 40
"""Texts of each label that are drawn by chance at most, to explain them."""
LONGEST = 400
"""Characters of a text that are shown."""
WORD_GROUPS, GROUP_WORDS = 6, 10_000
"""The largest groups, of which words are counted, and how many words of each."""


@dataclass(frozen=True)
class Example:
    """A text that is shown, by the number of its row from 1, with the label's probability."""

    row: int
    text: str
    probability: float


@dataclass(frozen=True)
class Examples:
    """Texts of one label: drawn by chance from those that are given it, the surest, and the most doubtful."""

    typical: Sequence[Example]
    strongest: Sequence[Example]
    doubtful: Sequence[Example]


@dataclass
class Best:
    """The ``most`` highest of all that are offered, each text once."""

    most: int = KEPT
    heap: list[tuple[float, int, str, float]] = field(default_factory=list)

    def offer(self, height: float, row: int, text: str, probability: float) -> None:
        """Take in a text, if it is among the highest so far."""
        if len(self.heap) == self.most and height <= self.heap[0][0]:
            return
        shown = shortened(text)
        if any(other == shown for _, _, other, _ in self.heap):
            return
        heapq.heappush(self.heap, (height, -row, shown, probability))
        if len(self.heap) > self.most:
            heapq.heappop(self.heap)

    def examples(self) -> list[Example]:
        """Return what is kept, the highest first."""
        return [Example(-row, text, probability) for _, row, text, probability in sorted(self.heap, reverse=True)]


class Gathering:
    """Collects examples, pairs and words, of the model's labels."""

    def __init__(self, thresholds: Thresholds, groups: Sequence[str], seed: int = 0) -> None:
        """
        Args:
            thresholds: of all labels; near them a text is doubtful.
            groups: whose words are counted by themselves.
        """
        labels = list(thresholds)
        self._thresholds = thresholds
        self.lexicon = Lexicon(len(labels))
        self.group_lexicons = {name: Lexicon(len(labels), GROUP_WORDS) for name in groups}
        self.pairs: npt.NDArray[np.float64] = np.zeros((len(labels), len(labels)))
        self._generator = np.random.default_rng(seed)
        self._drawn = [Best(DRAWN) for _ in labels]
        self._strongest, self._doubtful = ([Best() for _ in labels] for _ in range(2))

    def add(self, scored: ScoredRows) -> None:
        """Take in some rows."""
        texts, probabilities = scored.texts, scored.probabilities
        given = scored.given.astype(np.float64)
        self.pairs += given.T @ given
        self.lexicon.add(texts, probabilities)
        for name, lexicon in self.group_lexicons.items():
            mine = [place for place, group in enumerate(scored.groups) if group == name]
            lexicon.add([texts[place] for place in mine], probabilities[mine])
        chance = self._generator.random(len(texts))
        cuts = np.array([list(self._thresholds.of(tag).values()) for tag in scored.tags])
        odds = np.log(np.clip(probabilities, 1e-6, 1 - 1e-6) / np.clip(1 - probabilities, 1e-6, 1))
        doubt = -np.abs(odds - np.log(cuts / np.maximum(1 - cuts, 1e-6)))
        drawn = np.where(scored.given, chance[:, None], -1.0)
        for bests, heights in ((self._strongest, probabilities), (self._doubtful, doubt), (self._drawn, drawn)):
            looked_at = 2 * bests[0].most
            first = np.argpartition(-heights, min(looked_at, len(heights) - 1), axis=0)[:looked_at]
            for label, best in enumerate(bests):
                for row in first[:, label]:
                    if heights[row, label] != -1.0:
                        probability = float(probabilities[row, label])
                        best.offer(float(heights[row, label]), scored.numbers[row], texts[row], probability)

    @property
    def given(self) -> list[int]:
        """The number of texts that are given each label."""
        return [int(count) for count in np.diag(self.pairs)]

    def examples(self) -> list[Examples]:
        """Return the texts of each label."""
        return [
            Examples(drawn.examples()[:KEPT], strongest.examples(), doubtful.examples())
            for drawn, strongest, doubtful in zip(self._drawn, self._strongest, self._doubtful, strict=True)
        ]

    def drawn(self, number: int) -> list[list[str]]:
        """Return at most so many texts of each label, drawn by chance from those that are given it."""
        return [[example.text for example in best.examples()[:number]] for best in self._drawn]


def shortened(text: str) -> str:
    """Return a text on one line, its beginning where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rsplit(' ', 1)[0]} …"
