"""A request's headers, as ASGI has them."""

from __future__ import annotations

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first of a name, which is lower case; empty without one. Starlette's ``Headers`` copies them all first."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""
