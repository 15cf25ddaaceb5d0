"""How a JSON body becomes a request of :mod:`goemotions.server.schemas`: by pydantic alone, straight from its bytes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response


class JsonRoute(APIRoute):
    """A route whose endpoint takes the request and its ``body``, a model, and makes a response.

    FastAPI describes it as any other; its own way from body to endpoint, made for dependencies of every kind, takes
    longer than this server has for a text.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        model: type[BaseModel] = get_type_hints(self.endpoint)["body"]

        async def handle(request: Request) -> Response:
            try:
                body = model.model_validate_json(await request.body())
            except ValidationError as error:
                problems = error.errors(include_url=False, include_input=False)
                raise RequestValidationError(
                    [{**problem, "loc": ("body", *problem["loc"])} for problem in problems]
                ) from None
            response: Response = await self.endpoint(request, body)
            return response

        return handle
