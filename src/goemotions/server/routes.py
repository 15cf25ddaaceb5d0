"""Answers about texts, in three shapes: Hugging Face's, TEI's, our own."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from goemotions.entities import has_entities
from goemotions.predictions import Scored
from goemotions.server.errors import ApiError, ErrorBody
from goemotions.server.json_route import JsonRoute
from goemotions.server.schemas import EmotionsRequest, EmotionsResponse, HfParameters, HfRequest, LabelScore, TeiRequest
from goemotions.server.scoring import Service
from goemotions.thresholds import resolve

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "The body is not UTF-8, or the request not HTTP."},
    401: {"model": ErrorBody, "description": "The key is missing or wrong."},
    403: {"model": ErrorBody, "description": "The server does not go by the name in the Host header."},
    408: {"model": ErrorBody, "description": "The request came too slowly."},
    413: {
        "model": ErrorBody,
        "description": "The request is too large; the error names the limit and the option that sets it.",
    },
    415: {"model": ErrorBody, "description": "The content type is not `application/json`."},
    422: {
        "model": ErrorBody,
        "description": "The request is not as described here; the error says where, and what was expected.",
    },
    429: {"model": ErrorBody, "description": "The queue is full: try again after `Retry-After` seconds."},
    500: {"model": ErrorBody, "description": "The server or its model failed on this request."},
    503: {"model": ErrorBody, "description": "There are too many connections."},
    504: {"model": ErrorBody, "description": "The texts were not computed within the server's deadline."},
}

router = APIRouter(responses=ERRORS, tags=["texts"], route_class=JsonRoute)


def service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def answer(content: Any) -> Response:
    """Return JSON as the schema says; not validated again, for that takes longer than making it."""
    return Response(json.dumps(content, separators=(",", ":")), media_type="application/json")


@router.post("/", response_model=list[list[LabelScore]], summary="Hugging Face's text classification")
async def hugging_face(request: Request, body: HfRequest) -> Response:
    """Gives all labels of each text, highest first, or fewer by `top_k` or `threshold`.

    The answer is always a list of lists, one per text, also for one text: the official client takes the first. A blank
    text has none.
    """
    asked = body.parameters or HfParameters()
    serving = service(request)
    texts = as_list(body.inputs)
    scored = await serving.score(request, texts)
    thresholds = resolve(asked.threshold or 0.0, serving.classifier.thresholds)
    return answer(serving.rank(texts, scored, thresholds, top_k=asked.top_k, raw=asked.function_to_apply == "none"))


@router.post(
    "/predict",
    response_model=list[LabelScore] | list[list[LabelScore]],
    summary="Text Embeddings Inference's sequence classification",
)
async def tei(request: Request, body: TeiRequest) -> Response:
    """Gives all labels, highest first: a flat list for one string, a list of lists for a list.

    `["a", "b"]` are two texts; TEI would read them as a pair, which this model does not. A blank text has no labels.
    """
    texts = [text if isinstance(text, str) else text[0] for text in as_list(body.inputs)]
    serving = service(request)
    scored = await serving.score(request, texts)
    if not body.truncate:
        refuse_cut(serving, scored)
    ranked = serving.rank(texts, scored, raw=bool(body.raw_scores))
    return answer(ranked[0] if isinstance(body.inputs, str) else ranked)


@router.post("/v1/emotions", response_model=EmotionsResponse, summary="Emotions, by the model's own thresholds")
async def emotions(request: Request, body: EmotionsRequest) -> Response:
    """Gives the labels of each text that reach their threshold, as the library's `predict`, and if it was truncated."""
    serving = service(request)
    try:
        thresholds = resolve(body.threshold, serving.classifier.thresholds)
    except (TypeError, ValueError) as error:
        raise ApiError(422, str(error)) from None
    scored = await serving.score(request, body.texts, body.long_text)
    ranked = serving.rank(body.texts, scored, thresholds, top_k=body.top_k, reliable_only=body.reliable_only)
    results: list[dict[str, Any]] = [
        {"emotions": labels, "truncated": truncated, "html_entities": has_entities(text)}
        for text, labels, truncated in zip(body.texts, ranked, scored.truncated.tolist(), strict=True)
    ]
    if body.show_language:
        for row, answered in enumerate(serving.answered(scored, thresholds)):
            results[row] |= answered
    if body.explain:
        given = [row for row, labels in enumerate(ranked) if labels]
        explained = await serving.explain(request, [body.texts[row] for row in given], body.long_text)
        for row, explanation in zip(given, explained, strict=True):
            results[row]["explanation"] = explanation.as_json([entry["label"] for entry in ranked[row]])
    return answer({"results": results})


def as_list(inputs: str | list[Any]) -> list[Any]:
    return [inputs] if isinstance(inputs, str) else inputs


def refuse_cut(serving: Service, scored: Scored) -> None:
    """Refuse texts that were truncated, as TEI does unless ``truncate`` is asked for."""
    if scored.truncated.any():
        limit = serving.classifier.config.max_length
        reads = f"{limit} tokens" if limit else "its encoder takes"
        raise ApiError(
            422,
            f"`inputs` must have at most {reads}, text {int(scored.truncated.argmax())} has more: "
            'ask for "truncate": true, or read it whole with "long_text": "windows" of /v1/emotions',
        )
