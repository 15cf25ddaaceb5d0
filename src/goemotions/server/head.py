"""HEAD, answered as GET without its content: for monitors and load balancers that ask so."""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = "/static/"


class Head:
    """Answer HEAD wherever GET is answered."""

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        """
        Args:
            paths: that GET is answered at, beside the page's :data:`FILES`.
        """
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" and scope["method"] == "HEAD" else ""
        if path not in self._paths and not path.startswith(FILES):
            await self._app(scope, receive, send)
            return

        async def without_content(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_content)
