"""Fuzzed tables: whatever cells, objects or bytes a file holds, they come out as they were, or an error names them."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from table_rows import many_rows, write_rows

from goemotions.errors import AssumptionWarning, DataError
from goemotions.tables.formats import open_table
from goemotions.tables.table import KeptTable, Kind, NewColumn

EMOTIONS = NewColumn("emotions", Kind.RANKED)
SCORE = NewColumn("score_joy", Kind.SCORE)
RANKED = [{"label": 'a "label", with everything\n', "score": 0.5}]

pytestmark = pytest.mark.filterwarnings(f"ignore::{AssumptionWarning.__module__}.AssumptionWarning")

characters = st.characters(codec="utf-8") | st.sampled_from("\r\n\",;\t\0\ufeff\u2028'\\{}[]:")
cells = st.text(characters, max_size=8)
names = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=6)
numbers = st.sampled_from(["1e400", "0.10", "-0", "1E+2", "9" * 5000, "NaN", "-Infinity", "123456789012345678901", "0"])


def fuzz(test: Callable[..., None], cases: int) -> Callable[..., None]:
    chosen = settings(
        max_examples=cases,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=cases < 1000,
    )
    return chosen(test)


def rewritten(name: str, content: bytes) -> bytes:
    """Return a table with two columns added to it, as a job writes it."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, name), Path(folder, "out")
        source.write_bytes(content)
        table = open_table(source, "text")
        assert isinstance(table, KeptTable)
        new = [EMOTIONS, SCORE]
        table.check_columns([column.name for column in new])
        parts: list[Path] = []
        for group in table.groups():
            table.check_group(group, [column.name for column in new])
            parts.append(Path(folder, f"part{len(parts)}"))
            table.write_part(parts[-1], group, {EMOTIONS: [RANKED] * len(group), SCORE: [0.25] * len(group)})
        table.assemble(parts, output, new)
        return output.read_bytes()


def read_csv(content: bytes, delimiter: str) -> list[list[str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return [row for row in csv.reader(text, delimiter=delimiter, strict=True) if row]


@st.composite
def written_tables(draw: st.DrawFn, delimiter: str) -> tuple[list[list[str]], bytes]:
    """Draw a table's rows and its bytes, as Python's writer makes them."""
    width = draw(st.integers(1, 4))
    header = ["text", *(f"c{i}" for i in range(1, width))]
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=5))
    # Python's writer quotes a lone carriage return only where rows end with one.
    quoting: Any
    quoting, end = draw(st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]))
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([header, *rows])
    text = stream.getvalue()
    if draw(st.booleans()):
        text = text.removesuffix(end)
    return [header, *rows], (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + text.encode("utf-8")


def check_cells(drawn: tuple[list[list[str]], bytes], name: str, delimiter: str) -> None:
    rows, content = drawn
    got = rewritten(name, content)
    read = read_csv(got, delimiter)
    assert [row[:-2] for row in read] == rows
    assert read[0][-2:] == ["emotions", "score_joy"]
    assert all((json.loads(row[-2]), row[-1]) == (RANKED, "0.25") for row in read[1:])
    for line in content.splitlines():  # and not only the cells: the row's own characters
        assert line in got


def check_csv(drawn: tuple[list[list[str]], bytes]) -> None:
    check_cells(drawn, "in.csv", ",")


def check_tsv(drawn: tuple[list[list[str]], bytes]) -> None:
    """With tabs and line feeds both in cells, each line may look like a row, and is then taken for one."""
    cells_of = [cell for row in drawn[0] for cell in row]
    assume(not (any("\t" in cell for cell in cells_of) and any("\n" in cell for cell in cells_of)))
    check_cells(drawn, "in.tsv", "\t")


def check_plain_tsv(rows: list[list[str]]) -> None:
    """A TSV file without quoting: quotes are characters of its cells."""
    kept = [[cell.translate({9: " ", 10: " ", 13: " "}) or "x" for cell in row] for row in rows]
    kept.append(['an odd" quote', "keeps it plain"])
    content = "".join("\t".join(row) + "\n" for row in [["text", "note"], *kept]).encode("utf-8")
    lines = rewritten("in.tsv", content).decode("utf-8").removesuffix("\n").split("\n")
    assert [line.split("\t")[:2] for line in lines[1:]] == kept


def json_object(pairs: Sequence[tuple[str, str]]) -> str:
    return "{" + " ,".join(f"{key}:{value}" for key, value in pairs) + "}"


objects = st.recursive(
    numbers
    | st.text(characters, max_size=6).map(json.dumps)
    | st.sampled_from(["null", "true", '"\\ud800"', '"\\u0041"']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{' , '.join(parts)}]")
        | st.lists(st.tuples(names.map(json.dumps), inner), max_size=3).map(json_object)
    ),
    max_leaves=5,
)


json_rows = st.tuples(
    st.none() | st.sampled_from(["null", '""', '"hi"', '"\\ud83d\\ude00"', '"\\udc00"']),
    st.lists(st.tuples(names.map(lambda name: json.dumps(f"k{name}")), objects), max_size=3),
)


def check_json(rows: list[tuple[str | None, list[tuple[str, str]]]]) -> None:
    written = [json_object([*([('"text"', text)] if text else []), *pairs]) for text, pairs in rows]
    assume(not rows or any(text for text, _ in rows))
    got = rewritten("in.jsonl", "".join(f"{line}\n" for line in written).encode("utf-8")).decode("utf-8").split("\n")
    assert got.pop() == ""
    added = f'"emotions": {json.dumps(RANKED)}, "score_joy": 0.25}}'
    assert got == [f"{line[:-1]}{'' if line == '{}' else ', '}{added}" for line in written]


def check_bytes(drawn: tuple[str, bytes]) -> None:
    """Any bytes: rows, or an error in one line that names the file."""
    ending, content = drawn
    try:
        rewritten(f"in{ending}", content)
    except DataError as error:
        assert f"in{ending}" in str(error)
        assert "\n" not in str(error)


def bytes_of(ending: str) -> st.SearchStrategy[tuple[str, bytes]]:
    head = {".csv": b"text,a\n", ".tsv": b"text\ta\n", ".jsonl": b'{"text": "a"}\n'}[ending]
    tokens = st.sampled_from(
        [b'"', b",", b"\t", b"\r", b"\n", b"{", b"}", b"[", b":", b'"text"', b"\0", b"\xff", b"text", b"1e999", b"PAR1"]
    )
    return st.tuples(st.just(ending), st.lists(tokens | st.binary(max_size=4), max_size=20).map(b"".join)).map(
        lambda pair: (pair[0], head + pair[1])
    )


def whole_parquet() -> bytes:
    stream = pa.BufferOutputStream()
    texts = ["one", None, "two", "", "Ünï"] * 8
    table = pa.table({"text": texts, "n": pa.array(range(40)), "nested": [[{"x": 1}], None] * 20})
    pq.write_table(table, stream, row_group_size=16)
    return bytes(stream.getvalue())


def damaged_parquet() -> st.SearchStrategy[tuple[str, bytes]]:
    """Draw a Parquet file with some bytes changed, or cut short."""
    whole = whole_parquet()

    def damage(drawn: tuple[list[tuple[int, int]], int]) -> tuple[str, bytes]:
        content = bytearray(whole)
        for place, value in drawn[0]:
            content[place] = value
        return ".parquet", bytes(content[: drawn[1]])

    changes = st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)
    return st.tuples(changes, st.just(len(whole)) | st.integers(0, len(whole))).map(damage)


KINDS = ["json", "xlsx", "db", "csv.gz", "tsv.bz2", "csv.xz", "jsonl.zst"]
DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=8), st.booleans()), max_size=4)


def whole(kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_rows(Path(folder, f"in.{kind}"), many_rows(40)).read_bytes()


def check_damaged(drawn: tuple[tuple[str, bytes], list[tuple[float, bytes, bool]], float]) -> None:
    """A file of any other kind with bytes replaced, put between and cut off: rows, or an error in one line."""
    (kind, content), changes, kept = drawn
    for share, new, replace in changes:
        place = int(share * len(content))
        content = content[:place] + new + content[place + len(new) * replace :]
    content = content[: int(kept * len(content))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"in.{kind}")
        path.write_bytes(content)
        try:
            for group in open_table(path, "text").groups():
                assert len(group.column("text")) == len(group)
        except DataError as error:
            assert f"in.{kind}" in str(error)
            assert "\n" not in str(error)


FUZZERS = {
    "CSV cells": (check_csv, written_tables(",")),
    "TSV cells": (check_tsv, written_tables("\t")),
    "TSV without quoting": (check_plain_tsv, st.lists(st.lists(cells, min_size=2, max_size=2), max_size=5)),
    "JSON lines": (check_json, st.lists(json_rows, max_size=3)),
    "bytes of CSV": (check_bytes, bytes_of(".csv")),
    "bytes of TSV": (check_bytes, bytes_of(".tsv")),
    "bytes of JSON lines": (check_bytes, bytes_of(".jsonl")),
    "damaged Parquet": (check_bytes, damaged_parquet()),
    "other damaged files": (
        check_damaged,
        st.tuples(st.sampled_from([(kind, whole(kind)) for kind in KINDS]), DAMAGE, st.just(1.0) | st.floats(0, 1)),
    ),
}


@pytest.mark.parametrize("name", FUZZERS)
@pytest.mark.parametrize("cases", [60, pytest.param(20_000, marks=pytest.mark.slow)])
def test_fuzzed_tables(name: str, cases: int) -> None:
    """Faults 4, 7 and 23: cells with line ends, quotes or null characters, numbers and keys of JSON objects."""
    check, drawn = FUZZERS[name]
    fuzz(given(drawn)(check), cases)()  # type: ignore[arg-type]
