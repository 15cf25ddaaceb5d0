"""Errors on the wire: one JSON shape, which clients of Hugging Face's and TEI's APIs read; never with a text in it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from goemotions.errors import ModelError
from goemotions.escaping import one_line

logger = logging.getLogger("goemotions.server")

KINDS = {401: "Unauthorized", 403: "Forbidden", 429: "Overloaded", 503: "Unhealthy", 504: "Timeout"}
"""``error_type`` by status; below 500 all others are ``Validation``, as TEI calls it, above ``Backend``."""

LISTED = 10
"""Problems of one request that its answer names."""

LONGEST_NAME = 80
BRANCHES = ("str", "float", "constrained-float", "constrained-str")
Path = tuple[str | int, ...]


class ErrorBody(BaseModel):
    """The answer to every request that failed."""

    error: str
    error_type: str


class ApiError(Exception):
    """An error for the client.

    Args:
        status: of HTTP.
        message: what was got, what was expected, what to do; without any text of the client's.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def body(status: int, message: str) -> dict[str, str]:
    kind = KINDS.get(status, "Validation" if status < 500 else "Backend")
    return {"error": message, "error_type": kind}


def respond(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(body(status, message), status, headers)


async def send_error(send: Send, status: int, message: str, headers: Sequence[tuple[str, str]] = ()) -> None:
    """Answer with an error from outside the routes."""
    content = json.dumps(body(status, message)).encode()
    given = [("content-type", "application/json"), ("content-length", str(len(content))), *headers]
    raw = [(name.lower().encode(), value.encode()) for name, value in given]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


def add_handlers(app: FastAPI) -> None:
    """Answer every error of a route in our shape."""

    @app.exception_handler(ApiError)
    async def on_api_error(_: Request, error: ApiError) -> Response:
        return respond(error.status, str(error), error.headers)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:  # Starlette names the methods of one route, and a path may have several
            methods = request.app.openapi()["paths"].get(request.url.path, ["get"])
            allowed = ", ".join("GET, HEAD" if method == "get" else method.upper() for method in methods)
            return respond(405, f"{request.method} is not among this path's methods: {allowed}", {"Allow": allowed})
        return respond(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(ModelError)
    async def on_model_error(request: Request, error: ModelError) -> Response:
        """Answer without details, which the log has: the client cannot mend the model, nor is told where it lies."""
        log_failure(request.url.path, error, f": {one_line(str(error))}")
        return respond(500, "the model failed on this request; the server's log says why")

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Response:
        return respond(422, describe(error.errors()))


def describe(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with a request, in one line; of a value of several possible types, all are named."""
    if errors[0]["type"] == "json_invalid":
        return "the body is not valid JSON"
    found: dict[Path, list[str]] = {}
    for error in errors:
        found.setdefault(path(error["loc"][1:]), []).append(explain(error))
    # Of a union's branches, the one that fails deepest is what was meant: no word of the others.
    around = {at[:end] for at in found for end in range(len(at))}
    meant = [(at, why) for at, why in found.items() if at not in around]
    listed = [f"{shown(at) or 'the body'}: {' or '.join(dict.fromkeys(why))}" for at, why in meant[:LISTED]]
    return "; ".join([*listed, f"and {len(meant) - LISTED:,} more"] if len(meant) > LISTED else listed)


def path(parts: Sequence[str | int]) -> Path:
    """Return a path in the body, without the names of a union's branches, as ``list[str]``."""
    return tuple(part for part in parts if isinstance(part, int) or not (part in BRANCHES or "[" in part))


def shown(at: Path) -> str:
    """Return a path as ``inputs[3]`` or ``parameters.top_k``; long names of a client's making are shortened."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:LONGEST_NAME]}" for part in at)
    return "".join(parts).removeprefix(".")


def explain(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown parameter"
    if error["type"] == "missing":
        return "required"
    if error["type"] == "too_long":
        return f"expected a list of one text, got {error['ctx']['actual_length']}: a pair of texts is not read as one"
    message: str = error["msg"]
    return message[:1].lower() + message[1:]


class CatchAll:
    """Answer 500 for a defect of ours and log where it happened, without its message: it could hold a text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log_failure(scope["path"], error)
            if not started:
                await send_error(send, 500, "the server failed on this request; its log says where")


def log_failure(path: str, error: BaseException, why: str = "") -> None:
    """Log where a request failed; ``why`` must hold no text of the client's."""
    logger.error("%s in %s%s\n%s", type(error).__name__, one_line(path), why, where(error))


def where(error: BaseException) -> str:
    """Return the lines of a traceback, without values."""
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
