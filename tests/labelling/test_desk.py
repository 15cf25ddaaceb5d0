"""A labelling without its page: what comes next, the way back, what is set aside, and figures as they grow."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from labeller import TEXTS, TRUTH, write_texts
from own_rows import LABELS

from goemotions import DataError
from goemotions.errors import AssumptionWarning
from goemotions.fitting.rows import read_rows
from goemotions.labelling.desk import BLOCK, Desk, NotAtHandError
from goemotions.labelling.order import Order
from goemotions.labelling.run import Job, Opened, make_desk, opened
from goemotions.labelling.texts import read_texts


def nothing(share: float) -> None:
    """Pass over progress."""


def job(folder: Path, **options: object) -> Job:
    file = folder / "posts.csv"
    if not file.exists():
        write_texts(file)
    return Job(file, folder / "labelled.csv", LABELS, **options)  # type: ignore[arg-type]


def answer(desk: Desk, count: int) -> list[int]:
    """Give so many right answers, and return their rows."""
    rows = []
    for _ in range(count):
        now = desk.at_hand
        assert now is not None
        desk.answer(now.row, TRUTH[now.text], skipped=False)
        rows.append(now.row)
    return rows


def written(found: Opened) -> list[dict[str, str]]:
    with found.job.output.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_tenth_is_set_aside_figures_grow_and_all_texts_come_once(tmp_path: Path) -> None:
    with opened(job(tmp_path, order=Order.uncertain)) as found:
        desk = make_desk(found, nothing)
        rows = answer(desk, 40)
        progress = desk.progress
        assert (progress.answered, progress.aside, progress.texts) == (40, 4, 70)
        assert [one.answers for one in progress.measured] == [10, 20, 30, 40]
        assert [one.aside_answers for one in progress.measured] == [1, 2, 3, 4]
        assert progress.measured[-1].left_out.value is not None
        assert progress.measured[-1].aside is None  # four are too few for a figure
        rows += answer(desk, 30)
        assert desk.at_hand is None
        assert sorted(rows) == list(range(1, 71))
        last = desk.progress.measured[-1]
        assert last.aside is not None
        assert last.aside_answers == 7
        lines = written(found)
    assert [line["text"] for line in lines] == TEXTS
    assert [line["labels"].split(",") if line["labels"] else [] for line in lines] == [
        [label for label in LABELS if label in TRUTH[text]] for text in TEXTS
    ]
    assert Counter(line["part"] for line in lines) == {"set aside": 7, "chosen": 63}
    assert (lines[0]["row"], lines[0]["id"]) == ("1", "100")


@pytest.mark.parametrize("order", [Order.random, Order.uncertain])
def test_it_goes_on_where_it_was_with_the_same_texts(tmp_path: Path, order: Order) -> None:
    with opened(job(tmp_path, order=order)) as found:
        first = answer(make_desk(found, nothing), 2 * BLOCK)
    with opened(job(tmp_path, order=order)) as found:
        desk = make_desk(found, nothing)
        assert list(desk.answers) == first
        assert len(desk.progress.measured) == 2
        rest = answer(desk, BLOCK)
    assert not set(rest) & set(first)
    (tmp_path / "other").mkdir()
    with opened(job(tmp_path / "other", order=order)) as found:
        assert answer(make_desk(found, nothing), 3 * BLOCK) == first + rest


def test_skipping_and_going_back(tmp_path: Path) -> None:
    with opened(job(tmp_path)) as found:
        desk = make_desk(found, nothing)
        desk.back()  # there is nothing before the first
        rows = answer(desk, 2)
        third = desk.at_hand
        assert third is not None
        desk.answer(third.row, ["price"], skipped=True)
        fourth = desk.at_hand
        desk.back()
        desk.back()
        second = desk.at_hand
        assert second is not None
        assert (second.row, second.number) == (rows[1], 2)
        assert second.before is not None
        with pytest.raises(NotAtHandError):
            desk.answer(third.row, [], skipped=False)
        desk.answer(second.row, ["praise", "delivery"], skipped=False)
        again = desk.at_hand
        assert again is not None
        assert again.before is not None
        assert again.before.skipped
        desk.answer(third.row, [], skipped=True)
        assert desk.at_hand == fourth
        assert (desk.progress.answered, desk.progress.skipped) == (2, 1)
        lines = {int(line["row"]): line["labels"] for line in written(found)}
        assert lines == {
            rows[0]: ",".join(x for x in LABELS if x in TRUTH[TEXTS[rows[0] - 1]]),
            rows[1]: "delivery,praise",
        }
        found.write_label_studio(tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert {task["id"]: task["annotations"][0]["was_cancelled"] for task in tasks} == {
        rows[0]: False, rows[1]: False, third.row: True
    }  # fmt: skip
    task = next(task for task in tasks if task["id"] == rows[1])
    assert task["data"]["text"] == second.text
    assert task["annotations"][0]["result"] == [
        {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": ["delivery", "praise"]}}
    ]


def test_a_sample_is_shown_in_its_order_and_keeps_its_columns(tmp_path: Path) -> None:
    rows = "".join(f"{row},{row / 10},{TEXTS[row]}\n" for row in (40, 3, 12, 9))
    (tmp_path / "posts.csv").write_text("row,weight,text\n" + rows.replace(", ", " "), encoding="utf-8")
    with pytest.warns(AssumptionWarning, match="a sample, shown in its order"), opened(job(tmp_path)) as found:
        desk = make_desk(found, nothing)
        shown = []
        while (now := desk.at_hand) is not None:
            desk.answer(now.row, ["price"], skipped=False)
            shown.append(now.row)
        assert shown == [1, 2, 3, 4]
        lines = written(found)
    assert list(lines[0]) == ["row", "weight", "text", "labels", "part"]
    assert [(line["row"], line["weight"]) for line in lines] == [
        ("40", "4.0"),
        ("3", "0.3"),
        ("12", "1.2"),
        ("9", "0.9"),
    ]


def test_the_usual_order_is_random_and_sets_nothing_aside(tmp_path: Path) -> None:
    with opened(job(tmp_path)) as found:
        desk = make_desk(found, nothing)
        rows = answer(desk, 20)
        assert desk.progress.aside == 0
        assert rows != sorted(rows)
        assert {line["part"] for line in written(found)} == {"random"}


def test_fit_reads_the_output(tmp_path: Path) -> None:
    with opened(job(tmp_path)) as found:
        answer(make_desk(found, nothing), 30)
    rows = read_rows(tmp_path / "labelled.csv")
    assert len(rows) == 30
    assert set(rows.labels) == set(LABELS)
    assert all(
        {rows.labels[place] for place in target.nonzero()[0]} == set(TRUTH[text])
        for text, target in zip(rows.texts, rows.targets, strict=True)
    )


def test_texts_are_read_once_and_some_of_very_many_are_drawn(tmp_path: Path) -> None:
    file = write_texts(tmp_path / "posts.csv", [*TEXTS, TEXTS[4].upper(), " ", *TEXTS[:2]])
    with pytest.warns(AssumptionWarning, match="1 without a text and 3 with a text that stands before"):
        assert read_texts(file, "text", False, 0).texts == TEXTS
    write_texts(file)
    with pytest.warns(AssumptionWarning, match="20 of 70 texts are drawn at random"):
        found = read_texts(file, "text", False, 0, most=20)
    assert found.rows == tuple(sorted(found.rows)) != tuple(range(1, 21))
    assert found.texts == [TEXTS[row - 1] for row in found.rows]
    assert len(read_texts(file, "text", True, 0, most=20)) == 70


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    write_texts(tmp_path / "posts" / "a.csv", TEXTS[:5])
    write_texts(tmp_path / "posts" / "b.csv", TEXTS[5:9])
    with opened(Job(tmp_path / "posts", tmp_path / "labelled.csv", LABELS)) as found:
        assert found.texts.texts == TEXTS[:9]
    write_texts(tmp_path / "posts" / "b.csv", TEXTS[5:8])
    changed = opened(Job(tmp_path / "posts", tmp_path / "labelled.csv", LABELS))
    with pytest.raises(DataError, match="another content of the file"), changed:
        pass


def test_an_output_that_somebody_changed_is_not_replaced(tmp_path: Path) -> None:
    with opened(job(tmp_path)) as found:
        desk = make_desk(found, nothing)
        answer(desk, 3)
        before = found.job.output.read_bytes()
        answer(desk, 2)
    output = tmp_path / "labelled.csv"
    output.write_bytes(before)  # as after a crash, or while a spreadsheet held it
    with opened(job(tmp_path)) as found:
        assert len(written(found)) == 5
    output.write_bytes(before + b"71,171,mine,price,chosen\n")
    with pytest.raises(DataError, match="was changed since it was written"), opened(job(tmp_path)):
        pass
    (tmp_path / "labelled.csv.journal").unlink()
    with pytest.raises(DataError, match="name another --output"), opened(job(tmp_path)):
        pass


def test_answers_are_kept_where_the_output_cannot_be_written(tmp_path: Path) -> None:
    with opened(job(tmp_path)) as found:
        desk = make_desk(found, nothing)
        answer(desk, 1)
        found.job.output.unlink()
        found.job.output.mkdir()  # as a spreadsheet that holds it
        answer(desk, 1)
        assert "directory" in desk.unwritten
        found.job.output.rmdir()
        answer(desk, 1)
        assert desk.unwritten == ""
        assert len(written(found)) == 3


def test_every_problem_with_what_is_asked_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"named twice: a; labels with .*: b;c; --output must end in \.csv"):
        Job(tmp_path / "posts.csv", tmp_path / "out.xlsx", ("a", "b;c", "a"))
    with pytest.raises(ValueError, match=r"must name the labels.*; --single needs at least two labels; .*name another"):
        Job(tmp_path / "posts.csv", tmp_path / "posts.csv", ("",), single=True)
