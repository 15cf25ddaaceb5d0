"""Emotions of Spark's frames, by a real local session."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from debian import need

from goemotions import DataError, EmotionClassifier
from goemotions.spark import annotate

pytestmark = pytest.mark.slow
TEXTS = ["Thanks, you made my day!", "I am furious.", " ", None]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A session with two workers on this machine."""
    need(Path("/usr/bin/java"), "openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    found = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    yield found
    found.stop()


def test_a_frame_gains_what_annotate_gives(session: Any, classifier: EmotionClassifier) -> None:
    rows = [(number, text) for number, text in enumerate(TEXTS * 500)]
    frame = session.createDataFrame(rows, "n long, text string").repartition(4)
    found = annotate(frame, "text").orderBy("n").collect()
    expected = classifier.predict([text or "" for text in TEXTS])
    for row, (number, text) in zip(found, rows, strict=True):
        assert (row.n, row.text, row.truncated) == (number, text, False)
        assert [one.label for one in row.emotions] == list(expected[number % len(TEXTS)])
        assert {one.label: one.score for one in row.emotions} == pytest.approx(expected[number % len(TEXTS)], abs=1e-6)


@pytest.mark.parametrize("columns", ["wide", "long"])
def test_layouts_and_what_spark_does_with_them(session: Any, columns: Any) -> None:
    frame = session.createDataFrame([(text,) for text in TEXTS], "text string")
    options: dict[str, Any] = {"columns": columns, "top_k": 1, "explain": columns == "wide"}
    found = annotate(frame, "text", "compact", all_scores=True, **options)
    if columns == "wide":
        (row,) = found.where("gratitude = 1").select("emotion_1", "score_1", "score_gratitude", "explanation").collect()
        assert row.emotion_1 == "gratitude"
        assert row.score_1 == row.score_gratitude
        assert "Thanks" in row.explanation[0].text
    else:
        assert found.where("given").groupBy("emotion").count().where("emotion = 'anger'").collect()[0]["count"] == 1


def test_it_is_written_and_read_again(session: Any, tmp_path: Path) -> None:
    frame = session.createDataFrame([(text,) for text in TEXTS], "text string")
    annotate(frame, "text").write.parquet(str(tmp_path / "out"))
    counted = session.read.parquet(str(tmp_path / "out")).selectExpr("inline(emotions)").groupBy("label").count()
    assert ("gratitude", 1) in [tuple(row) for row in counted.collect()]


def test_what_is_wrong_is_said_before_anything_is_scored(session: Any) -> None:
    frame = session.createDataFrame([("hi", 1)], "text string, emotions int")
    with pytest.raises(DataError, match="no column 'body'"):
        annotate(frame, "body")
    with pytest.raises(DataError, match="already has the columns that would be added: emotions"):
        annotate(frame, "text")
    with pytest.raises(ValueError, match="top_k"):
        annotate(frame.drop("emotions"), "text", top_k=0)
