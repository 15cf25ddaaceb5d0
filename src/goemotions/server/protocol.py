"""uvicorn's HTTP connection, with slow clients cut off and open connections told when the server stops."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from goemotions.server.settings import Settings

KEEP_ALIVE = 30
"""Seconds that an idle connection stays open."""

WORKER_PATIENCE = 20
"""Seconds after which a worker that says nothing is replaced. On a busy machine one needs more than uvicorn's five to
start, and would be replaced for ever."""

MAX_HEAD = 65_536
"""Bytes of a request's head; the parser itself knows no limit."""

Parsable = bytes | memoryview

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "INFO", "propagate": False} for name in ("uvicorn", "goemotions")
    },
}
"""Without uvicorn's line a request, which metrics count; a text is in no line."""


class Connection(HttpToolsProtocol):
    """A client's connection.

    A request's head must come within ``read_timeout`` seconds of its first byte (of the connection's opening, for the
    first request), and an answer must be taken within as many. When the server stops, an idle connection stays open
    for ``drain`` seconds: a request that is on its way is answered, and told that the connection ends.
    """

    config: ServerConfig

    def __init__(self, config: ServerConfig, *arguments: Any, **named: Any) -> None:
        super().__init__(config, *arguments, **named)
        self._timeout = config.settings.read_timeout
        self._head: asyncio.TimerHandle | None = None
        self._write: asyncio.TimerHandle | None = None
        self._in_head = False
        self._too_large = False
        self._head_bytes = self._read_of_head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = self.loop.call_later(self._timeout, self._give_up)

    def data_received(self, data: bytes) -> None:
        if self._head is None and self._idle():
            self._head = self.loop.call_later(self._timeout, self._give_up)
        rest: Parsable | None = data
        while rest is not None and not self.transport.is_closing():
            rest = self._feed(rest)

    def _feed(self, data: Parsable) -> memoryview | None:
        """Parse ``data``; return what is left of it after a head that asks for another protocol."""
        in_head, rest = self._in_head, None
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                rest = memoryview(data)[upgrade.args[0] :]
                self._decline()
            if in_head and self._in_head:  # a header that never ends is not given to `on_header`
                self._read_of_head += len(data)
                self._bound(self._read_of_head)
        except httptools.HttpParserError:
            large = f"the head of a request may have {MAX_HEAD} bytes"
            self.send_400_response(large if self._too_large else "the request is not valid HTTP")
            return None
        return rest

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes, self._read_of_head = True, 0, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)
        self._bound(self._head_bytes)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + len(": \r\n")
        self._bound(self._head_bytes)

    def _bound(self, size: int) -> None:
        """End the parsing of a head that is too large; in a callback, the parser raises an error of its own.

        Raises:
            HttpParserError: the head is too large.
        """
        if size > MAX_HEAD:
            self._too_large = True
            raise httptools.HttpParserError

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_head = False
        if self.parser.should_upgrade():
            return
        if self._head is not None:
            self._head.cancel()
            self._head = None
        if self.config.stopping:
            self._end_after_this()

    def _should_upgrade(self) -> bool:
        return True  # so that uvicorn's callbacks leave requests for another protocol to `_decline`

    def _decline(self) -> None:
        """Answer, in HTTP/1.1, a request for another protocol too: Java's client asks for h2c with every first one.

        The parser, made for proxies, takes what follows such a head for the other protocol. So the head is parsed
        again without its wish, and what follows it by the same new parser.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self.send_400_response("this is not a proxy")
            return
        headers = [header for header in self.headers if header[0] not in (b"connection", b"upgrade")]
        lines = [method + b" " + self.url + b" HTTP/1.1", *(name + b": " + value for name, value in headers)]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it
        self.parser.feed_data(b"\r\n".join(lines) + b"\r\n\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._write):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        if self._write is None:
            self._write = self.loop.call_later(self._timeout, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        if self._write is not None:
            self._write.cancel()
            self._write = None
        super().resume_writing()

    def shutdown(self) -> None:
        """End after the answer under way, or after a moment for a request on its way: the server stops."""
        self.config.stopping = True
        if self._idle():
            self.loop.call_later(self.config.settings.drain, self._end_if_idle)
        else:
            self._end_after_this()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _end_after_this(self) -> None:
        self.cycle.keep_alive = False

    def _end_if_idle(self) -> None:
        if self._idle() and not self.transport.is_closing():
            super().shutdown()

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class ServerConfig(uvicorn.Config):
    """Configuration of uvicorn by our settings.

    Attributes:
        stopping: set with the first connection told to end, for those that are accepted at that very moment.
    """

    stopping = False

    def __init__(self, settings: Settings, app: Any, factory: bool = False) -> None:
        self.settings = settings
        super().__init__(
            app,
            factory=factory,
            workers=settings.workers,
            http=Connection,
            ws="none",
            log_config=LOGGING,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=settings.max_connections,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_worker_healthcheck=WORKER_PATIENCE,
            timeout_graceful_shutdown=math.ceil(settings.deadline + settings.read_timeout + settings.drain),
        )
