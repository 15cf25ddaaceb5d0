"""Figures for Prometheus, of several workers together."""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where workers put their figures; prometheus_client reads it from the environment when it is imported."""

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """The figures of one app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.requests = Counter("goemotions_requests", "Requests answered.", ["path", "status"], registry=registry)
        self.seconds = Histogram(
            "goemotions_request_seconds", "From a request to its answer.", ["path"], buckets=SECONDS, registry=registry
        )
        self.texts = Counter("goemotions_texts", "Texts classified.", registry=registry)
        self.truncated = Counter("goemotions_truncated_texts", "Of these, texts that were cut.", registry=registry)
        self.unread = Counter(
            "goemotions_unread_texts", "Of these, texts in a language that the model does not read.", registry=registry
        )
        self.batch_texts = Histogram(
            "goemotions_batch_texts", "Texts computed together.", buckets=TEXTS, registry=registry
        )
        self.waiting = Gauge(
            "goemotions_waiting_texts", "Texts in the queue.", multiprocess_mode="livesum", registry=registry
        )

    def render(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
