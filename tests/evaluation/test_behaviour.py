"""The behavioural suite: its cases, how answers are judged, and the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import page_behaviour
import pytest
from conftest import Run

from goemotions import EmotionClassifier
from goemotions.data.corpus import Split
from goemotions.errors import DataError, ModelError
from goemotions.evaluation.behaviour import forms
from goemotions.evaluation.behaviour.cases import Suite, read_suite
from goemotions.evaluation.behaviour.judge import Answer, BehaviourReport, all_texts, check, judge_answers, wilson
from goemotions.evaluation.formatting import format_figure
from goemotions.labels import LABELS
from goemotions.records import from_json

HEADER = "id\ttext\tmust\tmust_not\tother\n"
COMMITTED = page_behaviour.results()["compact"]
PAIRS = {"invariance", "exchange"}


def test_the_cases_are_frozen() -> None:
    """Figures of different models can be compared only on the same cases."""
    assert read_suite().sha256 == "35e8e334b002ca26b95c25898f5b90c961ba3401e0aa4720d91676ea49f94319"


def test_the_cases_are_many_and_of_every_kind() -> None:
    content = files("goemotions.evaluation.behaviour").joinpath("cases.tsv").read_bytes()
    cases = read_suite().cases
    assert len(content) <= 150_000
    assert len(cases) >= 1_500
    assert len({case.id for case in cases}) == len(cases)
    assert len({(case.text, case.other) for case in cases}) == len(cases)
    kinds = Counter(case.kind for case in cases)
    assert len(kinds) == 21
    assert min(kinds.values()) >= 35
    # What each case must hold is one set of labels, for "two" two of them, and for pairs a second, different text.
    for case in cases:
        assert len(case.must) == {"two": 2}.get(case.kind, 0 if case.kind in PAIRS else 1), case
        assert (case.other is not None) == (case.kind in PAIRS), case
        assert case.text != case.other
    wanted = Counter(label for case in cases for part in case.must for label in part)
    assert min(wanted[label] for label in LABELS) >= 50


def test_no_case_is_a_text_of_the_official_data(official: Callable[[str], Split]) -> None:
    texts = {plain(text) for name in ("train", "dev", "test") for text in official(name).texts}
    found = [case.id for case in read_suite().cases if plain(case.text) in texts or plain(case.other or "") in texts]
    assert not found


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


def test_a_case_names_its_line_breaks_labels_and_kind() -> None:
    rows = "emoji-alone-001\ta\\nb\tjoy|love & relief\tnegative\t\nexchange-002\tHe left.\t\t\tShe left.\n"
    one, pair = read_suite(f"# a comment\n{HEADER}{rows}".encode()).cases
    assert (one.kind, one.family, one.text, one.other) == ("emoji-alone", "emoji", "a\nb", None)
    assert one.must == (frozenset({"joy", "love"}), frozenset({"relief"}))
    assert {"anger", "grief", "remorse"} < one.must_not
    assert (pair.kind, pair.other, pair.must) == ("exchange", "She left.", ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text\tid\n", "line 1: the header must be id, text, must, must_not, other"),
        (HEADER + "a-1\tx\tjoy\n", "line 2 is no case: 5 cells are expected, got 3"),
        (HEADER + "a-1\tx\tjoi\t\t\n", "'joi' is no GoEmotions label"),
        (HEADER + "a-1\tx\t\tjoy\t\n", "neither labels that must be given nor a second text"),
        (HEADER + "a-1\tx\tjoy\tpositive\t\n", "joy both must and must not"),
    ],
)
def test_a_line_that_is_no_case_is_named(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_suite(content.encode())


def answer(sure: float = 0.5, *labels: str) -> Answer:
    """Return an answer in which the labels given have the probability ``sure`` and the others none."""
    probabilities = np.zeros(len(LABELS), np.float32)
    probabilities[[LABELS.index(label) for label in labels]] = sure
    return Answer(labels, probabilities)


SMALL = read_suite(
    (
        f"{HEADER}sarcasm-1\tGreat, rain.\tnegative\tadmiration|joy\t\n"
        "two-1\tThanks, and sorry!\tgratitude & remorse|sadness\t\t\n"
        "none-1\tPage 3\tneutral\tpositive\t\n"
        "emoji-alone-1\t:)\tjoy\t\t\nemoji-deciding-1\tHome :)\tjoy\t\t\n"
        "exchange-1\tHe left.\t\t\tShe left.\n"
    ).encode()
)


def test_a_case_passes_with_a_label_of_each_set_and_none_that_must_not_be_given() -> None:
    assert all_texts(SMALL.cases)[-2:] == ["He left.", "She left."]

    def passed(*answers: Answer) -> list[str]:
        report = judge_answers("it", SMALL, answers)
        failed = {verdict.id for verdict in report.failed}
        return [case.id for case in SMALL.cases if case.id not in failed]

    right = [
        answer(0.6, "anger"),
        answer(0.6, "gratitude", "sadness"),
        answer(),
        answer(0.6, "joy"),
        answer(0.6, "joy"),
    ]
    pair = [answer(0.6, "relief"), answer(0.9, "relief")]
    assert len(passed(*right, *pair)) == 6
    wrong = [
        answer(0.6, "anger", "joy"),
        answer(0.6, "gratitude"),
        answer(0.6, "neutral", "love"),
        answer(0.6, "love"),
        answer(),
    ]
    assert passed(*wrong, answer(0.6, "relief"), answer(0.6, "relief", "joy")) == []
    assert passed(*wrong, answer(), answer(0.9, "neutral")) == ["exchange-1"]  # no label counts as neutral


def test_figures_of_kinds_and_families() -> None:
    answers = [answer(0.9, "joy"), answer(0.9, "gratitude"), answer(), answer(0.3, "joy"), answer(0.3, "love")]
    report = judge_answers("it", SMALL, [*answers, answer(0.25, "fear"), answer(0.75, "fear", "joy")])
    assert report.suite == SMALL.sha256
    assert (report.overall.cases, report.overall.passed) == (6, 2)
    assert list(report.families) == ["emoji"]
    assert (report.families["emoji"].cases, report.families["emoji"].passed) == (2, 1)
    assert report.kinds["sarcasm"].sure_and_wrong == 1
    assert report.kinds["two"].sure_and_wrong == 0  # it is sure of what it may give
    assert report.kinds["exchange"].sure_and_wrong is None
    assert report.kinds["exchange"].change == pytest.approx(0.75)
    assert report.kinds["sarcasm"].change is None
    bare = judge_answers("lexicon", SMALL, [Answer(each.labels, None) for each in (*answers, answer(), answer())])
    assert bare.kinds["sarcasm"].sure_and_wrong is None
    assert bare.kinds["exchange"].change is None
    assert bare.kinds["exchange"].passed == 1


def test_wilson_intervals_are_known_ones() -> None:
    # Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    known = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for (passed, cases), (low, high) in known.items():
        found = wilson(passed, cases)
        assert found.low == pytest.approx(low, abs=5e-5)
        assert found.high == pytest.approx(high, abs=5e-5)


def test_the_report_of_the_bundled_model(classifier: EmotionClassifier) -> None:
    """At the model's own thresholds, by the same way as ``predict``."""
    suite = Suite(read_suite().cases[::20], "part")
    report = check(classifier, suite=suite)
    given = classifier.predict([case.text for case in suite.cases])
    for verdict in report.failed:
        place = next(i for i, case in enumerate(suite.cases) if case.id == verdict.id)
        assert verdict.given == tuple(given[place])
    assert report.overall.passed == report.overall.cases - len(report.failed)
    assert report.overall.cases == sum(figures.cases for figures in report.kinds.values()) == len(suite.cases)
    assert report.kinds["none"].share.value is not None
    assert report.kinds["none"].share.value > 0.8


def test_a_model_with_other_labels_is_refused(tmp_path: Path, model_copy: Path) -> None:
    config = json.loads((model_copy / "config.json").read_text(encoding="utf-8"))
    renamed = ["glee" if label == "joy" else label for label in config["emotion_labels"]]
    thresholds = {("glee" if label == "joy" else label): value for label, value in config["thresholds"].items()}
    config |= {"emotion_labels": renamed, "thresholds": thresholds, "unreliable_labels": {}}
    config.pop("calibration", None)
    (model_copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="lacks joy: the behavioural suite needs the 28"):
        check(EmotionClassifier(model_copy))


def test_the_command_prints_a_table_and_writes_three_files(cli: Run, tmp_path: Path) -> None:
    done = cli("check", "compact", "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if line] == [
        str(tmp_path / f"out.{suffix}") for suffix in ("html", "md", "json")
    ]
    report = from_json(BehaviourReport, json.loads((tmp_path / "out.json").read_text(encoding="utf-8")))
    assert report.suite == read_suite().sha256
    assert report.overall.passed == pytest.approx(COMMITTED.report.overall.passed, abs=5), "run benchmarks/behaviour.py"
    assert f"all cases {report.overall.cases:,}" in " ".join(done.stdout.split()).replace("  ", " ")
    assert format_figure(report.kinds["sarcasm"].share) in done.stdout
    assert done.stdout.rstrip("\n") == forms.summary(report)
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("https://example", "").replace("http://example", "")
    assert "they towed my car &gt;:-(" in page  # a case that compact fails today is shown, escaped
    assert (tmp_path / "out.md").read_text(encoding="utf-8") == forms.markdown(report)


def test_the_report_as_json_on_stdout(cli: Run) -> None:
    done = cli("check", "compact", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["overall"]["cases"] == len(read_suite().cases)


@pytest.mark.parametrize("kind", ["emoji", "negation", *dict.fromkeys(case.kind for case in read_suite().cases)])
def test_every_kind_has_a_name_for_readers(kind: str) -> None:
    assert kind in forms.TITLES
