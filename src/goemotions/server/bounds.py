"""Bounds on a request before anything reads it: its kind, its size, and how long it takes to come."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from goemotions.server.errors import send_error
from goemotions.server.headers import header
from goemotions.server.settings import Settings, option

DISCARDED = 8
"""Times the limit: so much of a body that is too large is read and thrown away, so that the client hears why."""

CLOSE = (("Connection", "close"),)


class BodyTooLargeError(Exception):
    pass


class Bounds:
    """Read each request's body whole, within bounds, and hand it on as one message."""

    def __init__(self, app: ASGIApp, settings: Settings, paths: Collection[str]) -> None:
        """
        Args:
            paths: those that take JSON.
        """
        self._app = app
        self._paths = paths
        self._limit = settings.max_body
        self._seconds = settings.read_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        kind = header(scope, b"content-type").partition(";")[0].strip().lower()
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except TimeoutError:
            late = f"the request did not come within {self._seconds:g} s ({option('read_timeout')})"
            await send_error(send, 408, late, CLOSE)
            return
        except BodyTooLargeError:
            large = f"the request is larger than {self._limit} bytes ({option('max_body')}): send fewer texts at once"
            await send_error(send, 413, large, CLOSE)
            return
        if body is None:
            return
        if scope["method"] == "POST" and scope["path"] in self._paths and kind != "application/json":
            await send_error(send, 415, "the Content-Type must be application/json")
            return
        await self._app(scope, once(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the body; None if the client went away.

        Raises:
            BodyTooLargeError: after reading on for a while.
        """
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part: bytes = message.get("body", b"")
            size += len(part)
            if size <= self._limit:
                parts.append(part)
            elif size > self._limit * DISCARDED:
                raise BodyTooLargeError
            if not message.get("more_body", False):
                break
        if size > self._limit:
            raise BodyTooLargeError
        return b"".join(parts)


def once(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives ``body``, then whatever comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return pending.pop() if pending else await receive()

    return next_message
