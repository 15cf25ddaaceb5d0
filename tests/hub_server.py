"""A stand-in for the model hub on loopback: the part of its HTTP API that fetching a snapshot uses."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "a" * 40


class Handler(BaseHTTPRequestHandler):
    """Serves directories as repositories, each at its revisions ``main`` and ``v1``."""

    repositories: Mapping[str, Path]
    commit: str

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0].strip("/")
        parts = path.removeprefix("api/models/").split("/")
        name, verb, rest = "/".join(parts[:2]), parts[2] if len(parts) > 2 else "", parts[3:]
        directory = self.repositories.get(name)
        if directory is None:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
        elif verb == "revision" and rest[0] not in ("main", "v1", self.commit):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"}, body)
        elif verb == "revision":
            siblings = [{"rfilename": name} for name in files_of(directory)]
            content = json.dumps({"id": name, "sha": self.commit, "siblings": siblings}).encode()
            self._send(200, content, {"Content-Type": "application/json"}, body)
        elif verb == "tree":
            sizes = {name: (directory / name).stat().st_size for name in files_of(directory)}
            tree = [{"type": "file", "path": name, "size": size, "oid": self.commit} for name, size in sizes.items()]
            self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
        else:
            content = (directory / "/".join(rest[1:])).read_bytes()
            tag = hashlib.sha256(content).hexdigest()
            self._send(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": self.commit}, body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)


def files_of(directory: Path) -> list[str]:
    return [file.relative_to(directory).as_posix() for file in directory.rglob("*") if file.is_file()]


@contextmanager
def hub(directory: Path | Mapping[str, Path], commit: str = COMMIT) -> Iterator[str]:
    """Serve a directory as the repository ``org/model``, or several by their ids, and give the endpoint's address."""
    repositories = {"org/model": directory} if isinstance(directory, Path) else directory
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Bound", (Handler,), {"repositories": repositories, "commit": commit})
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
