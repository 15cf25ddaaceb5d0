"""`goemotions evaluate`, `compare` and `tune` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Run

from goemotions import EmotionClassifier

ROWS = [
    ("Thank you so much for the tea!", 15),
    ("I am furious about this car!", 2),
    ("The lamp is on the table.", 27),
    ("I love you!", 18),
    ("That is hilarious, haha!", 1),
    ("What time is it?", 7),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("".join(f"{text} {i}\t{label}\tid{i}\n" for i, (text, label) in enumerate(ROWS * 5)))
    return path


def test_evaluate(cli: Run, data: Path, tmp_path: Path) -> None:
    """Fault 24, in part: that a report is three files was not said."""
    command = ("evaluate", "compact", data, "--resamples", 200)
    done = cli(*command, "--output", tmp_path / "out", "-t", "0.3", "-t", "joy=0.9")
    assert done.returncode == 0, done.stderr
    assert "mine.tsv: 30 texts" in done.stdout
    assert "undefined, and left out of macro figures (no positives): admiration" in done.stdout
    html, markdown, json_file = (tmp_path / f"out.{suffix}" for suffix in ("html", "md", "json"))
    assert done.stderr == f"the report is in three files: {html}, {markdown} and {json_file}\n"
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["thresholds"]["given"]["joy"] == 0.9
    assert report["thresholds"]["given"]["fear"] == 0.3
    printed = json.loads(cli(*command, "--json").stdout)
    assert printed["figures"]["labels"]["at"]["own"] == report["figures"]["labels"]["at"]["own"]
    (tmp_path / "test.tsv").write_bytes(data.read_bytes())
    assert "test.tsv: 30 texts" in cli("evaluate", "compact", tmp_path, "--resamples", 200).stdout


def test_tune_store_compare(cli: Run, data: Path, tmp_path: Path) -> None:
    tuned = tmp_path / "tuned"
    done = cli("tune", "compact", data, "-o", tuned, "--objective", "precision=0.9", "--calibrate", "temperature")
    assert done.returncode == 0, done.stderr
    assert "These are of the data tuned on" in done.stdout
    assert EmotionClassifier(tuned).config.raw["tuned_on"]["objective"] == "precision 0.9"
    other = tmp_path / "other.tsv"
    other.write_text(data.read_text().replace("!", "."))
    assert cli("evaluate", tuned, other, "--store", "--resamples", 200).returncode == 0
    assert EmotionClassifier(tuned).config.raw["metrics"]["test"]["rows"] == 30
    refused = cli("tune", tuned, other, "-o", tuned)
    assert refused.returncode == 1
    assert "it is the split the model was tested on" in refused.stderr
    forced = cli("tune", tuned, other, "-o", tuned, "--force", "--json")
    assert json.loads(forced.stdout)["forced"]
    shown = cli("compare", tuned, "compact", other, "--resamples", 200).stdout
    assert "macro F1" in shown
    assert "F1 of grief" in shown
    assert "undefined: no positives" in shown
    same = cli("compare", "compact", "compact", other, "--resamples", 200)
    assert "first: compact; second: compact" in same.stdout
    assert "of 28 labels about 1.4 have an interval without 0 by chance alone" in same.stderr
    found = json.loads(cli("compare", "compact", "compact", other, "--resamples", 200, "--json").stdout)
    assert found["overall"]["macro_f1"]["sign_wrong"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["evaluate", "compact", "none.tsv"], 1, "no file none.tsv"),
        (["evaluate", "compact", "empty.tsv"], 1, "empty.tsv is empty"),
        (["evaluate", "compact", "six.csv"], 1, "labels unknown to the model: happiness"),
        (["evaluate", "compact", "six.csv", "--label-map", "plutchick"], 1, "nor one of brighter"),
        (["evaluate", "compcat", "six.csv"], 1, "did you mean 'compact'"),
        (["evaluate", "compact", "one.csv"], 1, "never has admiration"),
        (["tune", "compact", "one.csv", "-o", "x", "--objective", "precision"], 2, "expected f1, precision=NUMBER"),
        (["tune", "compact", "one.csv", "-o", "x", "--objective", "recall=high"], 2, "'high' is not a number"),
        (["compare", "compact", "nothing/here", "one.csv"], 1, "nothing/here"),
    ],
)
def test_mistakes(cli: Run, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "six.csv").write_text("text,labels\nhello,happiness\n")
    (tmp_path / "one.csv").write_text("text,joy\nhello,1\n")
    done = cli(*arguments, cwd=tmp_path, env=None)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
