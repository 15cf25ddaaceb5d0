"""The section "How to add" of docs/architecture.md: a toy of each kind, added from outside the package where one can.

A metric is part of the results' types, so that there the page's steps are done on a copy of the package.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.cli.app import app
from goemotions.data.tables import Columns, read_table
from goemotions.encoders import check_same, find_encoder
from goemotions.encoders.base import Encoded, EncodedWindows
from goemotions.encoders.facts import FACTS, EncoderFacts, facts_of
from goemotions.errors import EncoderError
from goemotions.predictions import PredictOptions
from goemotions.tables import formats
from goemotions.tables.delimited import DelimitedTable

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "goemotions"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
KINDS = ["a shipped model", "an encoder", "a table format", "a metric", "a command"]


def section(kind: str) -> str:
    """Return the page's section on how to add something."""
    found = re.search(rf"^### {kind.capitalize()}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/architecture.md has no section on {kind}"
    return found[1]


def steps(kind: str) -> list[str]:
    return re.findall(r"^\d\. (.*?)(?=^\d\. |^\n|\Z)", section(kind), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_takes_at_most_three_files_and_they_hold_what_the_page_says(kind: str) -> None:
    assert 1 <= len(steps(kind)) <= 3
    for step in steps(kind):
        file, *names = re.findall(r"`([^`]+)`", step)
        if "NEW" in file:  # one that is written; the folder is there
            assert (PACKAGE / file).parent.is_dir(), file
            continue
        path = PACKAGE / file if (PACKAGE / file).exists() else ROOT / file
        content = path.read_text(encoding="utf-8")
        assert names, f"{file}: say what to change there"
        assert names[0] in content, f"{file} has no {names[0]}"


def test_a_model_by_an_entry_point_or_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classifier: EmotionClassifier
) -> None:
    section_name = re.search(r"entry-points\.\"(.*)\"", section("a shipped model"))
    assert section_name
    folder, information = tmp_path / "goemotions_mine", tmp_path / "goemotions_mine-1.dist-info"
    classifier.save(folder)
    (folder / "__init__.py").touch()
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: goemotions-mine\nVersion: 1\n")
    (information / "entry_points.txt").write_text(f"[{section_name[1]}]\nmine = goemotions_mine\n")
    monkeypatch.syspath_prepend(tmp_path)
    text = ["Thank you!"]
    assert (
        EmotionClassifier("mine").predict(text) == EmotionClassifier(folder).predict(text) == classifier.predict(text)
    )


ENCODER = """
from test_how_to_add import Lengths

def make_encoder(threads):
    return Lengths()
"""


class Lengths:
    """An encoder that knows a text's length only."""

    id = "lengths"
    revision = "1"
    dim = 1
    max_length = 10
    fingerprint = "ab" * 32

    def encode(self, texts: Sequence[str]) -> Encoded:
        lengths = np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)
        return Encoded(np.minimum(lengths, self.max_length), lengths[:, 0] > self.max_length)

    def encode_windows(self, texts: Sequence[str]) -> EncodedWindows:
        return EncodedWindows(self.encode(texts).embeddings, np.arange(len(texts)))


def test_an_encoder_by_an_entry_in_its_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no encoder 'lengths'"):
        find_encoder("lengths")
    (tmp_path / "toy_encoder.py").write_text(ENCODER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(FACTS, "lengths", EncoderFacts(module="toy_encoder", title="Lengths", languages=("en", "la")))
    encoder = find_encoder("lengths")
    assert encoder.encode(["four", "more than ten"]).embeddings.tolist() == [[4], [10]]
    check_same(encoder, {"id": "lengths", "fingerprint": "ab" * 32})
    assert facts_of("lengths").languages == ("en", "la")
    with pytest.raises(EncoderError, match="use-v4, lengths; did you mean 'lengths'"):
        find_encoder("lenghts")


def test_a_table_format_by_an_entry_in_the_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classifier: EmotionClassifier
) -> None:
    monkeypatch.setattr(formats, "FORMATS", [*formats.FORMATS, formats.Format("pipes", (".psv",), "toy_format")])
    source, output = tmp_path / "in.psv", tmp_path / "out.psv"
    source.write_text("text|labels\nThank you!|gratitude\nI love it|love,joy\n", encoding="utf-8")
    assert isinstance(formats.open_table(source, "text"), DelimitedTable)
    assert read_table(source, Columns()).labels == [["gratitude"], ["love", "joy"]]
    predict_table(classifier, source, "text", output, PredictOptions(), show_progress=False)
    with output.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="|"))
    assert [row["labels"] for row in rows] == ["gratitude", "love,joy"]
    assert "gratitude" in rows[0]["emotions"]


METRIC = {
    "evaluation/metrics.py": (
        "    return found\n",
        '    found["size"] = (totals[..., 0, :] + totals[..., 1, :]).sum(-1)\n',
    ),
    "evaluation/figures.py": ("    macro_precision: Figure\n", "    size: Figure = Figure(None)\n"),
    "evaluation/report_tables.py": ('    "macro_f1": "macro F1",\n', '    "size": "labels given",\n'),
}
"""For each file that the page names: the line before which a toy's line is put, and the toy's line."""

MEASURE = """
import numpy as np
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.report_tables import FIGURES

targets = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.uint8)
decided = np.array([[1, 0], [1, 1], [0, 1]], dtype=bool)
found = measure_predictions(Predictions(("a", "b"), targets, decided.astype("f4"), {"own": decided}), resamples=50)
figure = found.labels.own.overall.size
print(FIGURES["size"], figure.value, figure.low <= figure.value <= figure.high)
"""


def test_a_metric_by_the_three_files_of_the_page(tmp_path: Path) -> None:
    assert [re.findall(r"`([^`]+)`", step)[0] for step in steps("a metric")] == list(METRIC)
    copy = shutil.copytree(PACKAGE, tmp_path / "goemotions", ignore=shutil.ignore_patterns("models", "__pycache__"))
    for name, (before, line) in METRIC.items():
        content = (copy / name).read_text(encoding="utf-8")
        assert before in content
        (copy / name).write_text(content.replace(before, line + before, 1), encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=False, env=env)
    assert done.stdout == "labels given 4.0 True\n", done.stderr


def test_a_command_by_a_function_with_annotations() -> None:
    def shout(text: str) -> None:
        """Print a text in capitals."""
        typer.echo(text.upper())

    mine = typer.Typer()
    mine.add_typer(app, name="emotions")
    mine.command()(shout)
    assert CliRunner().invoke(mine, ["shout", "ah"]).output == "AH\n"
    assert "Print a text in capitals." in CliRunner().invoke(mine, ["--help"]).output
    assert CliRunner().invoke(mine, ["emotions", "info", "--help"]).exit_code == 0
