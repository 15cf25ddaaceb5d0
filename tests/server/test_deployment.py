"""The Dockerfile by a linter, and two servers behind a real nginx with the configuration of the docs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from debian import need
from running import Answer, Server, serving

ROOT = Path(__file__).parents[2]
NGINX = Path("/usr/sbin/nginx")
FRAME = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_no_rights_and_no_source() -> None:
    *_, last = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")
    users = re.findall(r"^USER (\S+)", last, re.MULTILINE)
    assert users == ["10001:10001"]
    copied = re.findall(r"^COPY (.*)", last, re.MULTILINE)
    assert copied == ["--from=build /dist/*.whl /tmp/dist/", "tests/constraints.txt /tmp/constraints.txt"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def nginx(folder: Path, backends: list[Server]) -> Iterator[str]:
    """nginx with the site of docs/serving.md, on other ports; its address."""
    docs = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    site = re.search(r"```nginx\n(.*?)```", docs, re.DOTALL)
    assert site is not None
    port = free_port()
    text = site[1].replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    for said, backend in zip(("127.0.0.1:8081", "127.0.0.1:8082"), backends, strict=True):
        assert said in text
        text = text.replace(said, backend.url.removeprefix("http://"))
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, site=text))
    process = subprocess.Popen([NGINX, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(os.name == "nt", reason="nginx of Debian")
def test_two_servers_behind_nginx(tmp_path: Path) -> None:
    need(NGINX, "nginx-light")
    options = ("--threads", 1)
    with serving(*options) as first, serving(*options) as second, nginx(tmp_path, [first, second]) as url:
        front = Server(url, first.process, first.log_file)
        assert "<title>goemotions</title>" in front.get("/").body.decode()
        for _ in range(20):
            assert front.post("/predict", {"inputs": "Thank you!"}).json[0]["label"] == "gratitude"
        answered = [int(count(server)) for server in (first, second)]
        assert sum(answered) == 20
        assert min(answered) > 0
        wrong = front.post("/v1/emotions", {"texts": ["a"], "nothing": 1})
        assert (wrong.status, wrong.json["error"]) == (422, "nothing: unknown parameter")
        first.process.kill()
        first.process.wait()
        for _ in range(20):
            assert front.post("/", {"inputs": "Thank you!"}).status == 200


def count(server: Server) -> float:
    figures: Answer = server.get("/metrics")
    line = re.search(r'requests_total\{path="/predict",status="200"\} (\S+)', figures.body.decode())
    return float(line[1]) if line else 0.0


def test_the_docs_requests(server: Server, tmp_path: Path) -> None:
    docs = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8").replace("http://127.0.0.1:8080", server.url)
    commands = re.findall(r"^curl (?:.*\\\n)*.*", docs, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
        assert '"label":' in done.stdout
    python = re.search(r"```python\n(.*?)```", docs, re.DOTALL)
    assert python is not None
    scope: dict[str, object] = {}
    exec(python[1].replace("client.text", "found = client.text"), scope)
    assert len(scope["found"]) == 3  # type: ignore[arg-type]


def test_the_docs_key(tmp_path: Path) -> None:
    docs = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    make = re.search(r"^python -c .* > key$", docs, re.MULTILINE)
    assert make is not None
    command = make[0].replace("python", sys.executable, 1)
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    with serving("--api-key-file", tmp_path / "key", key=(tmp_path / "key").read_text().strip()) as running:
        assert running.get("/info").status == 200
