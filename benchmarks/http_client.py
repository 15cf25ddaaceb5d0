"""A small HTTP client for load: connections that stay open, and little work per request, for it shares the cores."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

TIMEOUT = 120.0


class RefusedError(Exception):
    """No connection: the request was never sent."""


class LostError(Exception):
    """A request was sent, and no whole answer came.

    Attributes:
        accepted: whether the server had taken the connection: it had answered on it before. A new one may have been
            in the system's queue when the server let go of its socket.
    """

    def __init__(self, message: str, accepted: bool) -> None:
        super().__init__(message)
        self.accepted = accepted


@dataclass(frozen=True)
class Reply:
    status: int
    head: bytes
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, opened when needed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._answered = False

    @classmethod
    def to(cls, url: str) -> Self:
        host, _, port = url.removeprefix("http://").partition(":")
        return cls(host, int(port))

    async def post(self, path: str, body: bytes) -> Reply:
        """
        Raises:
            RefusedError, LostError: see there.
        """
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection(*self._address, limit=2**22)
            except OSError as error:
                raise RefusedError(str(error)) from error
        reader, writer = self._streams
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        try:
            async with asyncio.timeout(TIMEOUT):
                writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                lines = answer.lower().split(b"\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
                content = await (reader.read() if length is None else reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            answered = self._answered
            self.close()
            raise LostError(f"{type(error).__name__}: {error}", answered) from error
        self._answered = True
        if b"connection: close" in lines:
            self.close()
        return Reply(int(answer[9:12]), answer, content)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
            self._answered = False


Send = Callable[[Client, int], Awaitable[None]]


async def closed_loop(url: str, connections: int, requests: int, send: Send) -> float:
    """Each connection sends its next request as soon as it has its answer; the seconds it took.

    Args:
        send: is given a connection and a request's number, from 0.
    """
    numbers = iter(range(requests))

    async def work() -> None:
        client = Client.to(url)
        for number in numbers:
            await send(client, number)
        client.close()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    return time.perf_counter() - start


async def open_loop(
    url: str, rate: float, requests: int, path: str, bodies: Sequence[bytes]
) -> tuple[list[float], list[int]]:
    """Requests at a steady rate, whether earlier ones are answered or not.

    Returns:
        seconds from when each request was due to its answer, and its status.
    """
    idle: list[Client] = []
    seconds: list[float] = []
    statuses: list[int] = []

    async def one(number: int, due: float) -> None:
        client = idle.pop() if idle else Client.to(url)
        reply = await client.post(path, bodies[number % len(bodies)])
        seconds.append(time.perf_counter() - due)
        statuses.append(reply.status)
        idle.append(client)

    start = time.perf_counter()
    tasks = []
    for number in range(requests):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    for client in idle:
        client.close()
    return seconds, statuses
