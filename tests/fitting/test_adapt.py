"""A model's own labels on texts of another kind: few rows move thresholds, more also the head, and the rest stays."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

from goemotions import LABELS, DataError, EmotionClassifier
from goemotions.fitting.adapt import APART, adapt_rows
from goemotions.fitting.directory import write_fitted
from goemotions.fitting.rows import rows_of
from goemotions.labels import EKMAN

# Reports of matches, in which a calm word is meant well and a loud one badly.
GOOD = [
    "a solid first half",
    "decent passing again",
    "the keeper was fine",
    "no complaints at all",
    "good enough to win",
]
BAD = ["the defence was asleep", "another corner wasted", "they gave the ball away", "late and slow in every duel"]
TEXTS = [f"{text}, minute {minute}" for minute in range(8, 15) for text in [*GOOD, *BAD]]
COARSE = [["joy"] if any(text.startswith(good) for good in GOOD) else ["anger"] for text in TEXTS]
FINE = [["approval"] if row == ["joy"] else ["disapproval"] for row in COARSE]
SOME = ["Thank you so much!", "I am so sorry", "What is that?", *TEXTS[:9]]


def test_labels_without_rows_keep_the_answer_of_the_base(classifier: EmotionClassifier, tmp_path: Path) -> None:
    fitted = adapt_rows(rows_of(TEXTS, FINE))
    adapted = EmotionClassifier(write_fitted(fitted.files, tmp_path / "adapted"))
    assert adapted.labels == LABELS
    touched = [LABELS.index("approval"), LABELS.index("disapproval")]
    others = [place for place in range(28) if place not in touched]
    ours, theirs = adapted.predict_proba(SOME), classifier.predict_proba(SOME)
    assert np.abs(ours - theirs)[:, others].max() < 1e-3
    assert [adapted.thresholds[LABELS[place]] for place in others] == [
        classifier.thresholds[LABELS[place]] for place in others
    ]
    assert np.abs(ours - theirs)[:, touched].max() > 0.1


def test_a_coarse_label_moves_its_members_in_the_order_of_the_base(
    classifier: EmotionClassifier, tmp_path: Path
) -> None:
    fitted = adapt_rows(rows_of(TEXTS, COARSE), label_map="brighter")
    report = fitted.report
    assert report.base_macro_f1 is not None
    assert (report.macro_f1.value or 0) > (report.base_macro_f1.value or 0) + 0.2
    assert any("These figures are of anger, joy, as the rows have them" in line for line in report.lines())
    adapted = EmotionClassifier(write_fitted(fitted.files, tmp_path / "adapted"))
    found = adapted.predict(["a solid first half", "another corner wasted"])
    assert set(found[0]) & set(EKMAN["joy"])
    assert set(found[1]) & {"anger", "annoyance", "disapproval"}
    margins = [
        model.score(TEXTS[:1]).logits[0, 2:4] - np.log([t / (1 - t) for t in list(model.thresholds.values())[2:4]])
        for model in (adapted, classifier)
    ]
    assert np.diff(margins[0]) == pytest.approx(APART * np.diff(margins[1]), abs=1e-3)


def test_where_the_base_is_as_good_nothing_changes(classifier: EmotionClassifier, tmp_path: Path) -> None:
    texts = [f"{text} {number}" for number in range(6) for text in ("Thank you so much!", "I am so sorry!")]
    fitted = adapt_rows(rows_of(texts, [["gratitude"], ["remorse"]] * 6))
    assert fitted.report.way == "the base as it is"
    adapted = EmotionClassifier(write_fitted(fitted.files, tmp_path / "same"))
    assert np.abs(adapted.predict_proba(SOME) - classifier.predict_proba(SOME)).max() < 1e-3
    assert adapted.thresholds.beside == classifier.thresholds.beside != {}
    assert [list(row) for row in adapted.predict(SOME)] == [list(row) for row in classifier.predict(SOME)]


def test_the_command_line(tmp_path: Path, cli: Run) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            [["text", "labels"], *([text, row[0]] for text, row in zip(TEXTS, FINE, strict=True))]
        )
    done = cli("adapt", path, "--output", tmp_path / "model")
    assert "compact as it is" in done.stdout
    assert cli("predict", "--model", tmp_path / "model", "Thank you so much!").stdout.startswith("Thank you")


def test_a_label_that_the_base_lacks_is_named() -> None:
    with pytest.raises(DataError, match="labels that compact does not have: 'aproval'; did you mean 'approval'"):
        adapt_rows(rows_of(TEXTS, [["aproval"] if row == ["approval"] else row for row in FINE]))
