"""A request's headers, as ASGI has them."""

from __future__ import annotations

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of a lower-case name, or nothing. Starlette's ``Headers`` copies them all first."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""
