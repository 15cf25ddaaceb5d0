"""A labelling under way: the text at hand, answers, the way back, and figures as they grow. It knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.errors import GoEmotionsError
from goemotions.evaluation.figures import Figure
from goemotions.labelling.choosing import worth
from goemotions.labelling.guide import Found, Guide
from goemotions.labelling.journal import Answer, Journal, Measured, latest
from goemotions.labelling.order import Order
from goemotions.labelling.texts import Texts

BLOCK = 10
"""Texts that are shown between two fits; one of them is drawn at random and set aside."""


class NotAtHandError(GoEmotionsError):
    """An answer for a text that is not the one at hand."""


@dataclass(frozen=True)
class AtHand:
    """A text to answer.

    Attributes:
        row: its number in the file.
        number: of texts shown, from 1.
        before: the answer that it has already; None for a new text.
    """

    row: int
    text: str
    number: int
    before: Answer | None


@dataclass(frozen=True)
class Progress:
    """Counts of a labelling, and figures.

    Attributes:
        answered: texts with an answer.
        aside: among them, those set aside.
        counts: of each label, its texts.
        f1: of each label by cross-validation; empty while nothing was fitted.
        measured: figures, the latest last.
    """

    answered: int
    skipped: int
    aside: int
    texts: int
    counts: tuple[int, ...]
    f1: tuple[Figure, ...]
    measured: tuple[Measured, ...]


class Desk:
    """A labelling. Not safe to use from several threads.

    Attributes:
        unwritten: why ``write`` failed the last time; empty if it did not.
    """

    def __init__(
        self,
        texts: Texts,
        labels: Sequence[str],
        journal: Journal,
        guide: Guide,
        order: Order,
        seed: int,
        write: Callable[[], None],
    ) -> None:
        """
        Args:
            write: called after each answer, when it is on the disk.
        """
        self.unwritten = ""
        self.labels = tuple(labels)
        self.answers = latest(journal.answers)
        self._texts = texts
        self._all = texts.texts
        self._journal = journal
        self._guide = guide
        self._order = order
        self._seed = seed
        self._write = write
        self._place = {row: place for place, row in enumerate(texts.rows)}
        self._shown = list(self.answers)
        self._at = len(self._shown)
        shuffled = np.random.default_rng(seed).permutation(len(texts))
        tenth = len(texts) // BLOCK if order is Order.uncertain else 0
        self._apart = [int(place) for place in shuffled[:tenth]]
        self._line = shuffled if order is Order.random else np.arange(len(texts))
        self._found: Found | None = None
        self._queue: list[int] = []
        self._fit()

    @property
    def at_hand(self) -> AtHand | None:
        """Return the text to answer; None if there is none left."""
        if self._at < len(self._shown):
            row = self._shown[self._at]
        elif self._queue:
            row = self._texts.rows[self._queue[0]]
        else:
            return None
        return AtHand(row, self._all[self._place[row]], self._at + 1, self.answers.get(row))

    @property
    def progress(self) -> Progress:
        """Return how far it is."""
        given = [answer for answer in self.answers.values() if not answer.skipped]
        return Progress(
            len(given),
            len(self.answers) - len(given),
            sum(answer.aside for answer in given),
            len(self._texts),
            tuple(sum(label in answer.labels for answer in given) for label in self.labels),
            self._found.labels if self._found else (),
            tuple(self._journal.measured),
        )

    def answer(self, row: int, labels: Sequence[str], skipped: bool) -> None:
        """Keep an answer, and take the next text to hand.

        Raises:
            NotAtHandError: it is for another text than the one at hand.
            OSError: it could not be written, and does not count.
        """
        now = self.at_hand
        if now is None or now.row != row:
            raise NotAtHandError("this text is not the one at hand")
        new = self._at == len(self._shown)
        ordered = () if skipped else tuple(label for label in self.labels if label in labels)
        answer = Answer(row, ordered, skipped, self._place[row] in self._apart)
        if answer != now.before:
            self._journal.add(answer)
            self.answers[row] = answer
        if new:
            self._queue.pop(0)
            self._shown.append(row)
        self._at += 1
        try:
            self._write()
            self.unwritten = ""
        except OSError as error:
            self.unwritten = error.strerror or type(error).__name__
        if not self._queue:
            self._fit()

    def back(self) -> None:
        """Go back to the text before, if there is one."""
        self._at = max(0, self._at - 1)

    def _fit(self) -> None:
        """Fit a model to the answers, keep its figures, and choose the next texts."""
        given = [answer for answer in self.answers.values() if not answer.skipped]
        places = [self._place[answer.row] for answer in given]
        aside = [answer.aside for answer in given]
        self._found = self._guide.fit(places, self._targets(given), aside, self._seed)
        last = self._journal.measured[-1].answers if self._journal.measured else 0
        if self._found is not None and len(given) > last:
            self._journal.add_measured(Measured(len(given), self._found.left_out, self._found.aside, sum(aside)))
        self._queue = self._choose(len(given), sum(aside))

    def _targets(self, given: Sequence[Answer]) -> npt.NDArray[np.uint8]:
        """Return answers as uint8 [n, labels]."""
        return np.array([[label in answer.labels for label in self.labels] for answer in given], np.uint8).reshape(
            -1, len(self.labels)
        )

    def _choose(self, answered: int, aside: int) -> list[int]:
        """Return the next texts, by their places."""
        done = {self._place[row] for row in self._shown}
        if self._order is not Order.uncertain:
            return [int(place) for place in self._line if place not in done][:BLOCK]
        generator = np.random.default_rng([self._seed, len(self._shown)])
        apart = [place for place in self._apart if place not in done]
        reserved = set(self._apart)
        open_ = np.array([p for p in range(len(self._texts)) if p not in done and p not in reserved], np.int64)
        wanted = max(0, (answered + BLOCK) // BLOCK - aside)
        held = apart[: wanted if len(open_) else BLOCK]
        weights = np.ones(len(open_))
        if self._found is not None and len(open_):
            positives = np.array(self.progress.counts)
            weights = worth(self._guide.probabilities(self._found.decider, open_), positives)
        queue = self._guide.pool.draw(open_, weights, BLOCK - len(held), generator)
        for place in held:  # where in the block it stands tells nobody that it is set aside
            queue.insert(int(generator.integers(len(queue) + 1)), place)
        return queue
