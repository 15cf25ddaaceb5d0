"""From texts to the page and back into the model: the report, the model card, tuning and what it refuses."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from goemotions import LABELS, EmotionClassifier
from goemotions.errors import DataError
from goemotions.evaluation import page
from goemotions.evaluation.datasets import LabelledTexts, read_labelled
from goemotions.evaluation.evaluate import evaluate
from goemotions.evaluation.formatting import format_figure
from goemotions.evaluation.label_groups import read_label_map
from goemotions.evaluation.model_card import card, store
from goemotions.evaluation.report import Report
from goemotions.evaluation.tuning import tune_model
from goemotions.records import from_json, to_json

TEXTS = {
    "gratitude": ["Thank you so much for the {}!", "Thanks, I appreciate the {}."],
    "anger": ["I am furious about the {}!", "The {} makes me so angry."],
    "neutral": ["The {} is on the table.", "They sell a {} in that shop."],
    "love": ["I love this {} <b>so</b> much | really", "My {} is my favourite"],
}
THINGS = ["car", "tea", "game", "book", "song", "dog", "phone", "lamp", "coat", "cake", "film", "house", "bike", "map"]


def write_corpus(path: Path, flip: int = 0) -> Path:
    lines: list[str] = []
    for label, templates in TEXTS.items():
        for number, thing in enumerate(THINGS):
            for template in templates:
                given = "neutral" if flip and number % flip == 0 else label
                lines.append(f"{template.format(thing)}\t{LABELS.index(given)}\tid{len(lines)}\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> LabelledTexts:
    return read_labelled(write_corpus(tmp_path_factory.mktemp("data") / "mine.tsv", flip=7), LABELS)


@pytest.fixture(scope="module")
def report(classifier: EmotionClassifier, corpus: LabelledTexts) -> Report:
    return evaluate(classifier, corpus, threshold={"anger": 0.3}, resamples=300)


class Outside(HTMLParser):
    """Notes whatever a page would fetch, and the ids it has."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action") and value and not value.startswith("#"):
                self.fetched.append(value)
            if name == "id" and value:
                self.ids.append(value)
        if tag in ("script", "iframe", "link", "img"):
            self.fetched.append(tag)


def test_the_page_needs_nothing_else(report: Report) -> None:
    whole = page.page(report)
    parsed = Outside()
    parsed.feed(whole)
    assert parsed.fetched == []
    assert not re.search(r"url\((?!#)|@import", whole)
    assert len(parsed.ids) == len(set(parsed.ids))
    for used in set(re.findall(r"url\(#([^)]*)\)|href=\"#([^\"]*)\"", whole)):
        assert set(used) & set(parsed.ids)
    assert "prefers-color-scheme: dark" in whole
    assert not re.search(r"#0[1-5]0[1-5]0[1-5]|COLOUR", whole)  # every stand-in colour became the page's own
    for expected in (
        "Seen in training",
        "Unreliable labels",
        "By length of text",
        "Surest false alarms",
        "Calibration",
    ):
        assert re.search(rf'<h2 id="part-\d+">{expected}</h2>', whole)


def test_every_form_has_the_same_figures(report: Report, tmp_path: Path) -> None:
    written = page.write(report, tmp_path / "out" / "mine")
    assert [path.name for path in written] == ["mine.html", "mine.md", "mine.json"]
    assert from_json(Report, json.loads(written[2].read_text(encoding="utf-8"))) == as_read(report)
    figure = format_figure(report.of_labels.at["given"].overall.macro_f1)
    for path in written[:2]:
        assert figure in path.read_text(encoding="utf-8")
    assert page.page(report) == written[0].read_text(encoding="utf-8")  # equal reports are equal files


def as_read(report: Report) -> Report:
    """Return a report with lists where JSON has lists."""
    return from_json(Report, to_json(report))


def test_texts_only_when_asked_for(report: Report, classifier: EmotionClassifier, corpus: LabelledTexts) -> None:
    assert len(report.worst.false_alarms) + len(report.worst.misses) > 3
    for text in corpus.texts:
        assert text not in json.dumps(to_json(report))
    shown = evaluate(classifier, corpus, resamples=100, with_texts=True)
    texts = {str(error.text) for error in (*shown.worst.false_alarms, *shown.worst.misses)}
    assert texts <= set(corpus.texts)
    whole = page.page(shown)
    assert "<b>so</b>" not in whole  # a text is no markup
    if any("<b>" in text for text in texts):
        assert "&lt;b&gt;so&lt;/b&gt;" in whole
        assert "\\| really" in page.markdown(shown)


def test_what_is_undefined_is_said(report: Report) -> None:
    assert set(report.undefined) == set(LABELS) - set(TEXTS)
    assert "left out here: admiration" in page.markdown(report)
    row = next(line for line in page.markdown(report).splitlines() if line.startswith(r"| grief \* | 0 |"))
    assert row.count("undefined") == 5
    assert report.unreliable["grief"].startswith("0 positives")


@pytest.mark.parametrize("rows", ["Thank you!\t15\ta\n", "Thanks\t15\ta\nMany thanks\t15\tb\n", "xyzzy\t16\ta\n"])
def test_very_little_data(classifier: EmotionClassifier, tmp_path: Path, rows: str) -> None:
    """One row, one label everywhere, a label never found: every form is made, and says what it lacks."""
    path = tmp_path / "few.tsv"
    path.write_text(rows)
    report = evaluate(classifier, read_labelled(path, LABELS), resamples=100)
    assert len(report.undefined) == 27
    for written in page.write(report, tmp_path / "few"):
        assert written.stat().st_size > 3000
    assert "undefined" in (tmp_path / "few.md").read_text()


def test_a_label_map(classifier: EmotionClassifier, tmp_path: Path) -> None:
    labelled = tmp_path / "six.csv"
    labelled.write_text('text,labels\nThank you so much!,joy\nI am furious!,"anger"\nThe table is wooden.,\n')
    found = read_label_map("ekman", LABELS)
    data = read_labelled(labelled, LABELS, found, absent_ok=True)
    report = evaluate(classifier, data, label_map=found, resamples=100)
    assert report.of_labels.own.labels["joy"].f1.value == 1
    assert report.data.label_map == found
    assert "ranked by the highest of their probabilities" in page.markdown(report)
    with pytest.raises(ValueError, match="not of its own labels"):
        store(report, classifier.directory)


def test_figures_in_the_model_and_its_card(corpus: LabelledTexts, report: Report, model_copy: Path) -> None:
    store(report, model_copy)
    config = json.loads((model_copy / "config.json").read_text())
    assert config["tested_on"] == {"name": "mine.tsv", "sha256": corpus.sha256, "rows": len(corpus)}
    assert set(config["unreliable_labels"]) == set(LABELS)
    text = (model_copy / "README.md").read_text(encoding="utf-8")
    assert text == card(config)
    assert "A high or low F1 of admiration, with 0 positives, is mostly chance." in text
    threshold = f"{config['thresholds']['grief']:.3f}"
    assert f"| grief \\* | {threshold} | undefined | undefined | undefined | undefined | 0 |" in text
    classifier = EmotionClassifier(model_copy)
    assert classifier.predict(["Thank you so much!"], reliable_only=True) == [{}]
    with pytest.raises(DataError, match="it is the split the model was tested on"):
        tune_model(classifier, corpus, model_copy)


def test_a_card_of_other_making_keeps_its_text(report: Report, model_copy: Path) -> None:
    path = model_copy / "config.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "about"}))
    (model_copy / "README.md").write_text("# mine\n\n## Use\n\nas you like\n\n## Limits\n\nmany\n")
    for _ in range(2):  # the second time the sections are replaced
        store(report, model_copy)
        text = (model_copy / "README.md").read_text(encoding="utf-8")
        assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["Use", "Results", "Low-support labels", "Limits"]
        assert text.startswith("# mine\n\n## Use\n\nas you like\n\n## Results\n\nmine.tsv, 112 texts")
        assert text.endswith("## Limits\n\nmany\n")


def test_tuning(model_copy: Path, corpus: LabelledTexts, tmp_path: Path) -> None:
    """Of a model that is far too sure of itself."""
    config = json.loads((model_copy / "config.json").read_text())
    config["calibration"] = {"method": "temperature", "knots": {label: [[-1, -5], [1, 5]] for label in LABELS}}
    (model_copy / "config.json").write_text(json.dumps(config))
    record = tune_model(EmotionClassifier(model_copy), corpus, tmp_path / "tuned", calibration="platt")
    assert record.macro_f1 >= record.macro_f1_before
    assert record.calibration_error < record.calibration_error_before
    tuned = EmotionClassifier(tmp_path / "tuned")
    assert tuned.calibration is not None
    assert "metrics" not in tuned.config.raw  # those of the old thresholds
    assert "Not measured yet" in (tmp_path / "tuned" / "README.md").read_text(encoding="utf-8")
    report = evaluate(tuned, corpus, resamples=100)
    own = report.of_labels.own.overall.macro_f1.value
    # The label without a positive keeps 0.5 and out of macro F1 in both.
    assert own == pytest.approx(record.macro_f1, abs=1e-6)
    assert report.marks == ["the model's thresholds were tuned on this very data"]
    assert "Not an honest figure" in page.page(report)
    assert "Not an honest figure" in page.markdown(report)


def test_forced_tuning_marks_the_model(model_copy: Path, corpus: LabelledTexts, tmp_path: Path) -> None:
    path = model_copy / "config.json"
    config = json.loads(path.read_text())
    config["trained_on"]["splits"]["test"] = corpus.sha256
    path.write_text(json.dumps(config))
    model = EmotionClassifier(model_copy)
    with pytest.raises(DataError, match="--force, which marks the model"):
        tune_model(model, corpus, tmp_path / "forced")
    assert not (tmp_path / "forced").exists()
    record = tune_model(model, corpus, tmp_path / "forced", force=True)
    assert record.forced == "it is the split the model was tested on"
    other = read_labelled(write_corpus(tmp_path / "other.tsv"), LABELS)
    report = evaluate(EmotionClassifier(tmp_path / "forced"), other, resamples=100)
    assert "tuned by force on mine.tsv" in report.marks[0]
    store(report, tmp_path / "forced")
    assert "**Marked: " in (tmp_path / "forced" / "README.md").read_text(encoding="utf-8")


def test_training_texts_are_found_and_not_tuned_on(model_copy: Path, corpus: LabelledTexts, tmp_path: Path) -> None:
    from goemotions.evaluation.provenance import HASHES_FILE, hash_texts, hashes_to_bytes

    model = EmotionClassifier(model_copy)
    (model_copy / HASHES_FILE).write_bytes(hashes_to_bytes(hash_texts([text.upper() for text in corpus.texts[:10]])))
    report = evaluate(model, corpus, resamples=100)
    assert report.seen.rows == 10
    assert report.seen.ids == corpus.ids[:10]
    assert report.seen.without is not None
    assert report.seen.without.rows == len(corpus) - 10
    assert report.marks == []
    (model_copy / HASHES_FILE).write_bytes(hashes_to_bytes(hash_texts(corpus.texts)))
    assert evaluate(model, corpus, resamples=100).marks == ["the model was trained on this data"]
    with pytest.raises(DataError, match="the model was trained on it"):
        tune_model(model, corpus, tmp_path / "tuned")
