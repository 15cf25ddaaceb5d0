"""Tables in, tables out: columns kept, bad input named, interruption survived, for every format."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import CARD_TEXTS, Run
from table_rows import ENDINGS, Rows, many_rows, read_rows, score, write_rows

from goemotions import LABELS, EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.errors import AssumptionWarning, DataError
from goemotions.predictions import PredictOptions


@pytest.fixture
def rows() -> Rows:
    texts = [*CARD_TEXTS, 'quotes " and, commas\nand lines', "ünïcödé 😀", "x " * 300]
    return [{"id": f"{n:03}", "text": text, "note": "keep, me" if n % 2 else ""} for n, text in enumerate(texts)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_columns_are_kept_and_added(classifier: EmotionClassifier, tmp_path: Path, rows: Rows, ending: str) -> None:
    source, output = write_rows(tmp_path / f"in.{ending}", rows), tmp_path / f"out.{ending}"
    assert score(classifier, source, output, all_scores=True) == (len(rows), 0, 1)
    got = read_rows(output)
    assert [{key: row[key] for key in rows[0]} for row in got] == rows
    scored = classifier.score([row["text"] for row in rows])
    expected = [prediction.emotions for prediction in classifier.decide(scored, PredictOptions())]
    for row, found, probabilities in zip(got, expected, scored.probabilities, strict=True):
        assert row["emotions"] == [{"label": label, "score": value} for label, value in found.items()]
        for label, probability in zip(LABELS, probabilities, strict=True):
            assert float(row[f"score_{label}"]) == pytest.approx(probability, abs=1e-4)
    assert [row["truncated"] for row in got] == [False] * 5 + [True]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, output.name])


@pytest.mark.parametrize("ending", ENDINGS)
def test_null_texts_are_kept_without_emotions(classifier: EmotionClassifier, tmp_path: Path, ending: str) -> None:
    rows: Rows = [{"text": "thanks!", "n": "1"}, {"text": None, "n": "2"}, {"text": None, "n": "3"}]
    source, output = write_rows(tmp_path / f"in.{ending}", rows), tmp_path / f"out.{ending}"
    assert score(classifier, source, output, all_scores=True) == (3, 2, 0)
    got = read_rows(output)
    assert [row["n"] for row in got] == ["1", "2", "3"]
    assert [bool(row["emotions"]) for row in got] == [True, False, False]
    assert [row["score_joy"] in (None, "") for row in got] == [False, True, True]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_no_rows(classifier: EmotionClassifier, tmp_path: Path, ending: str) -> None:
    source, output = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    if ending == "parquet":
        pq.write_table(pa.schema([("text", pa.string())]).empty_table(), source)
    else:
        source.touch()
    assert score(classifier, source, output) == (0, 0, 0)
    if ending == "parquet":
        assert pq.read_table(output).column_names == ["text", "emotions", "truncated"]
    else:
        assert read_rows(output) == []
    if ending == "csv":
        assert output.read_text() == "text,emotions,truncated\n"


def test_parquet_types_are_kept(classifier: EmotionClassifier, tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", None, "c"]).dictionary_encode(),
            "when": pa.array([1, 2, 3], pa.timestamp("ms", "UTC")),
            "nested": pa.array([[{"x": 1}], [], None]),
        }
    ).replace_schema_metadata({"made": "by hand"})
    pq.write_table(table, tmp_path / "in.parquet")
    score(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet")
    got = pq.read_table(tmp_path / "out.parquet")
    assert got.select(table.column_names).equals(table)
    assert got.schema.metadata[b"made"] == b"by hand"
    assert str(got.schema.field("emotions").type) == "list<element: struct<label: string, score: double>>"


def test_cells_of_a_megabyte_and_a_byte_order_mark(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("\ufefftext,id\n" + "word " * 200_000 + ",1\r\nshort,2\r\n\n", encoding="utf-8", newline="")
    assert score(classifier, source, tmp_path / "out.csv") == (2, 0, 1)
    assert [row["id"] for row in read_rows(tmp_path / "out.csv")] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", "text,id\nÄÖÜ,1\nbad ".encode() + b"\xff byte,2\n", "line 3: byte 0xff at position 4 is not UTF-8"),
        ("in.jsonl", '{"text": "ä"}\n{"text": "ö'.encode() + b'\xfe"}\n', "line 2: byte 0xfe"),
        ("in.csv", b"text,id\nonly one\n", "row 1: 1 cell, but the header has 2"),
        ("in.csv", b'text,id\n"never closed,1\n', "line 2: unexpected end of data"),
        ("in.jsonl", b'{"text": "a"}\nnot json\n', "line 2: not JSON"),
        ("in.jsonl", b'{"text": "a"}\n[1]\n', "line 2: expected an object"),
        ("in.jsonl", b'{"text": "a"}\n{"text": 5}\n', "line 2: 'text' must be a string, got 5"),
        ("in.csv", b"Text,id\na,1\n", "no column 'text'; did you mean 'Text'?; columns: Text, id"),
        ("in.jsonl", b'{"body": "a"}\n{}\n', "no column 'text'; columns: body"),
        ("in.jsonl", b'{"text": "a"}\n{"text": "b", "emotions": 1}\n', "line 2 already has the columns that would be"),
        ("in.jsonl", b'{"text": "a", "text": "b"}\n', "line 1: the key 'text' is there twice"),
        ("in.jsonl", b'[{"text": "a"}]\n', "line 1: expected an object"),
        ("in.jsonl", b'[\n{"text": "a"}]\n', "line 1: not JSON: .*a JSON array is not JSON lines"),
        ("in.jsonl", b'{"text": ' + b"[" * 100_000 + b"\n", "line 1: nested too deeply"),
        ("in.csv", b"text,text\na,b\n", "has 2 columns 'text': rename all but one"),
        ("in.csv", b"text,id\na\rb,1\n", "line 2: a carriage return outside quotes"),
        ("in.tsv", b'text\tid\n"a\t1\tx\n', "row 1: 3 cells, but the header has 2"),
        ("in.csv", b"PK\x03\x04....", "holds a zip archive or an Excel workbook, but its name says CSV"),
        ("in.jsonl", b"PAR1....", "holds Parquet, but its name says JSON lines"),
        ("in.csv", b"text,emotions\na,b\n", "already has the columns that would be added: emotions"),
        ("in.parquet", b"not parquet at all", "is not a Parquet file"),
        ("in.parquet", b"", "is not a Parquet file"),
        ("in.docx", b"", "the ending '.docx' is none of .csv"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(
    classifier: EmotionClassifier, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(DataError) as caught:
        score(classifier, source, tmp_path / f"out{source.suffix}")
    assert re.search(message if ".*" in message else re.escape(message), str(caught.value))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_undecodable_parquet_names_the_rows(classifier: EmotionClassifier, tmp_path: Path) -> None:
    binary = pa.array([b"fine", b"\xff\xfe"], pa.binary())
    text = pa.StringArray.from_buffers(2, *binary.buffers()[1:])
    pq.write_table(pa.table({"text": text}), tmp_path / "in.parquet")
    with pytest.raises(DataError, match="rows 0 to 1: 'text' holds bytes that are not UTF-8"):
        score(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_several_columns_of_one_name_in_parquet(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """Fault 7: this was found at the end, after all scoring."""
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array([1]), pa.array([2])], ["text", "n", "n"])
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(DataError, match="several columns of one name: n; rename"):
        score(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_damaged_parquet_pages(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.parquet", many_rows(5000))
    damaged = bytearray(source.read_bytes())
    damaged[1000:30_000] = bytes(29_000)
    source.write_bytes(damaged)
    with pytest.raises(DataError, match="damaged after row"):
        score(classifier, source, tmp_path / "out.parquet")


def test_a_bad_row_at_the_end_is_found_before_anything_is_scored(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "fine\n" * 5000 + '"never closed')
    with pytest.raises(DataError, match="unexpected end"):
        score(classifier, source, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_other_mistakes(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\na\n")
    numbers = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"text": [1, 2]}), numbers)
    for wrong_source, wrong_output, message in (
        (tmp_path / "none.csv", tmp_path / "out.csv", "no file"),
        (source, tmp_path / "out.docx", "the ending '.docx' is none of"),
        (source, source, "is the input"),
        (source, tmp_path / "no" / "out.csv", "no folder"),
        (numbers, tmp_path / "out.parquet", "of type int64, expected strings"),
    ):
        with pytest.raises(DataError, match=message):
            score(classifier, wrong_source, wrong_output)


def test_an_old_output_stays_until_the_new_one_is_whole(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    output.write_text("old")
    source.write_text("text\nfine\n" * 3000 + '"never closed')
    with pytest.raises(DataError, match="unexpected end"):
        score(classifier, source, output, overwrite=True)
    assert output.read_text() == "old"


def test_a_finished_file_is_not_replaced_silently(cli: Run, tmp_path: Path) -> None:
    """Fault 6: another run's output was replaced without a word."""
    source, output = write_rows(tmp_path / "in.csv", [{"text": "thanks!"}]), tmp_path / "out.csv"
    output.write_text("old")
    command = ("predict", "--input", source, "--output", output)
    for more in ((), ("--resume",)):
        refused = cli(*command, *more)
        assert refused.returncode == 1
        assert "is there already: name another output, or add --overwrite" in refused.stderr
        assert output.read_text() == "old"
    assert cli(*command, "--overwrite").returncode == 0
    assert "gratitude" in output.read_text()


def test_a_column_of_numbers_is_said(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """Fault 5: a numeric column was scored without a word."""
    source = write_rows(tmp_path / "in.csv", [{"id": "1,200", "text": "thanks!"}, {"id": "3.5", "text": "no"}])
    with pytest.warns(AssumptionWarning, match="all texts of column 'id' are numbers.*: id, text"):
        predict_table(classifier, source, "id", tmp_path / "out.csv", PredictOptions())


@pytest.mark.parametrize("ending", ENDINGS)
def test_blank_texts_have_no_emotions_in_any_format(classifier: EmotionClassifier, tmp_path: Path, ending: str) -> None:
    """Fault 5: an empty text was [] in CSV and neutral elsewhere."""
    rows = [{"text": "", "n": "1"}, {"text": " \t", "n": "2"}, {"text": "thanks!", "n": "3"}]
    source, output = write_rows(tmp_path / f"in.{ending}", rows), tmp_path / f"out.{ending}"
    assert score(classifier, source, output) == (3, 2, 0)
    assert [bool(row["emotions"]) for row in read_rows(output)] == [False, False, True]
