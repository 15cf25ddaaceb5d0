"""Dynamic batching: texts of many requests computed together, tokenising beside computing, in a bounded queue.

A request's texts pass three phases: a thread tokenises what has come, others compute batches of it, and whoever asked
formats its own part. The phases of different requests overlap.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from goemotions.architectures import Scored
from goemotions.architectures.prepared import Prepared, join
from goemotions.classifier import EmotionClassifier, LongText
from goemotions.server.metrics import Metrics
from goemotions.server.settings import Settings


class QueueFullError(Exception):
    """More texts wait than the queue takes.

    Attributes:
        retry_after: seconds, whole, after which half of them should be done.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__("the queue is full")
        self.retry_after = retry_after


@dataclass
class Job:
    """One request's texts on their way, and what is known of them."""

    texts: Sequence[str]
    long_text: LongText
    arrived: float
    result: asyncio.Future[Scored] = field(repr=False)
    logits: npt.NDArray[np.float32] | None = field(default=None, repr=False)
    truncated: npt.NDArray[np.bool_] | None = field(default=None, repr=False)
    missing: int = 0

    def add(self, texts: npt.NDArray[np.int64], scored: Scored) -> None:
        """Take the results of some texts; with the last ones the job is done."""
        if self.logits is None or self.truncated is None:
            self.logits = np.empty((len(self.texts), scored.logits.shape[1]), dtype=np.float32)
            self.truncated = np.empty(len(self.texts), dtype=np.bool_)
            self.missing = len(self.texts)
        self.logits[texts], self.truncated[texts] = scored
        self.missing -= len(texts)
        if self.missing == 0 and not self.result.done():
            self.result.set_result(Scored(self.logits, self.truncated))

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
    """A job in pieces of like lengths, each of at most so many texts and tokens, or of one text.

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


class Batcher:
    """Scores texts of concurrent requests in batches. Belongs to one event loop.

    Args:
        classifier: computes.
        slots: batches computed at the same time.
    """

    def __init__(self, classifier: EmotionClassifier, settings: Settings, slots: int, metrics: Metrics) -> None:
        self._classifier = classifier
        self._settings = settings
        self._slots = slots
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(slots + 1, thread_name_prefix="score")
        self._new: deque[Job] = deque()
        self._ready: deque[Piece] = deque()
        self._arrived, self._prepared, self._taken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._rate = 100.0
        self._busy = 0
        # A request that is alone is shared out among the slots, down to what still computes well together.
        self._share = max(16, settings.max_batch // slots)
        self.waiting = 0
        """Texts accepted and not yet being computed."""

    def start(self) -> None:
        loops = [self._prepare_loop(), *(self._compute_loop() for _ in range(self._slots))]
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """End; call it when no request is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown()

    def submit(self, texts: Sequence[str], long_text: LongText) -> asyncio.Future[Scored]:
        """Accept texts. The future, cancelled, takes them out of the queue again.

        Raises:
            QueueFullError: there is no room for them.
        """
        if self.waiting + len(texts) > self._settings.max_queue:
            raise QueueFullError(max(1, math.ceil(self.waiting / 2 / self._rate)))
        job = Job(texts, long_text, time.monotonic(), asyncio.get_running_loop().create_future())
        self._count(len(texts))
        self._new.append(job)
        self._arrived.set()
        return job.result

    def _count(self, texts: int) -> None:
        self.waiting += texts
        self._metrics.waiting.inc(texts)

    async def _prepare_loop(self) -> None:
        """Tokenise what has come, a batch's worth at a time, and no further ahead than the slots will need next."""
        loop = asyncio.get_running_loop()
        ahead = self._settings.max_batch * (self._slots + 1)
        while True:
            await until(self._arrived, lambda: bool(self._new))
            await until(self._taken, lambda: sum(len(piece.texts) for piece in self._ready) < ahead)
            jobs = [self._new.popleft()]
            texts = len(jobs[0].texts)
            while self._new and texts + len(self._new[0].texts) <= self._settings.max_batch:
                jobs.append(self._new.popleft())
                texts += len(jobs[-1].texts)
            for made in await loop.run_in_executor(self._pool, self._prepare, jobs):
                if isinstance(made, Piece):
                    self._ready.append(made)
                else:
                    job, error = made
                    self._count(-len(job.texts))
                    job.fail(error)
            self._prepared.set()

    def _prepare(self, jobs: list[Job]) -> list[Piece | tuple[Job, Exception]]:
        """In a thread. One request's failure is its own."""
        made: list[Piece | tuple[Job, Exception]] = []
        for job in jobs:
            try:
                prepared = self._classifier.prepare(job.texts, long_text=job.long_text)
                made += split(job, prepared, self._share, self._settings.max_batch_tokens)
            except Exception as error:
                made.append((job, error))
        return made

    async def _compute_loop(self) -> None:
        """One slot: compute a batch of what is ready, and again."""
        loop = asyncio.get_running_loop()
        while True:
            await until(self._prepared, lambda: bool(self._ready))
            await self._let_others_come()
            pieces = self._take()
            self._taken.set()
            if not pieces:
                continue
            texts = np.cumsum([0, *(len(piece.texts) for piece in pieces)])
            start = time.perf_counter()
            self._busy += 1
            try:
                scored = await loop.run_in_executor(self._pool, self._compute, pieces)
            except Exception as error:
                for piece in pieces:
                    piece.job.fail(error)
                continue
            finally:
                self._busy -= 1
            for piece, (first, end) in zip(pieces, pairwise(texts), strict=True):
                piece.job.add(piece.texts, Scored(scored.logits[first:end], scored.truncated[first:end]))
            self._learn(int(texts[-1]), time.perf_counter() - start)

    async def _let_others_come(self) -> None:
        """While other slots compute, wait until a batch is full or its oldest text has waited long enough.

        An idle server computes at once; a busy one gains more from fuller batches than from starting sooner.
        """
        if not self._busy:
            return
        end = self._ready[0].job.arrived + self._settings.max_wait
        while self._ready and sum(len(piece.texts) for piece in self._ready) < self._settings.max_batch:
            left = end - time.monotonic()
            if left <= 0:
                return
            self._prepared.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._prepared.wait(), left)

    def _take(self) -> list[Piece]:
        """The oldest pieces, as many as a batch takes, one at least; those of jobs given up are dropped."""
        texts, tokens = self._settings.max_batch, self._settings.max_batch_tokens
        taken: list[Piece] = []
        while self._ready:
            piece = self._ready[0]
            given_up = piece.job.result.done()
            if not given_up:
                texts -= len(piece.texts)
                tokens -= piece.cost
                if taken and (texts < 0 or tokens < 0):
                    break
                taken.append(piece)
            self._count(-len(piece.texts))
            self._ready.popleft()
        return taken

    def _compute(self, pieces: list[Piece]) -> Scored:
        """In a thread."""
        scored = self._classifier.compute(join([piece.prepared for piece in pieces]))
        self._metrics.batch_texts.observe(len(scored.truncated))
        return scored

    def _learn(self, texts: int, seconds: float) -> None:
        """Follow how many texts a second all slots compute."""
        self._rate += 0.1 * (texts * self._slots / max(seconds, 1e-6) - self._rate)


async def until(event: asyncio.Event, condition: Callable[[], bool]) -> None:
    """Wait for ``condition``, which is looked at again whenever ``event`` is set."""
    while not condition():
        event.clear()
        await event.wait()
