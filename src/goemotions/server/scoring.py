"""From a request's texts to its answer: limits, the queue, the deadline, and the library's own formatting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from goemotions.classifier import EmotionClassifier
from goemotions.explaining.explanation import Explanation
from goemotions.explaining.leave_out import Explained, advance, steps
from goemotions.explaining.words import words_of
from goemotions.languages import unread
from goemotions.predictions import LongText, PredictOptions, Scored, key_of
from goemotions.server.batcher import Batcher, BrokenError, QueueFullError
from goemotions.server.errors import ApiError
from goemotions.server.metrics import Metrics
from goemotions.server.settings import Settings, option

PATIENCE = 0.5
"""Seconds after which a waiting request looks whether its client is still there."""

BROKEN = "the server has a defect and ends: ask another, or again in a moment"

Ranked = list[dict[str, Any]]


@dataclass(frozen=True)
class Service:
    """The parts that the routes work with."""

    classifier: EmotionClassifier
    settings: Settings
    batcher: Batcher
    metrics: Metrics

    async def score(self, request: Request, texts: Sequence[str], long_text: LongText = "cut") -> Scored:
        """Return logits of ``texts``, computed together with those of other requests.

        Raises:
            ApiError: too many or too long texts (413), a full queue (429), too long a wait (504), a queue with a
                defect (503).
        """
        self._check(texts)
        if not texts:
            return self.classifier.score([])
        try:
            scored = await self._wait(request, self.batcher.submit(texts, long_text))
        except QueueFullError as full:
            raise ApiError(
                429,
                f"too many texts wait: the server queues {self.settings.max_queue} ({option('max_queue')}); try again "
                f"in {full.retry_after} s",
                {"Retry-After": str(full.retry_after)},
            ) from None
        except BrokenError:
            raise ApiError(503, BROKEN) from None
        self.metrics.texts.inc(len(texts))
        self.metrics.truncated.inc(int(scored.truncated.sum()))
        self.metrics.unread.inc(unread(scored.tags, self.classifier.languages).total())
        return scored

    async def explain(self, request: Request, texts: Sequence[str], long_text: LongText = "cut") -> list[Explanation]:
        """Return explanations of ``texts``, whose variants go through the queue as any texts.

        Raises:
            ApiError: as :meth:`score`; 413 for more words than a request may have texts.
        """
        await asyncio.to_thread(self._check_words, texts, long_text)
        asked, scored = steps(texts, self.classifier.labels, None), None
        while True:
            variants = await asyncio.to_thread(advance, asked, scored)
            if isinstance(variants, Explained):
                return variants.texts
            scored = await self.score(request, variants, long_text)

    def _check_words(self, texts: Sequence[str], long_text: LongText) -> None:
        """Refuse texts whose words are more than a request may have texts, for each word is one more to score."""
        reads = self.classifier.config.max_length if long_text == "cut" else None
        words = sum(min(len(words_of(text)), reads or len(text)) for text in texts)
        if words > self.settings.max_texts:
            raise ApiError(
                413,
                f"{words} words to explain, each of which is one more text to compute, but a request takes "
                f"{self.settings.max_texts} ({option('max_texts')}): send fewer or shorter texts",
            )

    def _check(self, texts: Sequence[str]) -> None:
        limits = self.settings
        if len(texts) > limits.max_texts:
            raise ApiError(
                413, f"{len(texts)} texts, but a request takes {limits.max_texts} ({option('max_texts')}): send several"
            )
        for index, text in enumerate(texts):
            if len(text) > limits.max_chars:
                raise ApiError(
                    413,
                    f"text {index} has {len(text)} characters, but the server takes {limits.max_chars} "
                    f"({option('max_chars')})",
                )

    async def _wait(self, request: Request, result: asyncio.Future[Scored]) -> Scored:
        """Wait for a result until the deadline, and only as long as the client does."""
        try:
            await asyncio.wait({result}, timeout=PATIENCE)
            end = asyncio.get_running_loop().time() + self.settings.deadline - PATIENCE
            while not result.done():
                left = end - asyncio.get_running_loop().time()
                if left <= 0:
                    raise ApiError(
                        504, f"not computed within {self.settings.deadline:g} s ({option('deadline')}): try again later"
                    )
                if await request.is_disconnected():
                    raise ApiError(499, "the client has gone")
                await asyncio.wait({result}, timeout=min(PATIENCE, left))
            return result.result()
        finally:
            result.cancel()  # takes it out of the queue; nothing, if it is done

    def answered(self, scored: Scored, thresholds: Mapping[str, float]) -> list[dict[str, str | None]]:
        """Return each text's language, None where it was not told, the model that answered, and whose thresholds."""
        return [
            {"language": tag, "model": self.classifier.model_for(tag), "thresholds": key_of(thresholds, tag)}
            for tag in scored.tags
        ]

    def rank(
        self,
        texts: Sequence[str],
        scored: Scored,
        thresholds: Mapping[str, float] | None = None,
        *,
        top_k: int | None = None,
        reliable_only: bool = False,
        raw: bool = False,
    ) -> list[Ranked]:
        """Return each text's labels and scores, highest first, formatted by the library; none of a blank text.

        Args:
            thresholds: None for all labels.
            raw: give calibrated logits, 4 decimals, instead of probabilities.
        """
        classifier = self.classifier
        cuts = thresholds if thresholds is not None else dict.fromkeys(classifier.labels, 0.0)
        options = PredictOptions(cuts, top_k, reliable_only)
        found = [prediction.emotions for prediction in classifier.decide(scored, options, texts)]
        if raw:
            column = {label: index for index, label in enumerate(classifier.labels)}
            found = [
                {label: round(float(row[column[label]]), 4) for label in labels}
                for labels, row in zip(found, scored.logits, strict=True)
            ]
        return [[{"label": label, "score": score} for label, score in labels.items()] for labels in found]
