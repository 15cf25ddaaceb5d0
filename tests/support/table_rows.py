"""Tables of rows for tests of jobs: written, scored and read back, in every format."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.predictions import PredictOptions

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
    classifier: EmotionClassifier,
    source: Path,
    output: Path,
    resume: bool = False,
    overwrite: bool = False,
    **options: Any,
) -> tuple[int, int, int]:
    summary = predict_table(classifier, source, "text", output, PredictOptions(**options), resume, overwrite)
    return summary.rows, summary.null_texts, summary.truncated


def many_rows(number: int, every: int = 1) -> Rows:
    """Return rows with an id and a text, blank but for one of ``every``: blank texts cost nothing."""
    generator = random.Random(0)
    words = ["I", "you", "love", "hate", "this", "game", "so", "much", "thanks", "why", "not", "sorry", "wow", "ugh"]
    return [{"id": n, "text": "" if n % every else " ".join(generator.choices(words, k=6))} for n in range(number)]
