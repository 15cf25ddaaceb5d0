"""The new columns in three layouts, in every format."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from table_rows import score, write_rows

from goemotions import LABELS, EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.errors import DataError
from goemotions.predictions import PredictOptions
from goemotions.tables.formats import open_table
from goemotions.tables.table import Layout

TEXTS = ["Thanks, you made my day!", "", "I am furious and disgusted."]
ROWS = [{"n": str(number), "text": text} for number, text in enumerate(TEXTS)]


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    if path.suffix == ".jsonl":
        lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
        return lines
    if path.suffix == ".csv":
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))
    table = open_table(path, "text")
    (group,) = table.groups()
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*map(group.column, table.columns), strict=True)]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "xlsx"])
def test_layouts_say_the_same(classifier: EmotionClassifier, tmp_path: Path, ending: str) -> None:
    source = write_rows(tmp_path / "in.csv", ROWS)
    expected = classifier.predict(TEXTS, threshold=0.02)
    for layout in (Layout.wide, Layout.long):
        score(classifier, source, tmp_path / f"{layout}.{ending}", layout=layout, threshold=0.02)
    wide = read(tmp_path / f"wide.{ending}")
    for row, emotions in zip(wide, expected, strict=True):
        ranked = [(row[f"emotion_{rank}"], row[f"score_{rank}"]) for rank in (1, 2, 3) if row[f"emotion_{rank}"]]
        assert [(name, round(float(value), 4)) for name, value in ranked] == list(emotions.items())[:3]
        assert {label for label in LABELS if int(row[label])} == set(emotions)
    long = read(tmp_path / f"long.{ending}")
    found = [(int(row["n"]), row["emotion"], round(float(row["score"]), 4)) for row in long if row["emotion"]]
    assert found == [(n, label, value) for n, emotions in enumerate(expected) for label, value in emotions.items()]
    assert [row["n"] for row in long if not row["emotion"]] == ["1"]  # the text without emotions is still there
    assert len(expected[2]) > 1


def test_all_scores_in_long(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.csv", ROWS)
    assert score(classifier, source, tmp_path / "out.csv", layout=Layout.long, all_scores=True) == (3, 1, 0)
    rows = read(tmp_path / "out.csv")
    assert len(rows) == 2 * len(LABELS) + 1
    scores = [float(row["score"]) for row in rows if row["n"] == "0"]
    assert scores == sorted(scores, reverse=True)
    given = [row["emotion"] for row in rows if row["given"] == "true"]
    assert given == [label for emotions in classifier.predict(TEXTS) for label in emotions]


def test_wide_columns_that_clash(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.csv", [{"text": "a", "joy": "1", "score_1": "2"}])
    with pytest.raises(DataError, match=r"would be added: score_1, joy; rename them, .*--prefix"):
        score(classifier, source, tmp_path / "out.csv", layout=Layout.wide)
    score(classifier, source, tmp_path / "out.csv", layout=Layout.long)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "xlsx"])
def test_new_columns_may_have_names_that_begin_otherwise(
    classifier: EmotionClassifier, tmp_path: Path, ending: str
) -> None:
    """A table that had a column `score` could not be scored without renaming it."""
    source = write_rows(tmp_path / f"in.{ending}", [{"text": "I love it", "score": "5"}])
    output = tmp_path / f"out.{ending}"
    with pytest.raises(DataError, match=r"would be added: score; .*--prefix TEXT"):
        score(classifier, source, output, layout=Layout.long)
    assert predict_table(classifier, source, "text", output, PredictOptions(), layout=Layout.long, prefix="ge_").rows
    (row,) = read(output)
    assert list(row) == ["text", "score", "ge_emotion", "ge_score", "ge_truncated"]
    assert (row["score"], row["ge_emotion"]) == ("5", "love")


def test_top_k_says_how_many_emotions_have_columns(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.csv", ROWS)
    score(classifier, source, tmp_path / "out.csv", layout=Layout.wide, top_k=1, threshold=0.02)
    (first, _, _) = read(tmp_path / "out.csv")
    assert "emotion_1" in first
    assert "emotion_2" not in first
    assert sum(int(first[label]) for label in LABELS) == 1
