"""Cells that a spreadsheet would compute: behind an apostrophe in CSV outputs, unless they are to be kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from conftest import Run

CELLS = [
    ("=1+1", True),
    (' =HYPERLINK("http://a.b")', True),
    ("+cmd|' /C calc'!A0", True),
    ("@SUM(1+1)*cmd", True),
    ("-2+3", True),
    ("\t=1", True),
    ("-5", False),
    ("+1.5", False),
    ("-1e-05", False),
    ("@anna thanks!", False),
    ("- a list, (really)", False),
    ("-", False),
    ("a=1", False),
    ("Thank you!", False),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["id", "text"], *([number, cell] for number, (cell, _) in enumerate(CELLS))])
    return path


def texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


def test_only_what_would_be_computed_changes_and_it_is_said(cli: Run, source: Path, tmp_path: Path) -> None:
    done = cli("predict", "--input", source, "--output", tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / "out.csv") == [f"'{cell}" if computed else cell for cell, computed in CELLS]
    assert "6 cells of out.csv that a spreadsheet would compute begin with an apostrophe (--raw" in done.stderr
    kept = cli("predict", "--input", source, "--output", tmp_path / "raw.csv", "--raw")
    assert texts(tmp_path / "raw.csv") == [cell for cell, _ in CELLS]
    assert "apostrophe" not in kept.stderr
    assert cli("predict", "hi", "--raw").stderr.count("--raw goes with --input and --output") == 1


def test_from_another_format_too(cli: Run, tmp_path: Path) -> None:
    lines = [json.dumps({"=name": cell, "text": cell}) for cell, _ in CELLS]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = cli("predict", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.tsv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert [row["'=name"] for row in rows] == [f"'{cell}" if computed else cell for cell, computed in CELLS]
