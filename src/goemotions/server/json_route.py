"""Make a request of :mod:`goemotions.server.schemas` from a JSON body: by pydantic alone, straight from its bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from itertools import islice
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from goemotions.server.errors import ApiError

PARTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)
"""A string, or a sign after which a value begins. It never fails on an open string, so that it reads a body once."""

FEW_PARTS = 10_000
"""Parts of a body besides its texts: more than any request needs, and few enough to read in some milliseconds."""

PARTS_PER_TEXT = 4


class JsonRoute(APIRoute):
    """A route whose endpoint takes the request and its ``body``, a model, and makes a response.

    FastAPI describes it as any other; its own way from body to endpoint, made for dependencies of every kind, takes
    longer than this server has for a text.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        model: type[BaseModel] = get_type_hints(self.endpoint)["body"]

        async def handle(request: Request) -> Response:
            content = await request.body()
            check_parts(content, FEW_PARTS + PARTS_PER_TEXT * request.app.state.service.settings.max_texts)
            try:
                body = model.model_validate_json(content)
            except ValidationError as error:
                problems = error.errors(include_url=False, include_input=False)
                raise RequestValidationError(
                    [{**problem, "loc": ("body", *problem["loc"])} for problem in problems]
                ) from None
            response: Response = await self.endpoint(request, body)
            return response

        return handle


def check_parts(content: bytes, limit: int) -> None:
    """Refuse a body of so many values that reading it would hold up the answers to everyone else.

    The bytes of a body do not say how long it takes: a text of 2 MB is read at once, a million numbers are not.

    Raises:
        ApiError: more than ``limit`` values and signs (413).
    """
    if len(content) > limit and sum(1 for _ in islice(PARTS.finditer(content), limit + 1)) > limit:
        raise ApiError(413, "the body has far more values than a request needs: send fewer texts at once")
