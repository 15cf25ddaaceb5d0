"""The benchmark of alternatives: the same maps for all, and nothing said for those who do not say."""

from __future__ import annotations

import lexicons
import numpy as np
import page_rivals
import pytest
import rivals
from sklearn.metrics import f1_score

from goemotions import LABELS
from goemotions.labels import SENTIMENT


@pytest.mark.parametrize(
    ("name", "score", "some", "none"),
    [
        ("vader", 0.05, "joy", "sadness"),
        ("vader", -0.6, "sadness", "joy"),
        ("nrclex", {"fear": 2, "joy": 1, "positive": 3}, "nervousness", "joy"),
        ("nrclex", {"negative": 1, "positive": 2}, "gratitude", "anger"),
    ],
)
def test_scores_become_labels_by_the_map(name: str, score: object, some: str, none: str) -> None:
    found = lexicons.labels_of(name, score)
    assert some in found
    assert none not in found


@pytest.mark.parametrize(
    ("name", "score"), [("vader", 0.04), ("nrclex", {}), ("nrclex", {"positive": 1, "negative": 1})]
)
def test_a_score_that_says_nothing_is_neutral(name: str, score: object) -> None:
    assert lexicons.labels_of(name, score) == ()


def test_figures_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    targets, decisions = (generator.random((200, len(LABELS))) < 0.1 for _ in range(2))
    for level, groups in rivals.LEVELS.items():
        truth, answer = rivals.grouped(targets, level), rivals.grouped(decisions, level)
        assert truth.shape == (200, len(groups))
        found = rivals.macro_f1(truth, answer)
        assert found["value"] == pytest.approx(f1_score(truth, answer, average="macro"))
        assert found["low"] < found["value"] < found["high"]


def test_groups_hold_what_any_of_their_labels_holds() -> None:
    rows = rivals.from_labels([["joy"], ["anger", "love"], []])
    assert rivals.grouped(rows, "sentiment").tolist() == [[True, False, False], [True, True, False], [False] * 3]
    assert "joy" in SENTIMENT["positive"]


def test_a_system_that_does_not_say_has_no_figure() -> None:
    (row,) = [line for line in page_rivals.rivals_table().splitlines() if "VADER" in line]
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert [bool(cell) for cell in cells] == [True, False, False, True, True, True]
