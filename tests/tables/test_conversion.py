"""Output in another format than the input: what is kept, what becomes text, and what is refused before any scoring."""

from __future__ import annotations

import datetime
import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
from awkward import workbook
from table_rows import many_rows, score, write_rows

from goemotions import EmotionClassifier
from goemotions.errors import DataError
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions

pytestmark = pytest.mark.filterwarnings("ignore::goemotions.errors.AssumptionWarning")

DAY, MOMENT = datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5)
ROWS: list[dict[str, Any]] = [
    {"text": "Thanks a lot!", "n": 1, "x": 0.5, "ok": True, "day": DAY, "mixed": "a", "list": [{"a": "ü"}]},
    {"text": None, "n": None, "x": 2.0, "ok": False, "day": None, "mixed": None, "list": None},
]
TYPED = {"n": [1, None], "x": [0.5, 2.0], "ok": [True, False], "day": ["2020-01-02", None], "mixed": ["a", None]}


def write(path: Path) -> Path:
    """Write the rows above in a format that has all of their types."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        rows = [{key: str(value) if key == "day" and value else value for key, value in row.items()} for row in ROWS]
        lines = [json.dumps(row) for row in rows]
        path.write_text(f"[{', '.join(lines)}]" if path.suffix == ".json" else "\n".join(lines))
    return path


def columns(path: Path) -> dict[str, list[Any]]:
    """Read a table back with what reads it for everybody."""
    if path.suffix == ".parquet":
        found: dict[str, list[Any]] = pq.read_table(path).to_pydict()
        return found
    table = open_table(path, "text")
    groups = list(table.groups())
    return {name: [value for group in groups for value in group.column(name)] for name in table.columns}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        (source, output)
        for source in ("in.parquet", "in.jsonl", "in.json")
        for output in ("out.parquet", "out.jsonl", "out.json", "out.jsonl.gz")
        if source.split(".")[1] != output.split(".")[1]
    ],
)
def test_types_are_kept_where_both_formats_have_them(
    classifier: EmotionClassifier, tmp_path: Path, source: str, output: str
) -> None:
    assert score(classifier, write(tmp_path / source), tmp_path / output) == (2, 1, 0)
    got = columns(tmp_path / output)
    assert {name: got[name] for name in TYPED} == TYPED
    nested = [{"a": "ü"}]
    assert got["list"][0] == (json.dumps(nested, ensure_ascii=False) if output == "out.parquet" else nested)
    assert got["emotions"][0][0]["label"] == "gratitude"
    assert got["emotions"][1] == []


@pytest.mark.parametrize("source", ["in.parquet", "in.jsonl"])
def test_cells_of_text(classifier: EmotionClassifier, tmp_path: Path, source: str) -> None:
    score(classifier, write(tmp_path / source), tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "text,n,x,ok,day,mixed,list,emotions,truncated"
    assert lines[1].startswith('Thanks a lot!,1,0.5,true,2020-01-02,a,"[{""a"": ""ü""}]",')
    assert lines[2] == ",,2.0,false,,,,[],false"


def test_a_workbook_becomes_a_workbook_or_text(classifier: EmotionClassifier, tmp_path: Path) -> None:
    head = ["id", "text", "day", "moment", "ok"]
    rows: list[list[Any]] = [
        head,
        [1, "Thanks a lot!", DAY, MOMENT, True],
        [2.5, "", "", "", False],
        [3, 42, DAY, "", ""],
    ]
    source = tmp_path / "in.xlsx"
    source.write_bytes(workbook({"One": rows, "Two": [["other"]]}))
    assert score(classifier, source, tmp_path / "out.xlsx") == (3, 1, 0)
    got = python_calamine.load_workbook(tmp_path / "out.xlsx").get_sheet_by_index(0).to_python()
    assert got[0] == [*head, "emotions", "truncated"]
    assert got[1][:5] == [1, "Thanks a lot!", DAY, MOMENT, True]
    assert json.loads(str(got[1][5]))[0]["label"] == "gratitude"
    assert got[3][:2] == [3, "42"]  # a text that a sheet made a number is one again
    score(classifier, source, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == (tmp_path / "out.xlsx").read_bytes()
    score(classifier, source, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1].startswith("1,Thanks a lot!,2020-01-02,2020-01-02T03:04:05,true,")
    assert lines[2] == "2.5,,,,false,[],false"


def test_a_database_is_read_by_a_query(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.db"
    with sqlite3.connect(source) as connection:
        connection.execute("CREATE TABLE comments (id INTEGER, body TEXT, size REAL)")
        connection.executemany("INSERT INTO comments VALUES (?, ?, ?)", [(1, "Thanks a lot!", 0.5), (2, None, None)])
        connection.execute("CREATE TABLE others (id INTEGER)")
    connection.close()
    query = "SELECT id, body AS text FROM comments ORDER BY id DESC;"
    table = open_table(source, "text", reading(query))
    assert [group.column("text") for group in table.groups()] == [[None, "Thanks a lot!"]]
    score(classifier, source, tmp_path / "out.jsonl", reading=reading(query))
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1])["id"] == 1
    for wrong, message in (
        (None, "say what to read, --query 'SELECT … FROM …'; its tables: comments, others"),
        ("SELECT id FROM comments", "no column 'text'; columns: id"),
        ("SELEC id", 'the query fails: near "SELEC": syntax error'),
        ("SELECT id AS text FROM comments", r"row 1: 'text' must be a text, got 1; CAST\(text AS TEXT\)"),
        ("DELETE FROM comments", "the query fails: not authorized: it can only read"),
        ("ATTACH 'other.db' AS other", "the query fails: not authorized"),
    ):
        with pytest.raises(DataError, match=message):
            score(classifier, source, tmp_path / "wrong.csv", reading=reading(wrong))
    with pytest.raises(DataError, match="SQLite is read but not written"):
        score(classifier, source, tmp_path / "out.sqlite", reading=reading(query))


def reading(query: str | None) -> ReadOptions:
    return ReadOptions(query=query)


def test_what_a_workbook_does_not_hold_is_said_before_any_scoring(
    classifier: EmotionClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_rows(tmp_path / "in.csv", [{"text": "x" * 32_768}])
    with pytest.raises(DataError, match="a text has 32,768 characters, but a cell holds 32,767"):
        score(classifier, source, tmp_path / "out.xlsx")
    monkeypatch.setattr("goemotions.tables.workbook.ROWS", 10)
    with pytest.raises(DataError, match="10 rows, but a sheet holds 10: give the output another ending"):
        score(classifier, write_rows(tmp_path / "many.csv", many_rows(10)), tmp_path / "out.xlsx")
    with pytest.raises(DataError, match=r"of workbooks only \.xlsx is written"):
        score(classifier, source, tmp_path / "out.xls")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "many.csv"]


def test_columns_of_one_name_have_no_place_in_another_format(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,n,n\na,1,2\n")
    with pytest.raises(DataError, match="several columns of one name: n"):
        score(classifier, source, tmp_path / "out.jsonl")
    score(classifier, source, tmp_path / "out.csv")  # but in its own


def test_no_rows_in_another_format(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,text\n")
    for ending in ("parquet", "xlsx", "json", "jsonl", "tsv"):
        assert score(classifier, source, tmp_path / f"out.{ending}") == (0, 0, 0)
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["id", "text", "emotions", "truncated"]
    assert json.loads((tmp_path / "out.json").read_text()) == []
    assert (tmp_path / "out.tsv").read_text() == "id\ttext\temotions\ttruncated\n"
