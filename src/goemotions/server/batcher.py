"""Dynamic batching: texts of many requests computed together, tokenising beside computing, in a bounded queue.

A request's texts pass three phases: a thread tokenises what has come, others compute batches of it, and whoever asked
formats its own part. The phases of different requests overlap.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from goemotions.architectures.prepared import join
from goemotions.classifier import EmotionClassifier
from goemotions.predictions import LongText, Scored
from goemotions.server.errors import where
from goemotions.server.jobs import Job, Piece, as_exception, split
from goemotions.server.metrics import Metrics
from goemotions.server.settings import Settings

logger = logging.getLogger("goemotions.server")

Argument = TypeVar("Argument")
Found = TypeVar("Found")

LAST_CALL = 5.0
"""Seconds that :meth:`Batcher.stop` waits for a thread at work."""


class QueueFullError(Exception):
    """More texts wait than the queue takes.

    Attributes:
        retry_after: seconds, whole, after which half of them should be done.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__("the queue is full")
        self.retry_after = retry_after


class BrokenError(Exception):
    """The batcher has a defect: it computes nothing any more, and the process is to end."""


class Batcher:
    """Score texts of concurrent requests in batches. A batcher belongs to one event loop.

    Args:
        classifier: computes.
        slots: batches computed at the same time.
        on_broken: called once if a loop ends by a defect; it should end the process, for nothing else mends that.
    """

    def __init__(
        self,
        classifier: EmotionClassifier,
        settings: Settings,
        slots: int,
        metrics: Metrics,
        on_broken: Callable[[], None],
    ) -> None:
        self._classifier = classifier
        self._settings = settings
        self._slots = slots
        self._metrics = metrics
        self._on_broken = on_broken
        self._pool = ThreadPoolExecutor(slots + 1, thread_name_prefix="score")
        self._new: deque[Job] = deque()
        self._ready: deque[Piece] = deque()
        self._arrived, self._prepared, self._taken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._results: set[asyncio.Future[Scored]] = set()
        self._at_work: dict[Future[Any], float] = {}  # when each began
        self._rate = 100.0
        self._busy = 0
        # A request that is alone is shared out among the slots, down to what still computes well together.
        self._share = max(16, settings.max_batch // slots)
        self.waiting = 0
        """Texts accepted and not yet being computed."""
        self.broken = False
        """True once a loop has ended by a defect."""

    def start(self) -> None:
        loops = [self._prepare_loop(), *(self._compute_loop() for _ in range(self._slots))]
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell everyone who waits that nothing is computed any more, unless the loop was told to end."""
        if self._stopping or self.broken:
            return
        self.broken = True
        error = None if task.cancelled() else task.exception()
        logger.error("a loop of the queue has ended: %s\n%s", type(error).__name__, where(error) if error else "")
        for result in self._results:
            if not result.done():
                result.set_exception(BrokenError())
        self._on_broken()

    async def stop(self) -> bool:
        """End, when no request is under way; return False if a thread is still at work after some seconds."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + LAST_CALL
        while self._at_work and time.monotonic() < end:
            await asyncio.sleep(0.02)
        return not self._at_work

    async def _in_thread(self, work: Callable[[Argument], Found], argument: Argument) -> Found:
        future = self._pool.submit(work, argument)
        self._at_work[future] = time.monotonic()
        future.add_done_callback(self._at_work.pop)
        return await asyncio.wrap_future(future)

    def seconds_at_work(self) -> float:
        """Return for how long the oldest batch under way has been tokenised or computed; 0 if none is."""
        starts = list(self._at_work.values())
        return time.monotonic() - min(starts) if starts else 0.0

    def submit(self, texts: Sequence[str], long_text: LongText) -> asyncio.Future[Scored]:
        """Accept texts. The future, cancelled, takes them out of the queue again.

        Raises:
            QueueFullError: there is no room for them.
            BrokenError: nothing is computed any more; the future may also give it.
        """
        if self.broken:
            raise BrokenError
        if self.waiting + len(texts) > self._settings.max_queue:
            raise QueueFullError(max(1, math.ceil(self.waiting / 2 / self._rate)))
        job = Job(texts, long_text, time.monotonic(), asyncio.get_running_loop().create_future())
        self._results.add(job.result)
        job.result.add_done_callback(self._results.discard)
        self._count(len(texts))
        self._new.append(job)
        self._arrived.set()
        return job.result

    def _count(self, texts: int) -> None:
        self.waiting += texts
        self._metrics.waiting.inc(texts)

    async def _prepare_loop(self) -> None:
        """Tokenise what has come, a batch's worth at a time, and no further ahead than the slots will need next."""
        ahead = self._settings.max_batch * (self._slots + 1)
        while True:
            await until(self._arrived, lambda: bool(self._new))
            await until(self._taken, lambda: sum(len(piece.texts) for piece in self._ready) < ahead)
            jobs = [self._new.popleft()]
            texts = len(jobs[0].texts)
            while self._new and texts + len(self._new[0].texts) <= self._settings.max_batch:
                jobs.append(self._new.popleft())
                texts += len(jobs[-1].texts)
            for made in await self._in_thread(self._prepare, jobs):
                if isinstance(made, Piece):
                    self._ready.append(made)
                else:
                    job, error = made
                    self._count(-len(job.texts))
                    job.fail(error)
            self._prepared.set()

    def _prepare(self, jobs: list[Job]) -> list[Piece | tuple[Job, Exception]]:
        """Tokenise jobs, in a thread. One request's failure is its own."""
        made: list[Piece | tuple[Job, Exception]] = []
        for job in jobs:
            try:
                prepared = self._classifier.prepare(job.texts, long_text=job.long_text)
                made += split(job, prepared, self._share, self._settings.max_batch_tokens)
            except BaseException as error:  # a panic of the tokenizers' Rust code is no Exception
                made.append((job, as_exception(error)))
        return made

    async def _compute_loop(self) -> None:
        """Compute a batch of what is ready, again and again: one slot."""
        while True:
            await until(self._prepared, lambda: bool(self._ready))
            await self._let_others_come()
            pieces = self._take()
            self._taken.set()
            if pieces:
                await self._answer(pieces)

    async def _answer(self, pieces: list[Piece]) -> None:
        start = time.perf_counter()
        self._busy += 1
        try:
            results = await self._in_thread(self._compute, pieces)
            for piece, result in zip(pieces, results, strict=True):
                if isinstance(result, Scored):
                    piece.job.add(piece.texts, result)
                else:
                    piece.job.fail(result)
        except Exception as error:
            for piece in pieces:
                piece.job.fail(error)
        finally:
            self._busy -= 1
        self._learn(sum(len(piece.texts) for piece in pieces), time.perf_counter() - start)

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
        """Return the oldest pieces, as many as a batch takes, one at least; drop those of jobs given up."""
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

    def _compute(self, pieces: list[Piece]) -> list[Scored | Exception]:
        """Return a result or an error per piece, computed in a thread.

        What fails together is computed apart, so that one request's failure is its own.
        """
        try:
            scored = self._classifier.compute(join([piece.prepared for piece in pieces]))
        except BaseException as error:
            if len(pieces) == 1:
                return [as_exception(error)]
            return [self._compute([piece])[0] for piece in pieces]
        self._metrics.batch_texts.observe(len(scored.truncated))
        bounds = pairwise(np.cumsum([0, *(len(piece.texts) for piece in pieces)]))
        return [scored.rows(slice(first, end)) for first, end in bounds]

    def _learn(self, texts: int, seconds: float) -> None:
        """Follow how many texts a second all slots compute."""
        self._rate += 0.1 * (texts * self._slots / max(seconds, 1e-6) - self._rate)


async def until(event: asyncio.Event, condition: Callable[[], bool]) -> None:
    """Wait for ``condition``, which is looked at again whenever ``event`` is set."""
    while not condition():
        event.clear()
        await event.wait()
