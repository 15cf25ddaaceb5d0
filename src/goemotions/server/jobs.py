"""One request's texts on their way through the queue: whole, then tokenised in pieces, then as results."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from goemotions.architectures.prepared import Prepared
from goemotions.languages import Languages
from goemotions.predictions import LongText, Scored


class DefectError(Exception):
    """A request could not be computed, and the reason is not an ``Exception``: a panic of Rust code, for example."""


def as_exception(error: BaseException) -> Exception:
    """Return ``error`` as one that ends a single request: asyncio and Starlette pass other kinds on to the process."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return DefectError(type(error).__name__).with_traceback(error.__traceback__)


@dataclass
class Job:
    """One request's texts on their way, and what is known of them."""

    texts: Sequence[str]
    long_text: LongText
    arrived: float
    result: asyncio.Future[Scored] = field(repr=False)
    logits: npt.NDArray[np.float32] | None = field(default=None, repr=False)
    truncated: npt.NDArray[np.bool_] | None = field(default=None, repr=False)
    languages: Languages | None = field(default=None, repr=False)
    missing: int = 0

    def add(self, texts: npt.NDArray[np.int64], scored: Scored) -> None:
        """Take the results of some texts; with the last ones the job is done."""
        if self.logits is None or self.truncated is None:
            self.logits = np.empty((len(self.texts), scored.logits.shape[1]), dtype=np.float32)
            self.truncated = np.empty(len(self.texts), dtype=np.bool_)
            self.missing = len(self.texts)
            self.languages = (
                None if scored.languages is None else np.empty_like(scored.languages, shape=len(self.texts))
            )
        self.logits[texts], self.truncated[texts] = scored.logits, scored.truncated
        if self.languages is not None:
            self.languages[texts] = scored.languages
        self.missing -= len(texts)
        if self.missing == 0 and not self.result.done():
            self.result.set_result(Scored(self.logits, self.truncated, self.languages))

    def fail(self, error: Exception) -> None:
        if not self.result.done():
            self.result.set_exception(error)


@dataclass(frozen=True)
class Piece:
    """Some texts of a job, tokenised: so many as a batch takes at most, so that no request holds up the others."""

    job: Job
    texts: npt.NDArray[np.int64]
    prepared: Prepared
    cost: int


def split(job: Job, prepared: Prepared, texts: int, tokens: int) -> list[Piece]:
    """Return a job in pieces of like lengths, each of at most so many texts and tokens, or of one text.

    Texts of like length compute fastest together.
    """
    costs = prepared.costs
    order = np.argsort(costs, kind="stable")
    bounds, spent = [0], 0
    for place, cost in enumerate(costs[order]):
        if place - bounds[-1] == texts or (place > bounds[-1] and spent + cost > tokens):
            bounds.append(place)
            spent = 0
        spent += cost
    if len(bounds) == 1:
        return [Piece(job, np.arange(len(order)), prepared, spent)]
    groups = [order[start:end] for start, end in pairwise([*bounds, len(order)])]
    return [Piece(job, group, prepared.select(group), int(costs[group].sum())) for group in groups]
