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
    """One request's texts on their way."""

    texts: Sequence[str]
    long_text: LongText
    arrived: float
    result: asyncio.Future[Scored] = field(repr=False)
    prepared: Prepared | None = field(default=None, repr=False)


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
        self._ready: deque[Job] = deque()
        self._arrived, self._prepared, self._taken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._rate = 100.0
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
            await until(self._taken, lambda: sum(len(job.texts) for job in self._ready) < ahead)
            jobs = self._take(self._new, self._settings.max_batch)
            failed = await loop.run_in_executor(self._pool, self._prepare, jobs)
            for job, error in failed:
                deliver([job], error)
            self._ready.extend(jobs)
            self._prepared.set()

    def _prepare(self, jobs: list[Job]) -> list[tuple[Job, Exception]]:
        """In a thread. One request's failure is its own; those are given back."""
        failed = []
        for job in jobs:
            try:
                job.prepared = self._classifier.prepare(job.texts, long_text=job.long_text)
            except Exception as error:
                failed.append((job, error))
        return failed

    async def _compute_loop(self) -> None:
        """One slot: compute a batch of what is ready, and again."""
        loop = asyncio.get_running_loop()
        while True:
            await until(self._prepared, lambda: bool(self._ready))
            await self._let_others_come()
            jobs = self._take(self._ready, self._settings.max_batch, self._settings.max_batch_tokens)
            self._taken.set()
            self._count(-sum(len(job.texts) for job in jobs))
            if jobs:
                start = time.perf_counter()
                await loop.run_in_executor(self._pool, self._compute, jobs, loop)
                self._learn(sum(len(job.texts) for job in jobs), time.perf_counter() - start)

    async def _let_others_come(self) -> None:
        """Wait until a batch is full, or its oldest text has waited long enough."""
        end = self._ready[0].arrived + self._settings.max_wait
        while self._ready and sum(len(job.texts) for job in self._ready) < self._settings.max_batch:
            left = end - time.monotonic()
            if left <= 0:
                return
            self._prepared.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._prepared.wait(), left)

    def _take(self, queue: deque[Job], texts: int, tokens: float = math.inf) -> list[Job]:
        """The oldest jobs of ``queue`` up to a number of texts and tokens, one at least; given up ones are dropped."""
        taken: list[Job] = []
        while queue:
            job = queue[0]
            if not job.result.done():
                texts -= len(job.texts)
                tokens -= job.prepared.cost if job.prepared is not None else 0
                if taken and (texts < 0 or tokens < 0):
                    break
                taken.append(job)
            else:
                self._count(-len(job.texts))
            queue.popleft()
        return taken

    def _compute(self, jobs: list[Job], loop: asyncio.AbstractEventLoop) -> None:
        """In a thread."""
        try:
            scored = self._classifier.compute(join([job.prepared for job in jobs if job.prepared is not None]))
        except Exception as error:
            loop.call_soon_threadsafe(deliver, jobs, error)
            return
        self._metrics.batch_texts.observe(len(scored.truncated))
        loop.call_soon_threadsafe(deliver, jobs, scored)

    def _learn(self, texts: int, seconds: float) -> None:
        """Follow how many texts a second all slots compute."""
        self._rate += 0.1 * (texts * self._slots / max(seconds, 1e-6) - self._rate)


async def until(event: asyncio.Event, condition: Callable[[], bool]) -> None:
    """Wait for ``condition``, which is looked at again whenever ``event`` is set."""
    while not condition():
        event.clear()
        await event.wait()


def deliver(jobs: list[Job], found: Scored | Exception) -> None:
    """Give each of a batch's jobs its own rows, or its error."""
    start = 0
    for job in jobs:
        rows = slice(start, start + len(job.texts))
        start += len(job.texts)
        if job.result.done():  # given up meanwhile
            continue
        if isinstance(found, Exception):
            job.result.set_exception(found)
        else:
            job.result.set_result(Scored(found.logits[rows], found.truncated[rows]))
