"""Tables in, tables out: columns kept, bad input named, interruption survived, for every format."""

from __future__ import annotations

import csv
import json
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import CARD_TEXTS, Run
from memory import memory_curve

from goemotions import LABELS, EmotionClassifier
from goemotions.batch.annotate import PredictOptions
from goemotions.batch.job import predict_table
from goemotions.errors import DataError

ENDINGS = ["csv", "tsv", "jsonl", "parquet"]
Rows = list[dict[str, Any]]


def write_rows(path: Path, rows: Rows) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1000)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


def read_rows(path: Path) -> Rows:
    if path.suffix == ".parquet":
        rows: Rows = pq.read_table(path).to_pylist()
        return rows
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    with path.open(encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ","))
    return [row | {"emotions": json.loads(row["emotions"]), "truncated": row["truncated"] == "true"} for row in read]


def score(
    classifier: EmotionClassifier, source: Path, output: Path, resume: bool = False, **options: Any
) -> tuple[int, int, int]:
    summary = predict_table(classifier, source, "text", output, PredictOptions(**options), resume)
    return summary.rows, summary.null_texts, summary.truncated


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
    expected = classifier.select(scored.probabilities, classifier.thresholds)
    for row, found, probabilities in zip(got, expected, scored.probabilities, strict=True):
        assert row["emotions"] == [{"label": label, "score": value} for label, value in found.items()]
        for label, probability in zip(LABELS, probabilities, strict=True):
            assert float(row[f"score_{label}"]) == pytest.approx(probability, abs=1e-4)
    assert [row["truncated"] for row in got] == [False] * 5 + [True]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, output.name])


@pytest.mark.parametrize("ending", ENDINGS)
def test_null_texts_are_kept_without_emotions(classifier: EmotionClassifier, tmp_path: Path, ending: str) -> None:
    rows = [{"text": "thanks!", "n": "1"}, {"text": None, "n": "2"}, {"text": None, "n": "3"}]
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
        ("in.csv", b"text,id\nfine,1\nbad \xff byte,2\n", "line 3: byte 0xff at position 4 is not UTF-8"),
        ("in.jsonl", b'{"text": "a"}\n{"text": "\xfe"}\n', "line 2: byte 0xfe"),
        ("in.csv", b"text,id\nonly one\n", "row 1: 1 cells, but the header has 2"),
        ("in.csv", b'text,id\n"never closed,1\n', "line 2: unexpected end of data"),
        ("in.jsonl", b'{"text": "a"}\nnot json\n', "line 2: not JSON"),
        ("in.jsonl", b'{"text": "a"}\n[1]\n', "line 2: expected an object"),
        ("in.jsonl", b'{"text": "a"}\n{"text": 5}\n', "line 2: 'text' must be a string, got 5"),
        ("in.csv", b"Text,id\na,1\n", "no column 'text'; did you mean 'Text'?; columns: Text, id"),
        ("in.jsonl", b'{"body": "a"}\n', "no column 'text'; columns: body"),
        ("in.csv", b"text,emotions\na,b\n", "already has the columns that would be added: emotions"),
        ("in.parquet", b"not parquet at all", "is not a Parquet file"),
        ("in.parquet", b"", "is not a Parquet file"),
        ("in.xlsx", b"", "the ending '.xlsx' is none of .csv"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(
    classifier: EmotionClassifier, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(DataError) as caught:
        score(classifier, source, tmp_path / f"out{source.suffix}")
    assert message in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_undecodable_parquet_names_the_rows(classifier: EmotionClassifier, tmp_path: Path) -> None:
    binary = pa.array([b"fine", b"\xff\xfe"], pa.binary())
    text = pa.StringArray.from_buffers(2, *binary.buffers()[1:])
    pq.write_table(pa.table({"text": text}), tmp_path / "in.parquet")
    with pytest.raises(DataError, match="rows 0 to 1: 'text' holds bytes that are not UTF-8"):
        score(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_other_mistakes(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\na\n")
    numbers = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"text": [1, 2]}), numbers)
    for wrong_source, wrong_output, message in (
        (tmp_path / "none.csv", tmp_path / "out.csv", "no file"),
        (source, tmp_path / "out.parquet", "same ending"),
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
    with pytest.raises(DataError):
        score(classifier, source, output)
    assert output.read_text() == "old"


def many_rows(number: int) -> Rows:
    generator = random.Random(0)
    words = ["I", "you", "love", "hate", "this", "game", "so", "much", "thanks", "why", "not", "sorry", "wow", "ugh"]
    return [{"id": n, "text": " ".join(generator.choices(words, k=6))} for n in range(number)]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_killed_and_resumed(classifier: EmotionClassifier, tmp_path: Path, ending: str) -> None:
    source = write_rows(tmp_path / f"in.{ending}", many_rows(20_000))
    whole, output = tmp_path / f"whole.{ending}", tmp_path / f"out.{ending}"
    score(classifier, source, whole)
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    partial = tmp_path / f"out.{ending}.partial"
    while len(list(partial.glob("tally-*.json"))) < 2:
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "add --resume" in again.stderr
    finished = {path: path.stat().st_mtime_ns for path in partial.glob("tally-*.json")}
    subprocess.run([*command, "--resume"], check=True, stderr=subprocess.DEVNULL)
    assert finished
    assert read_rows(output) == read_rows(whole)
    if ending != "parquet":
        assert output.read_bytes() == whole.read_bytes()
    assert not partial.exists()


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.csv", many_rows(20_000)), tmp_path / "out.csv"
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output)]
    # A test run in the background may have been told to ignore SIGINT, which its children inherit.
    heed = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    process = subprocess.Popen([sys.executable, "-c", heed, *command[1:]], stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "out.csv.partial").glob("tally-*.json")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert (
        said.strip() == "error: interrupted; what is finished is kept: predict --resume, or the same batch, resumes it"
    )
    assert subprocess.run([*command, "--resume"], check=False, stderr=subprocess.DEVNULL).returncode == 0
    assert len(read_rows(output)) == 20_000


def test_resuming_keeps_finished_groups_and_refuses_another_job(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    bad = "text\n" + "fine\n" * 3000 + '"never closed'
    source.write_text(bad)
    with pytest.raises(DataError, match="unexpected end"):
        score(classifier, source, output)
    part = tmp_path / "out.csv.partial" / "part-000000000.csv"
    before = part.stat().st_mtime_ns
    with pytest.raises(DataError, match="unexpected end"):
        score(classifier, source, output, resume=True)
    assert part.stat().st_mtime_ns == before
    with pytest.raises(DataError, match="another options"):
        score(classifier, source, output, resume=True, threshold=0.3)
    source.write_text(bad + '"')
    with pytest.raises(DataError, match="another input"):
        score(classifier, source, output, resume=True)


def test_two_processes_do_not_write_one_output(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.csv", many_rows(20_000))
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", tmp_path / "out.csv"]
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not list((tmp_path / "out.csv.partial").glob("tally-*.json")):
        time.sleep(0.02)
    second = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another process is writing" in second.stderr
    assert first.wait() == 0
    assert len(read_rows(tmp_path / "out.csv")) == 20_000


def test_a_full_disk_keeps_finished_rows(cli: Run, tmp_path: Path) -> None:
    """A file size limit makes the operating system refuse a write in the middle, as a full disk does."""
    rows = [{"text": "short"}] * 2048 + [{"text": "thank you " * 100}] * 2048
    source, output = write_rows(tmp_path / "in.csv", rows), tmp_path / "out.csv"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    done = cli("predict", "--input", source, "--output", output, preexec_fn=limit)
    assert done.returncode == 1
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()
    assert cli("predict", "--input", source, "--output", output, "--resume").returncode == 0
    assert len(read_rows(output)) == 4096


def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    peaks = []
    for number in (4_000, 24_000):
        source = write_rows(tmp_path / f"in{number}.parquet", many_rows(number))
        command = [
            sys.executable,
            "-m",
            "goemotions",
            "predict",
            "--input",
            source,
            "--output",
            tmp_path / "out.parquet",
        ]
        peaks.append(max(memory_curve(psutil.Popen(command, stderr=subprocess.DEVNULL), every=0.05)))
    assert peaks[1] < peaks[0] * 1.15
