"""The page, its parts, and the API's documentation: nothing is fetched from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from goemotions.server.docs_page import render
from goemotions.server.probes import REFUSED

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

router = APIRouter(tags=["page"], responses=REFUSED)


@cache
def asset(name: str) -> Response:
    """Return a file of ``static/``."""
    path = STATIC / name
    return Response(path.read_bytes(), media_type=TYPES[path.suffix])


@cache
def names() -> frozenset[str]:
    """Return the names of the files of ``static/``."""
    return frozenset(path.name for path in STATIC.iterdir())


@router.get("/", response_class=HTMLResponse, summary="The page")
async def index() -> Response:
    """A page on which to paste or drop texts and see their emotions."""
    return asset("index.html")


@router.get("/static/{name}", include_in_schema=False)
async def static(name: str) -> Response:
    if name not in names():
        raise HTTPException(404, "no such file")
    return asset(name)


@router.get("/openapi.json", summary="This description")
async def openapi(request: Request) -> dict[str, Any]:
    """This description of the API, for programs."""
    described: dict[str, Any] = request.app.openapi()
    return described


@router.get("/docs", response_class=HTMLResponse, summary="This description, to read")
async def docs(request: Request) -> Response:
    """This description of the API, for people."""
    return HTMLResponse(render(request.app.openapi()))
