"""Rows that look mislabelled or doubled are named: those that were planted, and hardly any other."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from own_rows import LABELS, own_rows, single_rows

from goemotions.errors import AssumptionWarning
from goemotions.fitting import diagnose
from goemotions.fitting.crossval import Choice
from goemotions.fitting.fit import fit_rows
from goemotions.fitting.rows import rows_of

TEXTS, ROWS = own_rows(140)
SLIPS = {"54": "delivery", "107": "praise", "119": "praise"}


def slipped(labels: list[str], label: str) -> list[str]:
    """Return the labels without one that is among them, or with one that is not."""
    return [name for name in labels if name != label] if label in labels else [*labels, label]


def test_planted_slips_are_named_and_rows_without_are_not() -> None:
    labels = [
        slipped(row, SLIPS[number]) if (number := str(place)) in SLIPS else row
        for place, row in enumerate(ROWS, start=1)
    ]
    report = fit_rows(rows_of(TEXTS, labels, LABELS)).report
    assert {(suspect.row, suspect.label) for suspect in report.suspects} == set(SLIPS.items())
    for suspect in report.suspects:
        assert suspect.given == (suspect.label in labels[int(suspect.row) - 1])
        assert (suspect.probability < 0.1) == suspect.given
    said = "\n".join(report.lines())
    assert said.count("is it mislabelled?") == 3
    assert "Row 119 lacks praise" in said
    assert fit_rows(rows_of(TEXTS, ROWS, LABELS)).report.suspects == ()


def test_of_one_label_per_text_a_wrong_one_is_named_once() -> None:
    texts, labels = single_rows(60)
    for row in (5, 20):
        labels[row] = LABELS[(LABELS.index(labels[row]) + 1) % len(LABELS)]
    suspects = fit_rows(rows_of(texts, labels, single=True)).report.suspects
    assert sorted(suspect.row for suspect in suspects) == ["21", "6"]
    assert {(suspect.row, suspect.label) for suspect in suspects} == {("6", labels[5]), ("21", labels[20])}
    assert all(suspect.given and suspect.probability < 0.2 for suspect in suspects)


def test_rows_of_nearly_the_same_text_are_named_together() -> None:
    texts = [
        "I am so happy today", "What a wonderful surprise", "We won the match, great", "Nobody came to my birthday",
        "This makes me furious", "Stop it, you idiot", "The train leaves at nine", "It is a wooden chair",
        "WE WON the match... great!", "It is a wooden chair ", "we won the match: great",
    ]  # fmt: skip
    labels = [["good"]] * 3 + [["bad"]] * 3 + [[]] * 2 + [["good"], [], ["good"]]
    report = fit_rows(rows_of(texts, labels)).report
    assert report.doubled == (("3", "9", "11"), ("8", "10"))
    assert "Rows 3, 9, 11 are nearly the same text." in report.lines()


def test_more_rows_never_promise_more_than_one() -> None:
    """Near 1 the line through the logarithm of rows went beyond it."""
    learner = SimpleNamespace(targets=np.zeros((160, 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnose, "_draw", lambda *given: 0.9)
        choice = Choice((), np.zeros(0), 1.0)
        _, doubling = diagnose.learning_curve(learner, choice, np.zeros(1), False, 0.98, 0)  # type: ignore[arg-type]
    assert doubling == pytest.approx(0.02)


def test_german_rows_on_a_base_that_reads_english_are_said() -> None:
    texts = [f"Die Lieferung ist leider {number} Tage zu spät und ich bin nicht zufrieden" for number in range(8)]
    rows = rows_of([*texts, *TEXTS[:8]], ["late"] * 8 + ["other"] * 8, single=True)
    with pytest.warns(AssumptionWarning, match=r"8 of 16 texts seem .* does not read \(8 German\): a base that"):
        fit_rows(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_rows(rows_of(TEXTS, ROWS, LABELS))
