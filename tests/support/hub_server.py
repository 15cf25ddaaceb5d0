"""A stand-in for the model hub on loopback: the parts of its HTTP API that fetching and uploading a snapshot use."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "a" * 40
LARGE = (".onnx", ".bin", ".safetensors")  # kept apart from the commit, as on the hub (git LFS)


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


class Uploads(Handler):
    """Takes uploads to the one repository ``org/new`` of a user whose token is ``good``; files end in its directory."""

    @property
    def target(self) -> Path:
        return self.repositories["org/new"]

    def _answer(self, body: bool) -> None:
        if self._known():
            super()._answer(body)

    def _known(self) -> bool:
        """Whether the token is good; if not, says so."""
        good = self.headers.get("Authorization") == "Bearer good"
        if not good:
            self._send(401, b'{"error": "who are you?"}', {"Content-Type": "application/json"}, True)
        return good

    def do_PUT(self) -> None:
        digest = self.path.rpartition("/")[2]
        content = self._body()
        if hashlib.sha256(content).hexdigest() != digest:
            self._send(400, b"", {}, True)
            return
        (self.target / f".{digest}").write_bytes(content)
        self._send(200, b"", {"ETag": digest}, True)

    def do_POST(self) -> None:
        path, body = self.path.split("?")[0].strip("/"), self._body()
        if not self._known():
            return
        endpoint = f"http://{self.headers['Host']}"
        found: object = {}
        if path == "api/repos/create":
            wanted = json.loads(body)
            (self.target / ".created").write_text(json.dumps(wanted))
            found = {"url": f"{endpoint}/{wanted['organization']}/{wanted['name']}"}
        elif path.startswith("api/models/org/new/preupload/"):
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = {name: "lfs" if name.endswith(LARGE) else "regular" for name in names}
            found = {"files": [{"path": n, "uploadMode": m, "shouldIgnore": False} for n, m in modes.items()]}
        elif path == "org/new.git/info/lfs/objects/batch":
            objects = [
                {"oid": o["oid"], "size": o["size"], "actions": {"upload": {"href": f"{endpoint}/lfs/{o['oid']}"}}}
                for o in json.loads(body)["objects"]
            ]
            found = {"transfer": "basic", "objects": objects}
        elif path.startswith("api/models/org/new/commit/"):
            self._commit([json.loads(line) for line in body.splitlines()])
            found = {"commitUrl": f"{endpoint}/org/new/commit/{COMMIT}", "commitOid": COMMIT}
        elif not path.startswith(("api/validate-yaml", "api/models/org/new/branch/")):
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, True)
            return
        self._send(200, json.dumps(found).encode(), {"Content-Type": "application/json"}, True)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _commit(self, lines: list[Any]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                (self.target / value["path"]).write_bytes(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                (self.target / f".{value['oid']}").rename(self.target / value["path"])


@contextmanager
def hub(directory: Path | Mapping[str, Path], commit: str = COMMIT, handler: type[Handler] = Handler) -> Iterator[str]:
    """Serve a directory as the repository ``org/model``, or several by their ids, and give the endpoint's address."""
    repositories = {"org/model": directory} if isinstance(directory, Path) else directory
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Bound", (handler,), {"repositories": repositories, "commit": commit})
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
