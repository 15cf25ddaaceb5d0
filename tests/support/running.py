"""Starts real servers for tests: ``goemotions serve`` in a process of its own, on a free port of loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

START_SECONDS = 180
"""Much longer than a server takes to start on a machine that does nothing else."""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Message  # upper and lower case are one
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path
    key: str | None = None

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask(path, None, headers)

    def post(self, path: str, content: object, headers: Mapping[str, str] | None = None) -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask(path, body, {"Content-Type": "application/json", **(headers or {})})

    def ask(self, path: str, body: bytes | None, headers: Mapping[str, str] | None = None, method: str = "") -> Answer:
        request = urllib.request.Request(self.url + path, data=body, headers=dict(headers or {}))
        if method:
            request.method = method
        if self.key is not None and "Authorization" not in request.headers:
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def stop(self, number: int = signal.SIGTERM, within: float = 60) -> int:
        """Send a signal and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(within)


@contextmanager
def serving(
    *options: object,
    env: Mapping[str, str] | None = None,
    key: str | None = None,
    cwd: Path | None = None,
    command: str = "serve",
) -> Iterator[Server]:
    """``goemotions serve --port 0`` with these options (or another command), until the block ends; ready when given."""
    with tempfile.TemporaryDirectory() as folder:
        log_file = Path(folder) / "log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "goemotions", command, "--port", "0", *map(str, options)],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=os.environ | dict(env or {}),
                cwd=cwd,
            )
        server = Server("", process, log_file, key)
        try:
            server.url = wait_until_ready(server)
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def wait_until_ready(server: Server) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        said = re.search(r"serving on (http://\S+):(\d+)", server.log())
        if said is not None:
            server.url = f"http://127.0.0.1:{said[2]}"
            try:
                if server.get("/ready").status == 200:
                    return server.url
            except OSError:
                pass
        if server.process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server did not become ready: {server.log()}")
