"""The download against a server on loopback that breaks off, ignores ranges or serves something else."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Run

from goemotions.data import checks, download
from goemotions.data.download import FILES, OfficialFile
from goemotions.errors import DataError

CONTENT = {name: (name * 60_000).encode() for name in ("train.tsv", "dev.tsv", "test.tsv")}
OURS = tuple(OfficialFile(name, len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in CONTENT.items())


@dataclass
class Behaviour:
    """What the server does, and the ranges it was asked for."""

    break_off_after: list[int | None] = field(default_factory=list)  # of each answer, bytes sent; None sends all
    ranges: bool = True
    content: dict[str, bytes] = field(default_factory=lambda: dict(CONTENT))
    asked: list[str | None] = field(default_factory=list)


@contextmanager
def server(behaviour: Behaviour) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Keep the test output clean."""

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            behaviour.asked.append(wanted)
            content = behaviour.content.get(self.path.rpartition("/")[2])
            if content is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and behaviour.ranges else 0
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            sent = behaviour.break_off_after.pop(0) if behaviour.break_off_after else None
            self.wfile.write(content[start:] if sent is None else content[start : start + sent])

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/data"
    finally:
        listening.shutdown()
        listening.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WAIT", 0.0)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_arrive_whole(tmp_path: Path) -> None:
    with server(Behaviour()) as address:
        paths = download.download(tmp_path / "new" / "folder", address, OURS)
    assert contents(tmp_path / "new" / "folder") == CONTENT
    assert [path.name for path in paths] == list(CONTENT)


def test_a_broken_transfer_is_taken_up_where_it_broke(tmp_path: Path) -> None:
    behaviour = Behaviour([1000, 2000])
    with server(behaviour) as address:
        download.download(tmp_path, address, OURS)
    assert contents(tmp_path) == CONTENT
    assert behaviour.asked == [None, "bytes=1000-", "bytes=3000-", None, None]


def test_the_next_run_goes_on_when_every_attempt_broke(tmp_path: Path) -> None:
    behaviour = Behaviour([100] * download.ATTEMPTS)
    with server(behaviour) as address:
        with pytest.raises(DataError, match=r"400 bytes are kept.*--from FOLDER"):
            download.download(tmp_path, address, OURS)
        assert contents(tmp_path) == {"train.tsv.partial": CONTENT["train.tsv"][:400]}
        download.download(tmp_path, address, OURS)
    assert contents(tmp_path) == CONTENT
    assert behaviour.asked[download.ATTEMPTS] == "bytes=400-"


def test_a_server_without_ranges_starts_again(tmp_path: Path) -> None:
    with server(Behaviour([5000], ranges=False)) as address:
        download.download(tmp_path, address, OURS)
    assert contents(tmp_path) == CONTENT


def test_a_whole_partial_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "train.tsv.partial").write_bytes(CONTENT["train.tsv"])
    with server(Behaviour()) as address:
        download.download(tmp_path, address, OURS)
    assert contents(tmp_path) == CONTENT


def test_another_content_is_refused_and_not_kept(tmp_path: Path) -> None:
    with (
        server(Behaviour(content=CONTENT | {"dev.tsv": b"something else"})) as address,
        pytest.raises(DataError, match=r"dev\.tsv .* has SHA-256 \w{64}, expected"),
    ):
        download.download(tmp_path, address, OURS)
    assert contents(tmp_path) == {"train.tsv": CONTENT["train.tsv"]}


def test_what_is_there_is_checked_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_bytes(CONTENT["train.tsv"])
    behaviour = Behaviour()
    with server(behaviour) as address:
        download.download(tmp_path, address, OURS)
        assert len(behaviour.asked) == 2
        for name in ("train.tsv", "test.tsv"):
            (tmp_path / name).write_bytes(b"mine")
        with pytest.raises(DataError, match=r"2 problems: .*train\.tsv is there.*test\.tsv is there"):
            download.download(tmp_path, address, OURS)
    assert (tmp_path / "train.tsv").read_bytes() == b"mine"


def test_a_server_that_does_not_have_it_or_is_not_there(tmp_path: Path) -> None:
    with server(Behaviour(content={})) as address:
        with pytest.raises(DataError, match="the server answers 404"):
            download.download(tmp_path, address, OURS)
        gone = address
    with pytest.raises(DataError, match="cannot be fetched"):
        download.download(tmp_path, gone, OURS)


def test_local_folder_and_file_address(tmp_path: Path) -> None:
    source = tmp_path / "a folder"
    source.mkdir()
    for name, raw in CONTENT.items():
        (source / name).write_bytes(raw)
    for number, address in enumerate((str(source), source.as_uri())):
        download.download(tmp_path / str(number), address, OURS)
        assert contents(tmp_path / str(number)) == CONTENT
    (source / "test.tsv").unlink()
    with pytest.raises(DataError, match=r"no file .*test\.tsv"):
        download.download(tmp_path / "third", str(source), OURS)
    with pytest.raises(DataError, match="no folder"):
        download.download(tmp_path / "fourth", str(tmp_path / "none"), OURS)


def test_no_room_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM_LEFT", 1 << 60)
    behaviour = Behaviour()
    with server(behaviour) as address, pytest.raises(DataError, match="no room for the official files: about 1 MB"):
        download.download(tmp_path, address, OURS)
    assert behaviour.asked == []


def test_command(cli: Run, tmp_path: Path) -> None:
    with server(Behaviour()) as address:  # it serves other content than the official
        done = cli("data", "download", tmp_path / "got", "--from", address)
    assert done.returncode == 1
    assert done.stderr.startswith("error: train.tsv from")
    assert done.stderr.count("\n") == 1


def test_the_official_files_are_those_known(official: object, tmp_path: Path) -> None:
    import os

    folder = Path(os.environ["GOEMOTIONS_DATA"]) / "goemotions"
    for file in FILES:
        assert (folder / file.name).stat().st_size == file.size
    assert [path.name for path in download.download(tmp_path, str(folder))] == [file.name for file in FILES]
