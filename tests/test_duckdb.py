"""Emotions in SQL, by a real DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from goemotions import EmotionClassifier
from goemotions.duckdb import register
from goemotions.errors import AssumptionWarning
from goemotions.predictions import PredictOptions

TEXTS = ["Thanks, you made my day!", "I am furious.", " "]


def test_a_query_gives_what_predict_gives(classifier: EmotionClassifier, tmp_path: Path) -> None:
    connection = duckdb.connect()
    register(connection, classifier)
    rows = [(number, text) for number, text in enumerate([*TEXTS, None] * 1000)]
    (tmp_path / "in.csv").write_text("n,text\n" + "".join(f'{n},"{text}"\n' if text else f"{n},\n" for n, text in rows))
    found = connection.execute(
        "SELECT n, emotions(text) FROM read_csv(?) ORDER BY n", [str(tmp_path / "in.csv")]
    ).fetchall()
    expected = [list(emotions.items()) for emotions in classifier.predict([*TEXTS, ""])]
    assert [[(entry["label"], entry["score"]) for entry in emotions] for _, emotions in found] == expected * 1000
    counted = connection.execute(
        "SELECT e.label, count(*) FROM (SELECT unnest(emotions(text)) AS e FROM read_csv(?)) GROUP BY 1 ORDER BY 1",
        [str(tmp_path / "in.csv")],
    ).fetchall()
    assert ("gratitude", 1000) in counted


def test_another_name_and_options_and_once_more(classifier: EmotionClassifier) -> None:
    connection = duckdb.connect()
    for top_k in (2, 1):
        register(connection, classifier, PredictOptions(threshold=0.0, top_k=top_k), name="feelings")
    (row,) = connection.execute("SELECT len(feelings('Thanks!'))").fetchall()
    assert row == (1,)
    with pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT emotions('Thanks!')")


def test_texts_that_the_model_does_not_read_are_said_once(classifier: EmotionClassifier) -> None:
    """A query over German texts was answered neutral without a word."""
    connection = duckdb.connect()
    register(connection, classifier)
    german = "Ich freue mich sehr über dieses schöne Geschenk"
    with pytest.warns(AssumptionWarning, match="does not read .1 German") as said:
        connection.execute("SELECT emotions(?)", [german]).fetchall()
        connection.execute("SELECT emotions(?)", [german]).fetchall()
    assert len(said) == 1
