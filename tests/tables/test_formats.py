"""Which format a file has, and a format that is added from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.data.tables import Columns, read_table
from goemotions.errors import AssumptionWarning, DataError
from goemotions.evaluation.datasets import read_labelled
from goemotions.predictions import PredictOptions
from goemotions.tables.formats import FORMATS, Format, format_of, open_table


def test_a_format_is_added_by_a_module_and_an_entry(
    classifier: EmotionClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goemotions.tables.formats.FORMATS", [*FORMATS, Format("PSV", (".psv",), "toy_format")])
    source, output = tmp_path / "in.psv", tmp_path / "out.psv"
    source.write_text("text|labels\nthanks, a lot!|gratitude\n")
    predict_table(classifier, source, "text", output, PredictOptions())
    assert output.read_text().splitlines()[1].startswith('thanks, a lot!|gratitude|"[{""label"": ""gratitude""')
    assert read_table(source, Columns()).labels == [["gratitude"]]
    assert read_labelled(source, ("gratitude",)).targets.tolist() == [[1]]


def test_endings() -> None:
    assert format_of(Path("A.CSV")).name == "CSV"
    assert format_of(Path("a.ndjson")) == format_of(Path("a.jsonl"))
    with pytest.raises(DataError, match=r"the ending '\.docx' is none of \.csv, \.tsv, \.jsonl, .*\.parquet, \.xlsx"):
        format_of(Path("a.docx"))


@pytest.mark.parametrize(
    ("first", "what"),
    [
        (b"PAR1", "Parquet"),
        (b"PK\x03\x04", "a zip archive or an Excel workbook"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook, or one with a password"),
    ],
)
def test_first_bytes_that_belie_the_name(tmp_path: Path, first: bytes, what: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(first + b"and more")
    with pytest.raises(DataError, match=f"holds {what}, but its name says CSV: rename or convert it"):
        open_table(path, "text")


@pytest.mark.parametrize(
    ("content", "cells", "said"),
    [
        (b'text\tn\n"a ""b"""\t1\n', ['a "b"'], False),  # as pandas writes it
        (b'text\tn\n"two\nlines"\t1\n', ["two\nlines"], False),
        (b'text\tn\n"open\t1\nclose"\t2\n', ['"open', 'close"'], True),  # read as quoting, two rows would be one
        (b'text\tn\nsay "hi"\t1\n"You are"\t2\n', ['say "hi"', '"You are"'], True),
        (b"text\tn\na\rb\t1\r\n", ["a\rb"], False),
    ],
)
def test_what_quotes_are_in_a_tsv_file(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, content: bytes, cells: list[str], said: bool
) -> None:
    """Fault 4: `evaluate` read quotes as text, `predict --input` failed on them."""
    path = tmp_path / "in.tsv"
    path.write_bytes(content)
    assert [cell for group in open_table(path, "text").groups() for cell in group.column("text")] == cells
    assert [warning.category for warning in recwarn] == [AssumptionWarning] * said
