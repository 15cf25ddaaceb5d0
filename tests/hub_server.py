"""A stand-in for the model hub on loopback: the parts of its HTTP API that fetching and uploading a snapshot use."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "a" * 40
LARGE = (".onnx", ".bin", ".safetensors")  # kept apart from the commit, as on the hub (git LFS)


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
            siblings = [{"rfilename": file.name} for file in self.directory.iterdir()]
            content = json.dumps({"id": "org/model", "sha": COMMIT, "siblings": siblings}).encode()
            self._send(200, content, {"Content-Type": "application/json"}, body)
        elif path.startswith("api/models/org/model/tree/"):
            files = [file for file in self.directory.iterdir() if file.is_file()]
            tree = [{"type": "file", "path": file.name, "size": file.stat().st_size, "oid": COMMIT} for file in files]
            self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
        elif path.startswith("org/model/resolve/"):
            content = (self.directory / path.rpartition("/")[2]).read_bytes()
            tag = hashlib.sha256(content).hexdigest()
            self._send(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, body)
        else:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)


class Uploads(Handler):
    """Takes uploads to the one repository ``org/new`` of a user whose token is ``good``; files end in ``directory``."""

    def do_PUT(self) -> None:
        digest = self.path.rpartition("/")[2]
        content = self._body()
        if hashlib.sha256(content).hexdigest() != digest:
            self._send(400, b"", {}, True)
            return
        (self.directory / f".{digest}").write_bytes(content)
        self._send(200, b"", {"ETag": digest}, True)

    def do_POST(self) -> None:
        path, body = self.path.split("?")[0].strip("/"), self._body()
        if self.headers.get("Authorization") != "Bearer good":
            self._send(401, b'{"error": "who are you?"}', {"Content-Type": "application/json"}, True)
            return
        endpoint = f"http://{self.headers['Host']}"
        found: object = {}
        if path == "api/repos/create":
            wanted = json.loads(body)
            (self.directory / ".created").write_text(json.dumps(wanted))
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

    def _commit(self, lines: list[dict[str, dict[str, str]]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                (self.directory / value["path"]).write_bytes(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                (self.directory / f".{value['oid']}").rename(self.directory / value["path"])


@contextmanager
def hub(directory: Path, handler: type[Handler] = Handler) -> Iterator[str]:
    """Serve ``directory``, or take uploads into it, and give the endpoint's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (handler,), {"directory": directory}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
