"""``goemotions label`` as a process: killed and started again, asked by two, and against other sites."""

from __future__ import annotations

import csv
import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Run
from labeller import NAMES, TEXTS, TRUTH, Labeller, write_texts
from own_rows import LABELS
from running import Server, serving

from goemotions.labelling.seat import PRESENT, Seat, TakenError


def options(folder: Path) -> list[object]:
    file = folder / "posts.csv"
    return [file if file.exists() else write_texts(file), "--labels", NAMES, "--output", folder / "labelled.csv"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labelling")


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Server]:
    with serving(*options(folder), command="label") as running:
        yield running


def table(folder: Path) -> dict[int, list[str]]:
    """Return the labels of each row in the output."""
    with (folder / "labelled.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {
            int(line["row"]): [name for name in line["labels"].split(",") if name] for line in csv.DictReader(stream)
        }


def test_an_answer_is_on_the_disk_before_the_next_text_comes(desk: Server, folder: Path) -> None:
    person = Labeller(desk, by_force=True)
    row = person.answer()
    assert table(folder)[row] == [name for name in LABELS if name in TRUTH[TEXTS[row - 1]]]
    assert person.row != row
    at = person.row
    assert person.send("/answer", row=row, labels=[]) == 200  # sent again, as after a lost reply: nothing changes
    assert person.row == at
    assert table(folder)[row] == [name for name in LABELS if name in TRUTH[TEXTS[row - 1]]]
    assert desk.get("/labelled.csv").body == (folder / "labelled.csv").read_bytes()
    assert desk.get("/label-studio.json").json[0]["id"] == row


def test_two_browsers_at_once_are_told(desk: Server) -> None:
    first = Labeller(desk, by_force=True)
    asked = desk.post("/open", {"token": ""})
    assert (asked.status, asked.json["error"]) == (409, "another page labels these texts")
    second = Labeller(desk, by_force=True)
    assert first.send("/answer", row=first.row, labels=[]) == 409
    assert first.send("/present") == 409
    second.answer()
    second.send("/leave")
    assert desk.post("/open", {"token": ""}).status == 200


def test_a_seat_is_free_when_its_page_was_not_heard_of_for_a_while() -> None:
    now = [0.0]
    seat = Seat(lambda: now[0])
    token = seat.take("", by_force=False)
    now[0] = PRESENT - 1
    with pytest.raises(TakenError):
        seat.take("", by_force=False)
    other = seat.take(token, by_force=False)  # the same page, loaded again
    assert other != token
    with pytest.raises(TakenError):
        seat.check(token)
    now[0] += PRESENT
    seat.take("", by_force=False)


def test_what_is_no_answer_is_refused(desk: Server) -> None:
    person = Labeller(desk, by_force=True)
    wrong = ({"row": "1", "labels": []}, {"row": 1}, {"row": 1, "labels": ["nothing"]}, {"row": 1, "labels": [1]})
    assert [person.send("/answer", **content) for content in wrong] == [422] * 4
    assert desk.post("/answer", {"row": 1, "labels": []}).status == 422
    assert desk.post("/answer", b"x" * 200_000).status == 413
    assert desk.get("/static/../app.py").status == 404
    assert desk.get("/docs").status == 404


def test_other_sites_can_neither_read_nor_answer(desk: Server) -> None:
    assert desk.get("/labelled.csv", {"Host": "evil.example"}).status == 403
    assert desk.post("/open", b'{"token": ""}', {"Content-Type": "text/plain"}).status == 415
    said = desk.get("/")
    assert "default-src 'none'" in said.headers["Content-Security-Policy"]
    assert said.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in said.headers


def test_a_second_process_on_one_output_is_refused(desk: Server, folder: Path, cli: Run) -> None:
    done = cli("label", *options(folder), "--port", 0)
    assert done.returncode == 1
    assert "another process is writing" in done.stderr
    assert done.stderr.count("\n") == 1
    assert desk.get("/ready").status == 200


def test_it_stops_with_what_to_do_next(tmp_path: Path, cli: Run) -> None:
    with serving(*options(tmp_path), "--single", command="label") as running:
        person = Labeller(running)
        assert person.send("/answer", row=person.row, labels=["price", "praise"]) == 422
        assert person.send("/answer", row=person.row, labels=["price"]) == 200
        assert running.stop() == 0
        assert "labelled.csv: 1 text answered, 0 skipped, of 70; next: goemotions fit" in running.log()
    assert not (tmp_path / "labelled.csv.lock").exists()
    done = cli("label", *options(tmp_path), "--multi", "--port", 0)
    assert "was begun with another choice of --single" in done.stderr
    done = cli("label", *options(tmp_path), "--single", "--label-studio", tmp_path / "tasks.json")
    assert (done.returncode, (tmp_path / "tasks.json").exists()) == (0, True)


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_at_random_no_answer_is_lost(tmp_path: Path, kills: int) -> None:
    """What the page heard to be kept is kept, whenever the process dies; beside it at most what it did not hear of."""
    heard: dict[int, list[str]] = {}
    generator = random.Random(kills)
    for killed in range(kills):
        with serving(*options(tmp_path), command="label") as running:
            person = Labeller(running)
            assert len(heard) <= person.state["progress"]["answered"] <= len(heard) + killed
            timer = threading.Thread(target=kill_after, args=(running, generator.uniform(0.005, 0.3)))
            timer.start()
            with suppress(OSError, AssertionError):
                while now := person.state["at_hand"]:  # a quick machine comes to the end of the texts
                    person.answer()
                    heard[now["row"]] = [name for name in LABELS if name in TRUTH[now["text"]]]
            timer.join()
    assert heard
    with serving(*options(tmp_path), command="label") as running:
        Labeller(running)
        found = table(tmp_path)
    assert {row: found[row] for row in heard} == heard
    assert len(found) <= len(heard) + kills


def kill_after(server: Server, seconds: float) -> None:
    time.sleep(seconds)
    server.process.kill()
    server.process.wait()
