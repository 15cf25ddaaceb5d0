"""A stand-in for the model hub on loopback: the part of its HTTP API that fetching a snapshot uses."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "a" * 40


class Handler(BaseHTTPRequestHandler):
    """Serves the files of one directory as the repository ``org/model`` at its revisions ``main`` and ``v1``."""

    directory: Path

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0].strip("/")
        if path.startswith("api/models/org/model/revision/"):
            revision = path.rpartition("/")[2]
            if revision not in ("main", "v1", COMMIT):
                self._send(404, b"", {"X-Error-Code": "RevisionNotFound"}, body)
                return
            siblings = [{"rfilename": name} for name in self._files()]
            content = json.dumps({"id": "org/model", "sha": COMMIT, "siblings": siblings}).encode()
            self._send(200, content, {"Content-Type": "application/json"}, body)
        elif path.startswith("api/models/org/model/tree/"):
            sizes = {name: (self.directory / name).stat().st_size for name in self._files()}
            tree = [{"type": "file", "path": name, "size": size, "oid": COMMIT} for name, size in sizes.items()]
            self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
        elif path.startswith("org/model/resolve/"):
            content = (self.directory / path.split("/", 4)[4]).read_bytes()
            tag = hashlib.sha256(content).hexdigest()
            self._send(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, body)
        else:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)

    def _files(self) -> list[str]:
        files = [file for file in self.directory.rglob("*") if file.is_file()]
        return [file.relative_to(self.directory).as_posix() for file in files]

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)


@contextmanager
def hub(directory: Path) -> Iterator[str]:
    """Serve ``directory`` and give the endpoint's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"directory": directory}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
