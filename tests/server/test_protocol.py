"""The connection: heads of every size, wishes for other protocols, and what it takes from inside uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import time

import pytest
import uvicorn
from running import Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from goemotions.server.protocol import MAX_HEAD

UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            found += part
    return found


def test_an_endless_head_is_refused(server: Server) -> None:
    with connect(server) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for number in range(400_000):
                endless.sendall(f"X-{number}: {'x' * 100}\r\n".encode())
            raise AssertionError("40 MB of headers were taken")


@pytest.mark.parametrize(
    "head",
    [
        f"GET /health HTTP/1.1\r\nHost: localhost\r\nX: {'x' * MAX_HEAD}\r\n\r\n",
        f"GET /health?{'x' * MAX_HEAD} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\n" + "X: yz\r\n" * (MAX_HEAD // 7) + "\r\n",
        f"GET /health HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}X: {'x' * MAX_HEAD}\r\n\r\n",
    ],
    ids=["one header", "an address", "many headers", "another protocol"],
)
def test_a_large_head_that_comes_at_once_is_refused(server: Server, head: str) -> None:
    """Fault 17: only heads that came in several reads were bounded."""
    with connect(server) as connection:
        connection.sendall(head.encode())
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert str(MAX_HEAD).encode() in answer


def test_heads_below_the_bound_are_answered_on_one_connection(server: Server) -> None:
    head = f"GET /health HTTP/1.1\r\nHost: localhost\r\nX: {'x' * (MAX_HEAD - 1000)}\r\n"
    with connect(server) as connection:
        connection.sendall(f"{head}\r\n{head}\r\n{head}Connection: close\r\n\r\n".encode())
        assert everything(connection).count(b"HTTP/1.1 200 OK") == 3


def test_a_wish_for_another_protocol_is_declined(server: Server) -> None:
    """As Java's client has it, also with a body; and the connection goes on."""
    body = b'{"texts": ["Thank you!"]}'
    head = (
        f"POST /v1/emotions HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with connect(server) as java:
        for pause in (0.0, 0.1, 0.0):
            java.sendall(head.encode())
            time.sleep(pause)
            java.sendall(body)
            answer = b""
            while b"gratitude" not in answer:
                answer += java.recv(4000)
                assert b"HTTP/1.1 200 OK" in answer
    with connect(server) as proxied:
        proxied.sendall(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
        assert b" 400 " in proxied.recv(4000).splitlines()[0]


@pytest.mark.parametrize("pause", [0.0, 0.01], ids=["at once", "in two parts"])
def test_thousands_of_such_wishes_on_one_connection(server: Server, pause: float) -> None:
    """Fault 17: each was parsed within the parsing of the one before, which ended at Python's recursion limit."""
    number = 3000
    wishes = f"GET /health HTTP/1.1\r\nHost: a\r\n{UPGRADE}\r\n".encode() * number
    last = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(wishes[: len(wishes) // 2])
        time.sleep(pause)
        connection.sendall(wishes[len(wishes) // 2 :] + last)
        assert everything(connection).count(b"HTTP/1.1 200 OK") == number + 1
    assert server.get("/ready").status == 200


def test_what_is_taken_from_inside_uvicorn_is_there() -> None:
    """Fault 13: ``server/protocol.py`` and ``server/run.py`` override and read what uvicorn does not call public."""
    for owner, names in {
        HttpToolsProtocol: "connection_made connection_lost data_received pause_writing resume_writing shutdown "
        "on_message_begin on_url on_header on_headers_complete send_400_response _should_upgrade "
        "_unset_keepalive_if_required",
        Multiprocess: "run terminate_all keep_subprocess_alive",
    }.items():
        for name in names.split():
            assert inspect.isfunction(getattr(owner, name)), f"{owner.__name__}.{name}"

    async def connection() -> HttpToolsProtocol:  # it asks for the running loop
        return HttpToolsProtocol(uvicorn.Config(app=print), ServerState(), app_state={})

    protocol = asyncio.run(connection())
    assert {"config", "parser", "headers", "cycle", "transport", "loop"} <= set(vars(protocol))
    arguments = set(inspect.signature(RequestResponseCycle).parameters)
    assert {"keep_alive", "on_response", "transport"} <= arguments
    assert {"pid", "exitcode"} <= {name for name, _ in inspect.getmembers(Process)}
    assert STARTUP_FAILURE != 0
