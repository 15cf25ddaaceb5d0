"""No command writes over what it reads, or over a folder of somebody else's files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_models import small_transformer
from typer.testing import CliRunner

from goemotions import EmotionClassifier
from goemotions.cli.app import app
from goemotions.errors import DataError
from goemotions.labelling.run import Job, opened
from goemotions.reporting.run import forms

ROWS = "text\n" + "".join(f"text number {row}\n" for row in range(40))


def test_a_sample_does_not_replace_the_table_it_is_drawn_from(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(ROWS)
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    for output in (table, link):
        done = CliRunner().invoke(app, ["sample", str(table), "--n", "30", "--output", str(output), "--overwrite"])
        assert isinstance(done.exception, DataError)
        assert "is the input: name another output" in str(done.exception)
        assert table.read_text() == ROWS


def test_tasks_for_label_studio_replace_neither_texts_nor_journal(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(ROWS)
    job = Job(table, tmp_path / "answers.csv", ("a", "b"))
    with opened(job) as found:
        for path in (table, job.journal):
            with pytest.raises(DataError, match="is the input"):
                found.write_label_studio(path)
    assert table.read_text() == ROWS
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    with pytest.raises(ValueError, match="is the file with the texts"):
        Job(table, link, ("a", "b"))


def test_a_report_is_none_of_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(ROWS)
    with pytest.raises(DataError, match="would be one of the files"):
        forms(tmp_path / "report.html", [tmp_path])


def test_an_evaluation_does_not_replace_the_table_it_is_of(tmp_path: Path) -> None:
    table = tmp_path / "rows.json"
    table.write_text('[{"text": "thanks", "labels": ["gratitude"]}]')
    done = CliRunner().invoke(app, ["evaluate", "compact", str(table), "--output", str(tmp_path / "rows")])
    assert "is the input: name another output" in str(done.exception)
    assert table.read_text().startswith("[")


def test_a_saved_model_replaces_a_model_and_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    small_transformer(tmp_path / "model")
    classifier = EmotionClassifier(tmp_path / "model")
    classifier.save(tmp_path / "copy")
    classifier.save(tmp_path / "copy")
    notes = tmp_path / "results" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    for path in (notes, notes.parent):
        with pytest.raises(DataError, match=r"expected a folder to write|would be lost"):
            classifier.save(path)
    assert notes.read_text() == "mine"


@pytest.mark.parametrize(
    "command",
    [
        "report rows.csv --model none --output {}.html",
        "check none --output {}",
        "evaluate none rows.csv --output {}",
        "sample rows.csv --model none --stratified --output {}.csv",
        "predict --input rows.csv --model none --output {}.csv",
        "fit rows.csv --base none --output {}",
        "data prepare none --output {}",
        "data import --train none --dev none --test none --output {}",
        "export web --model none {}",
    ],
)
def test_that_an_output_cannot_be_written_is_said_before_work_starts(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`report`, `check` and `evaluate` said it after all texts were scored; no model is named that would be there."""
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(ROWS)
    before = sorted(tmp_path.rglob("*"))
    for place in ("rows.csv/folder/out", "x" * 300):
        done = CliRunner().invoke(app, command.format(place).split())
        assert isinstance(done.exception, DataError | OSError)
        assert place in str(done.exception)
        assert re.search("cannot be written: |File name too long", str(done.exception))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["report rows.csv --output page.html", "check none --output page"])
def test_a_folder_in_the_place_of_a_page_is_said_before_work_starts(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(ROWS)
    Path("page.html").mkdir()
    done = CliRunner().invoke(app, command.split())
    assert str(done.exception) == "page.html is a folder, expected a file name"
