"""Build the server as an ASGI app: the parts put together around one classifier."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from goemotions import __version__
from goemotions.catalog import find_model
from goemotions.checkpoint import read_config
from goemotions.classifier import EmotionClassifier
from goemotions.machine import cores
from goemotions.server import page, probes, routes
from goemotions.server.batcher import Batcher
from goemotions.server.bounds import Bounds
from goemotions.server.counting import Counting
from goemotions.server.errors import CatchAll, add_handlers
from goemotions.server.head import Head
from goemotions.server.metrics import Metrics
from goemotions.server.openapi import describe_api
from goemotions.server.scoring import Service
from goemotions.server.security import Gate, SecurityHeaders
from goemotions.server.settings import Settings
from goemotions.specs import ARCHITECTURES

logger = logging.getLogger("goemotions.server")

FAILURE = 1
DESCRIPTION = "Rates which of 28 emotions a text expresses. It rates words: do not judge people by it."
WARM_UP = ("Thank you!", "word " * 100)


def load(settings: Settings) -> tuple[EmotionClassifier, int]:
    """Return the classifier, warm, and how many batches it should compute at the same time.

    A graph on the CPU serves best with one thread per batch and a batch per core: threads that share a batch wait for
    each other, the more so where something else uses the cores. Other architectures compute one batch with all.

    Raises:
        ModelError, MissingExtraError: as :class:`goemotions.EmotionClassifier`.
    """
    options = dict(vars(settings.load))
    slots = 1
    if ARCHITECTURES[read_config(find_model(settings.model)).architecture].one_text_per_thread:
        slots = options["threads"] or max(1, cores() // settings.workers)
        options["threads"] = 1
    classifier = EmotionClassifier(settings.model, **options)
    classifier.score(WARM_UP)
    return classifier, slots


def stop_process() -> None:
    """Stop as a signal from outside does: uvicorn, which knows no other way, answers what it can and ends."""
    signal.raise_signal(signal.SIGTERM)


def create_app(settings: Settings, classifier: EmotionClassifier, slots: int = 1) -> FastAPI:
    """Return the server as an ASGI app.

    Args:
        classifier: answers; loaded, as :func:`load` does.
        slots: batches computed at the same time.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        batcher = Batcher(classifier, settings, slots, metrics, on_broken=stop_process)
        app.state.service = Service(classifier, settings, batcher, metrics)
        batcher.start()
        yield
        if not await batcher.stop():  # Python would wait for the thread for ever
            logger.error("a computation does not end: the process ends without it")
            os._exit(FAILURE)

    app = FastAPI(
        title="goemotions",
        version=__version__,
        description=DESCRIPTION,
        lifespan=running,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    for router in (routes.router, probes.router, page.router):
        app.include_router(router)
    describe_api(app, settings, classifier)
    add_handlers(app)
    paths = app.openapi()["paths"]
    # The last one added is the outermost.
    app.add_middleware(Head, paths=frozenset(path for path in paths if "get" in paths[path]))
    app.add_middleware(Bounds, settings=settings, paths={path for path in paths if "post" in paths[path]})
    app.add_middleware(Gate, settings=settings)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, **cors(settings))
    app.add_middleware(CatchAll)
    app.add_middleware(Counting, metrics=metrics, paths=frozenset(paths))
    app.add_middleware(SecurityHeaders)
    return app


def cors(settings: Settings) -> dict[str, Any]:
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": ["GET", "POST"],
        "allow_headers": ["Authorization", "Content-Type"],
    }
