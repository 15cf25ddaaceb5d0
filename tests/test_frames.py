"""Frames of real libraries: what is given comes back with the emotions of its texts."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from goemotions import LABELS, EmotionClassifier
from goemotions.errors import AssumptionWarning, DataError, MissingExtraError

TEXTS = ["Thanks, you made my day!", None, "I am furious.", " "]
pytestmark = pytest.mark.filterwarnings("ignore::goemotions.errors.AssumptionWarning")


def frames() -> dict[str, Any]:
    data = {"text": TEXTS, "n": [1, 2, 3, 4]}
    return {
        "pandas": pd.DataFrame(data, index=["a", "b", "b", "c"]),
        "pandas, strings": pd.DataFrame(data).convert_dtypes(),
        "pandas, Arrow": pd.DataFrame(data).convert_dtypes(dtype_backend="pyarrow"),
        "pandas, categories": pd.DataFrame(data).astype({"text": "category"}),
        "polars": pl.DataFrame(data),
        "polars, categories": pl.DataFrame(data, schema_overrides={"text": pl.Categorical}),
        "pyarrow": pa.table(data),
        "pyarrow, chunks": pa.concat_tables([pa.table(data).slice(0, 1), pa.table(data).slice(1)]),
    }


def rows_of(frame: Any) -> list[dict[str, Any]]:
    if isinstance(frame, pa.Table):
        rows: list[dict[str, Any]] = frame.to_pylist()
        return rows
    return list(frame.to_dicts()) if isinstance(frame, pl.DataFrame) else list(frame.to_dict("records"))


@pytest.mark.parametrize("kind", frames())
def test_the_same_kind_comes_back_with_lists(classifier: EmotionClassifier, kind: str) -> None:
    frame = frames()[kind]
    got = classifier.annotate(frame, "text")
    assert type(got) is type(frame)
    rows = rows_of(got)
    expected = classifier.predict([text or "" for text in TEXTS])
    found = [{entry["label"]: entry["score"] for entry in row["emotions"]} for row in rows]
    assert found == expected
    assert [row["n"] for row in rows] == [1, 2, 3, 4]
    assert [row["truncated"] for row in rows] == [False] * 4
    assert list(rows_of(frame)[0]) == ["text", "n"]  # what was given is as it was


@pytest.mark.parametrize("kind", frames())
def test_columns_and_rows(classifier: EmotionClassifier, kind: str) -> None:
    frame = frames()[kind]
    (first, second, third, _) = rows_of(classifier.annotate(frame, "text", columns="wide", top_k=1))
    assert (first["emotion_1"], first["gratitude"], first["anger"]) == ("gratitude", 1, 0)
    assert pd.isna(second["emotion_1"])
    assert pd.isna(second["score_1"])
    assert sum(second[label] for label in LABELS) == 0
    assert third["emotion_1"] == "anger"
    long = rows_of(classifier.annotate(frame, "text", columns="long", threshold=0.02))
    assert [row["n"] for row in long] == sorted(row["n"] for row in long)
    assert {row["n"] for row in long} == {1, 2, 3, 4}
    assert len(long) > 4
    every = rows_of(classifier.annotate(frame, "text", all_scores=True))
    assert every[0]["score_gratitude"] > 0.9
    assert pd.isna(every[1]["score_gratitude"])


def test_the_index_is_kept(classifier: EmotionClassifier) -> None:
    frame = frames()["pandas"]
    assert classifier.annotate(frame, "text").index.tolist() == ["a", "b", "b", "c"]
    long = classifier.annotate(frame, "text", columns="long", threshold=0.0)
    assert long.index.tolist() == ["a"] * 28 + ["b"] + ["b"] * 28 + ["c"]


def test_missing_values_are_said_once(classifier: EmotionClassifier) -> None:
    frame = pd.DataFrame({"text": ["hi", None, float("nan"), pd.NA, pd.NaT]}, dtype=object)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        got = classifier.annotate(frame, "text")
    (warning,) = [warning for warning in caught if warning.category is AssumptionWarning]
    assert "4 of 5 rows have no text: they have no emotions" in str(warning.message)
    assert warning.filename == __file__
    assert got["emotions"].tolist()[1:] == [[]] * 4


def test_frames_of_no_rows(classifier: EmotionClassifier) -> None:
    for frame in (
        pd.DataFrame({"text": []}, dtype=str),
        pl.DataFrame({"text": []}, schema={"text": pl.String}),
        pa.table({"text": pa.array([], pa.string())}),
    ):
        for layout in ("nested", "wide", "long"):
            assert rows_of(classifier.annotate(frame, "text", columns=layout)) == []
    empty = classifier.annotate(pl.DataFrame({"text": []}, schema={"text": pl.String}), "text")
    assert empty.schema["emotions"] == pl.List(pl.Struct({"label": pl.String, "score": pl.Float64}))


@pytest.mark.filterwarnings("ignore::goemotions.errors.AssumptionWarning")
def test_polars_streams_through_it(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """A lazy frame is scored a batch at a time, and never whole in memory."""
    texts = pl.DataFrame({"n": range(3000), "text": ["Thanks!", "I am furious.", None] * 1000})
    texts.write_parquet(tmp_path / "in.parquet", row_group_size=500)
    heights = []

    def annotate(batch: pl.DataFrame) -> pl.DataFrame:
        heights.append(batch.height)
        return classifier.annotate(batch, "text")

    schema = annotate(texts.clear()).schema
    lazy = pl.scan_parquet(tmp_path / "in.parquet").map_batches(annotate, streamable=True, schema=schema)
    lazy.sink_parquet(tmp_path / "out.parquet", engine="streaming")
    assert max(heights) <= 500
    assert pl.read_parquet(tmp_path / "out.parquet").sort("n").equals(annotate(texts))
    given = lazy.filter(pl.col("emotions").list.len() > 0).select("n").collect(engine="streaming")
    assert given.sort("n")["n"].to_list() == [n for n in range(3000) if n % 3 < 2]


def test_what_is_wrong_is_said(classifier: EmotionClassifier) -> None:
    frame = frames()["polars"]
    with pytest.raises(DataError, match="the frame has no column 'txt'; did you mean 'text'"):
        classifier.annotate(frame, "txt")
    with pytest.raises(DataError, match="already has the columns that would be added: emotions, truncated"):
        classifier.annotate(classifier.annotate(frame, "text"), "text")
    with pytest.raises(TypeError, match=r"row 0 of 'n' must be a str, got 1 \(int\)"):
        classifier.annotate(frame, "n")
    with pytest.raises(TypeError, match=r"in memory, got polars's LazyFrame"):
        classifier.annotate(frame.lazy(), "text")
    with pytest.raises(TypeError, match="got builtins's list"):
        classifier.annotate(["a"], "text")
    with pytest.raises(ValueError, match="columns must be nested, wide, long, got 'tall'"):
        classifier.annotate(frame, "text", columns="tall")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r'let annotate\(frame, "text"\) add the emotions to it'):
        classifier.predict(frame)


@pytest.mark.parametrize("name", [0, ("answers", "text")])
def test_columns_of_pandas_need_no_names_of_letters(classifier: EmotionClassifier, name: Any) -> None:
    frame = pd.DataFrame({name: ["Thanks, you made my day!"]})
    assert classifier.annotate(frame, name, columns="wide")["emotion_1"].tolist() == ["gratitude"]


def test_without_narwhals(classifier: EmotionClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "narwhals", None)
    with pytest.raises(MissingExtraError, match=r"annotating frames needs an optional part: .*\[frames\]"):
        classifier.annotate(frames()["pandas"], "text")


def test_columns_of_the_same_name_are_said(classifier: EmotionClassifier) -> None:
    frame = pd.DataFrame([["Thanks!", 1, 2]], columns=["text", "x", "x"])
    with pytest.raises(DataError, match="the frame has columns of the same name: 'x' 2 times; rename them first"):
        classifier.annotate(frame, "text")
