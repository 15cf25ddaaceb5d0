"""``predict --explain``: lines, JSON, a terminal, and a column of every table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pyarrow.parquet as pq
import pytest
from conftest import Run
from rich.console import Console
from table_rows import score

from goemotions import EmotionClassifier
from goemotions.annotations import REASONS
from goemotions.cli import render
from goemotions.tables.table import Layout

TEXT = "I'm not happy with this at all!"


def test_lines_and_json(cli: Run, classifier: EmotionClassifier) -> None:
    explained = classifier.explain([TEXT])[0]
    emotions = classifier.predict([TEXT])[0]
    line = cli("predict", "--explain", TEXT, "nothing\there").stdout.splitlines()[0]
    told = explained.phrases[0].effects["disappointment"]
    assert f"disappointment {emotions['disappointment']:.4f} (not happy {told:+.2f}, " in line
    done = cli("predict", "--explain", "--json", "--all-scores", TEXT, "", "hello there")
    first, blank, _ = (json.loads(line) for line in done.stdout.splitlines())
    assert first["explanation"] == explained.as_json(list(emotions))
    assert "explanation" not in blank


def test_a_terminal_marks_the_words(classifier: EmotionClassifier) -> None:
    text = "Thank you so much,\nnot a bad day!"
    explained, emotions = classifier.explain([text])[0], classifier.predict([text])[0]
    console = Console(force_terminal=True, width=80, color_system="standard", highlight=False)
    with console.capture() as caught:
        render.print_bars(console, text, emotions, "", None, explained)
    shown = caught.get()
    assert "\x1b[1;7;32mThank\x1b[0m" in shown
    assert f"Thank {explained.effects['gratitude'][0]:+.2f}" in shown


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xlsx"])
def test_a_column_of_a_table(classifier: EmotionClassifier, tmp_path: Path, ending: str, layout: Layout) -> None:
    source, output = tmp_path / "in.csv", tmp_path / f"out.{ending}"
    source.write_text(f'text\n"{TEXT}"\n""\nthanks❤️\n', encoding="utf-8")
    score(classifier, source, output, layout=layout, explain=True, top_k=1)
    found = read(output)
    assert len(found) == 3
    assert found[1] == []
    label = next(iter(classifier.predict([TEXT])[0]))
    reasons = classifier.explain([TEXT])[0].strongest(label, REASONS)
    assert [(entry["label"], entry["text"], entry["start"], entry["end"]) for entry in found[0]] == [
        (label, reason.text, reason.start, reason.end) for reason in reasons
    ]
    assert [entry["effect"] for entry in found[0]] == pytest.approx([reason.effect for reason in reasons], abs=1e-4)


@pytest.mark.parametrize("kind", [pandas.DataFrame, polars.DataFrame, pyarrow.table])
def test_a_column_of_a_frame(classifier: EmotionClassifier, kind: Callable[[dict[str, list[str]]], Any]) -> None:
    found = classifier.annotate(kind({"text": [TEXT, "thanks"]}), "text", explain=True, top_k=1)
    column = found["explanation"]
    rows = list(column.to_pylist() if hasattr(column, "to_pylist") else column)
    label = next(iter(classifier.predict([TEXT])[0]))
    strongest = classifier.explain([TEXT])[0].strongest(label, 1)[0]
    assert (rows[0][0]["label"], rows[0][0]["text"]) == (label, strongest.text)
    assert rows[1][0]["text"] == "thanks"


def read(path: Path) -> list[list[dict[str, object]]]:
    """The column ``explanation`` of a table."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return [json.loads(row["explanation"]) for row in csv.DictReader(stream)]
    if path.suffix == ".parquet":
        column: list[list[dict[str, object]]] = pq.read_table(path)["explanation"].to_pylist()
        return column
    if path.suffix == ".jsonl":
        return [json.loads(line)["explanation"] for line in path.read_text(encoding="utf-8").splitlines()]
    from python_calamine import CalamineWorkbook

    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return [json.loads(str(row[header.index("explanation")])) for row in rows]
