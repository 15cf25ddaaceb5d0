"""Answers about the server: whether it is alive and ready, what it serves, and its figures."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from goemotions.server.errors import ApiError
from goemotions.server.metrics import CONTENT_TYPE
from goemotions.server.model_facts import model_facts
from goemotions.server.routes import ERRORS, service
from goemotions.server.schemas import Info, Status
from goemotions.server.scoring import BROKEN
from goemotions.server.settings import option

OPEN = frozenset({"/health", "/ready"})
"""Answered without a key."""

NOT_READY = "The server has a defect and ends, or has computed one batch for longer than it may."
ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"content": ERROR, "description": ERRORS[status]["description"]} for status in (401, 403)
}

router = APIRouter(tags=["server"])


@router.get("/health", response_model=Status, summary="Alive")
async def health() -> dict[str, str]:
    """Answers 200 as long as the process runs."""
    return {"status": "ok"}


@router.get(
    "/ready",
    response_model=Status,
    summary="Ready for texts",
    responses={503: {"content": ERROR, "description": NOT_READY}},
)
async def ready(request: Request) -> dict[str, str]:
    """Answers 200 once the model is loaded and warm, until the server stops.

    It is 503 if the server has a defect, and for as long as a batch has been under way for more than `--unready-after`
    seconds.
    """
    serving, limit = service(request), service(request).settings.unready_after
    if serving.batcher.broken:
        raise ApiError(503, BROKEN)
    if serving.batcher.seconds_at_work() > limit:
        raise ApiError(
            503, f"a batch has been computed for more than {limit:g} s ({option('unready_after')}): ask another server"
        )
    return {"status": "ready"}


@router.get("/info", response_model=Info, summary="The model, its labels, the limits", responses=REFUSED)
async def info(request: Request) -> dict[str, Any]:
    """Describes the model, its labels, and the server's limits."""
    serving = service(request)
    config, limits = serving.classifier.config, serving.settings
    return {
        **model_facts(config, serving.classifier.thresholds),
        "languages": sorted(serving.classifier.languages),
        "model_type": {
            "classifier": {
                "id2label": {str(index): label for index, label in enumerate(config.labels)},
                "label2id": {label: index for index, label in enumerate(config.labels)},
            }
        },
        "max_concurrent_requests": limits.max_connections,
        "max_batch_tokens": limits.max_batch_tokens,
        "max_batch_requests": limits.max_batch,
        "max_client_batch_size": limits.max_texts,
        "auto_truncate": False,
        "tokenization_workers": 1,
        "max_chars": limits.max_chars,
        "max_body": limits.max_body,
    }


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {}}, "description": "The figures in Prometheus' text format."},
        **REFUSED,
    },
)
async def metrics(request: Request) -> Response:
    """Counts requests, texts, batches and the queue."""
    return Response(service(request).metrics.render(), media_type=CONTENT_TYPE)
