"""Who is answered, on which address; slow and cross-site clients."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Run
from running import Server, serving

KEY = "a-key-of-our-own-0123456789"
SECRET = "zanzibar quokka"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on every address of the machine, with a key and short timeouts."""
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(KEY + "\n")
    options = (
        "--host",
        "0.0.0.0",
        "--api-key-file",
        file,
        "--read-timeout",
        1,
        "--cors-origin",
        "https://good.example",
    )
    with serving(*options) as running:
        yield running


def test_beyond_loopback_a_key_is_needed_to_start(cli: Run, tmp_path: Path) -> None:
    done = cli("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert "--api-key-file" in done.stderr
    assert done.stderr.count("\n") == 1
    (tmp_path / "key").write_text("short")
    done = cli("serve", "--host", "0.0.0.0", "--port", "0", "--api-key-file", tmp_path / "key")
    assert done.returncode == 2
    assert "at least 16" in done.stderr
    assert "short" not in done.stderr


def test_without_the_key_only_the_probes_answer(keyed: Server) -> None:
    paths = ["/", "/docs", "/openapi.json", "/info", "/metrics", "/static/page.js", "/nothing", "/health/", "//health"]
    assert [keyed.get(path).status for path in paths] == [401] * len(paths)
    for path in ("/", "/predict", "/v1/emotions", "/nothing"):
        assert keyed.post(path, {"inputs": "a"}).status == 401
    assert keyed.ask("/", None, method="OPTIONS").status == 401
    assert [keyed.get(path).status for path in ("/health", "/ready")] == [200, 200]


@pytest.mark.parametrize(
    "wrong",
    ["Bearer", "Bearer x", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Digest {KEY}", KEY, "Basic !!!", "Bearer \u00e9"],
)
def test_a_wrong_key(keyed: Server, wrong: str) -> None:
    answer = keyed.get("/info", {"Authorization": wrong})
    assert answer.status == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert KEY not in answer.body.decode()


def test_the_key_from_programs_and_from_browsers(keyed: Server) -> None:
    assert keyed.post("/", {"inputs": "a"}, {"Authorization": f"Bearer {KEY}"}).status == 200
    basic = base64.b64encode(f"anyone:{KEY}".encode()).decode()
    assert keyed.get("/", {"Authorization": f"Basic {basic}"}).status == 200


def test_a_key_from_the_environment() -> None:
    with serving(env={"GOEMOTIONS_API_KEY": KEY}) as running:
        assert running.get("/info").status == 401
        assert running.get("/info", {"Authorization": f"Bearer {KEY}"}).status == 200


def test_a_foreign_name_is_refused_without_a_key(server: Server) -> None:
    assert server.get("/info", {"Host": "evil.example"}).status == 403
    assert server.get("/info", {"Host": "localhost:80"}).status == 200
    assert server.get("/info", {"Host": "[::1]:80"}).status == 200


def test_other_origins_are_answered_only_if_listed(server: Server, keyed: Server) -> None:
    asked = {"Origin": "https://good.example", "Access-Control-Request-Method": "POST"}
    allowed = keyed.ask("/v1/emotions", None, asked, method="OPTIONS")
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://good.example"
    foreign = keyed.ask("/v1/emotions", None, asked | {"Origin": "https://evil.example"}, method="OPTIONS")
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Origin" not in server.get("/info", {"Origin": "https://good.example"}).headers


@pytest.mark.parametrize(
    "name", ["../page.py", "%2e%2e/page.py", "..%2fpage.py", "%2fetc%2fpasswd", "..", "index.html%00", "", "C:%5cx"]
)
def test_no_file_is_served_but_the_pages_own(server: Server, name: str) -> None:
    assert server.get("/static/index.html").status == 200
    assert server.get(f"/static/{name}").status == 404


def test_no_address_in_a_request_is_fetched(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.png"
        named = {"Referer": url, "X-Forwarded-For": url, "Forwarded": f"for={url}", "Content-Location": url}
        for path, body in (
            ("/", {"inputs": [url, f"<img src={url}>"]}),
            ("/predict", {"inputs": url}),
            ("/v1/emotions", {"texts": [url], "model": url}),
            (f"/static/{url}", {}),
        ):
            server.post(path, body, named)
        with pytest.raises(TimeoutError):
            listener.accept()


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_slow_clients_are_cut_off(keyed: Server) -> None:
    """One that sends nothing, one that sends its head byte by byte, one that never ends its body."""
    with connect(keyed) as silent, connect(keyed) as dripping, connect(keyed) as endless:
        head = f"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
        endless.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        start = time.monotonic()
        dripping.sendall(b"GET /")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() - start < 8:
                dripping.sendall(b"a")
                time.sleep(0.2)
        assert 0.8 < time.monotonic() - start < 5
        assert silent.recv(100) == b""
        answer = endless.recv(4000)
        assert b" 408 " in answer.splitlines()[0]
        assert b"--read-timeout" in answer


def test_texts_are_not_logged() -> None:
    with serving() as running:
        for path, body in (
            ("/", {"inputs": SECRET}),
            ("/predict", {"inputs": [SECRET, 3]}),
            ("/v1/emotions", {"texts": [SECRET], SECRET: 1}),
            ("/v1/emotions", {"texts": [SECRET], "threshold": {SECRET: 0.5}}),
            (f"/{SECRET.replace(' ', '%20')}", {"inputs": SECRET}),
        ):
            running.post(path, body)
        running.stop()
        assert "Shutting down" in running.log()
        assert "zanzibar" not in running.log()


def test_mistakes_on_the_command_line(cli: Run, server: Server) -> None:
    taken = server.url.rpartition(":")[2]
    for arguments, code, said in (
        (("--port", taken), 1, f"cannot listen on 127.0.0.1 port {taken}"),
        (("no-such-model",), 1, "no model 'no-such-model'"),
        (("no-such-model", "--workers", "2", "--port", "0"), 1, "no model 'no-such-model'"),
        (("--max-queue", "10"), 2, "--max-queue (10) must hold one request"),
        (("--deadline", "0"), 2, "--deadline must be above 0"),
        (("--cors-origin", "*"), 2, "--cors-origin"),
    ):
        done = cli("serve", *arguments)
        assert done.returncode == code
        assert said in done.stderr
        assert "Traceback" not in done.stderr
