"""Languages at every door: the model auto, languages that are not read, thresholds of a language."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import Run
from running import serving

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.errors import AssumptionWarning, ModelError
from goemotions.evaluation.datasets import LabelledTexts, read_labelled
from goemotions.evaluation.tuning import tune_model
from goemotions.predictions import PredictOptions, Thresholds
from goemotions.reporting.report import ReportOptions, make_report

MIXED = ["Thank you so much for all that you did!", "Grazie mille, sei stata davvero gentilissima!", "정말 고맙습니다"]
LANGUAGES = ["en", "it", "ko"]
MODELS = ["compact", "multilingual", "multilingual"]
THRESHOLDS = ["en", "rest", "rest"]
NOTE = "2 of 3 texts seem to be in languages that the model compact does not read (1 Italian, 1 Korean)"


def test_on_the_command_line(cli: Run) -> None:
    lines = "\n".join(MIXED)
    done = cli("predict", "--model", "auto", "--json", "--show-language", stdin=lines)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["language"], row["model"]) for row in found] == list(zip(LANGUAGES, MODELS, strict=True))
    assert [row["thresholds"] for row in found] == THRESHOLDS
    assert all(row["emotions"][0]["label"] == "gratitude" for row in found)
    done = cli("predict", "--show-language", stdin=lines)
    assert [line.split("\t")[2:] for line in done.stdout.splitlines()] == [[tag, "compact", "all"] for tag in LANGUAGES]
    assert done.stderr.startswith(f"warning: {NOTE}")
    assert done.stderr.count("\n") == 1


def test_in_a_table(tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    pd.DataFrame({"text": [*MIXED, "", "😂"]}).to_csv(source, index=False)
    auto = EmotionClassifier("auto")
    summary = predict_table(auto, source, "text", output, PredictOptions(show_language=True), show_progress=False)
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["language"], row["model"], row["thresholds"]) for row in rows] == [
        *zip(LANGUAGES, MODELS, THRESHOLDS, strict=True), ("", "", ""), ("und", "compact", "und"),
    ]  # fmt: skip
    assert summary.languages == {"en": 1, "it": 1, "ko": 1, "und": 1}


def test_in_a_report(tmp_path: Path, classifier: EmotionClassifier) -> None:
    """A report counts what ``predict`` gives: by the thresholds of each text's language, and neutral by its rule."""
    texts = [*MIXED[:2], "The meeting is at ten", "La riunione comincia alle dieci"]
    source = tmp_path / "in.csv"
    pd.DataFrame({"text": texts}).to_csv(source, index=False)
    italian = Thresholds(dict.fromkeys(classifier.labels, 0.02), {"neutral": 1.0})
    model = EmotionClassifier(threshold=Thresholds(classifier.thresholds, {}, {"it": italian}))
    given, common = ([found.emotions for found in each.predictions(texts)] for each in (model, classifier))
    assert [row == other for row, other in zip(given, common, strict=True)] == [True, False, True, False]
    report = make_report(model, source, ReportOptions())
    assert report.given == {label: sum(label in row for row in given) for label in model.labels}
    for label, examples in report.examples.items():
        assert all(label in given[example.row - 1] for example in examples.typical), label


def test_in_a_frame(classifier: EmotionClassifier) -> None:
    with pytest.warns(AssumptionWarning) as said:
        made = classifier.annotate(pd.DataFrame({"text": MIXED}), "text", show_language=True)
    assert [str(warning.message).startswith(NOTE) for warning in said] == [True]
    assert made["language"].tolist() == LANGUAGES
    assert made["model"].tolist() == ["compact"] * 3
    assert made["thresholds"].tolist() == ["all"] * 3


def test_over_http() -> None:
    with serving("auto") as server:
        found = server.post("/v1/emotions", {"texts": MIXED, "show_language": True}).json["results"]
        assert [(row["language"], row["model"]) for row in found] == list(zip(LANGUAGES, MODELS, strict=True))
        assert [row["emotions"][0]["label"] for row in found] == ["gratitude"] * 3
        assert [row["thresholds"] for row in found] == THRESHOLDS
        own = server.get("/info").json["thresholds_by_language"]
        assert own["en"]["thresholds"] == EmotionClassifier().thresholds
        assert own["rest"]["thresholds"] == EmotionClassifier("multilingual").thresholds.of("it")
        server.post("/v1/emotions", {"texts": ["დიდი მადლობა"]})
        assert "goemotions_unread_texts_total 1.0" in server.get("/metrics").body.decode()


@pytest.fixture(scope="module")
def korean(tmp_path_factory: pytest.TempPathFactory) -> LabelledTexts:
    rows = [("정말 고맙습니다", 15), ("너무 화가 나요", 2), ("오늘은 월요일입니다", 27)] * 10
    path = tmp_path_factory.mktemp("korean") / "ko-dev.tsv"
    path.write_text("".join(f"{text} {i}\t{label}\tid{i}\n" for i, (text, label) in enumerate(rows)), encoding="utf-8")
    return read_labelled(path, EmotionClassifier().labels)


def test_thresholds_are_tuned_for_one_language(korean: LabelledTexts, tmp_path: Path) -> None:
    before = EmotionClassifier("multilingual")
    record = tune_model(before, korean, tmp_path / "first", language="ko")
    tuned = EmotionClassifier(tmp_path / "first")
    assert record.macro_f1 >= record.macro_f1_before
    assert tuned.thresholds == before.thresholds
    assert tuned.thresholds.of("ko") != before.thresholds.of("ko")
    assert tuned.predict([MIXED[0]]) == before.predict([MIXED[0]])
    config = tuned.config.raw
    assert config["metrics"] == before.config.raw["metrics"]  # of English texts, which are decided as before
    assert config["tuned_on_by_language"]["ko"]["name"] == "ko-dev.tsv"
    assert "Texts in Korean have thresholds of their own, tuned on ko" in (tmp_path / "first" / "README.md").read_text()
    with pytest.warns(
        AssumptionWarning, match="ko-dev.tsv seems to be in Korean; its thresholds are used for texts in It"
    ):
        tune_model(tuned, korean, tmp_path / "second", language="it")
    assert set(EmotionClassifier(tmp_path / "second").thresholds.by_language) == {"en", "ko", "it", "rest"}
    tune_model(tuned, korean, tmp_path / "all")  # of all texts: those of languages go
    assert EmotionClassifier(tmp_path / "all").thresholds.by_language == {}
    assert "tuned_on_by_language" not in EmotionClassifier(tmp_path / "all").config.raw
    with pytest.raises(ValueError, match="no language 'kr' is told apart; there are: am, ar"):
        tune_model(before, korean, tmp_path / "third", language="kr")
    with pytest.raises(ValueError, match="calibration is the same for all languages"):
        tune_model(before, korean, tmp_path / "third", language="ko", calibration="platt")
    with pytest.raises(ModelError, match="auto has no thresholds of its own: tune one of its models, compact, multi"):
        tune_model(EmotionClassifier("auto"), korean, tmp_path / "third")


def test_info_names_languages(cli: Run) -> None:
    said = " ".join(cli("info", "auto").stdout.split())
    assert "compact: English" in said
    assert "thresholds those of the model that answers, for the text's language" in said
