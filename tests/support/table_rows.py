"""Tables of rows for tests of jobs: written, scored and read back, in every format."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.predictions import PredictOptions
from goemotions.tables.compression import Stream, Writing
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import Layout

PLAIN = ["csv", "tsv", "jsonl", "parquet"]
ENDINGS = [*PLAIN, "csv.gz", "tsv.bz2", "csv.xz", "jsonl.zst"]
Rows = list[dict[str, Any]]


def write_rows(path: Path, rows: Rows) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1000)
        return path
    if path.suffix == ".xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, cells in enumerate([list(rows[0]), *(row.values() for row in rows)]):
                sheet.write_row(number, 0, cells)
        return path
    if path.suffix == ".db":
        write_database(path, rows)
        return path
    text = io.StringIO(newline="")
    if path.suffix == ".json":
        json.dump(rows, text)
    elif ".jsonl" in path.suffixes:
        text.write("".join(json.dumps(row) + "\n" for row in rows))
    else:
        writer = csv.DictWriter(text, list(rows[0]), delimiter="\t" if ".tsv" in path.suffixes else ",")
        writer.writeheader()
        writer.writerows(rows)
    with Writing(path) as stream:
        stream.write(text.getvalue().encode("utf-8"))
    return path


def write_database(path: Path, rows: Rows) -> None:
    columns = list(rows[0])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE texts ({', '.join(columns)})")
        values = ", ".join(f":{column}" for column in columns)
        connection.executemany(f"INSERT INTO texts VALUES ({values})", rows)


def read_rows(path: Path) -> Rows:
    if path.suffix == ".parquet":
        rows: Rows = pq.read_table(path).to_pylist()
        return rows
    with Stream(path) as stream:
        text = stream.plain.read().decode("utf-8")
    if ".jsonl" in path.suffixes:
        return [json.loads(line) for line in text.split("\n")[:-1]]
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    read = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [row | {"emotions": json.loads(row["emotions"]), "truncated": row["truncated"] == "true"} for row in read]


def score(
    classifier: EmotionClassifier,
    source: Path,
    output: Path,
    resume: bool = False,
    overwrite: bool = False,
    reading: ReadOptions | None = None,
    layout: Layout = Layout.nested,
    **options: Any,
) -> tuple[int, int, int]:
    summary = predict_table(
        classifier, source, "text", output, PredictOptions(**options), resume, overwrite, reading=reading, layout=layout
    )
    return summary.rows, summary.null_texts, summary.truncated


def many_rows(number: int, every: int = 1) -> Rows:
    """Return rows with an id and a text, blank but for one of ``every``: blank texts cost nothing."""
    generator = random.Random(0)
    words = ["I", "you", "love", "hate", "this", "game", "so", "much", "thanks", "why", "not", "sorry", "wow", "ugh"]
    return [{"id": n, "text": "" if n % every else " ".join(generator.choices(words, k=6))} for n in range(number)]


def kill_after_a_part(source: Path, output: Path) -> None:
    """Start the command line's job and kill it when its first part is done."""
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not (output.with_name(output.name + ".partial") / "tally-000000000.json").exists():
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
