"""HTML entities, copies and texts that are none are counted and said; nothing is changed."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from conftest import Run
from table_rows import score, write_rows

from goemotions import EmotionClassifier
from goemotions.entities import entities_note, has_entities
from goemotions.errors import AssumptionWarning
from goemotions.estimation import estimate
from goemotions.odd_texts import is_json

WEB = "I&#39;m so happy, this is the &quot;best&quot; day"
SAID = "of 40 texts have HTML entities such as &quot; or &#39;"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WEB, True),
        ("fish &amp; chips", True),
        ("I &lt;3 it", True),
        ("&#x1F600;", True),
        ("fish & chips", False),
        ("AT&T; and R&D;", False),
        ("&#;", False),
    ],
)
def test_what_is_an_entity(text: str, expected: bool) -> None:
    assert has_entities(text) is expected


def test_a_few_are_not_worth_a_word() -> None:
    assert entities_note(1, 100) is None
    assert str(entities_note(1, 1)).startswith("1 of 1 text has HTML entities")


def test_entities_of_a_table_are_said(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """Texts from web tools were read with their entities, and nothing was said."""
    texts = [f"{WEB} {n}" if n % 2 else f"a plain day {n}" for n in range(40)]
    source = write_rows(tmp_path / "in.csv", [{"text": text} for text in texts])
    with pytest.warns(AssumptionWarning, match=f"20 {SAID}"):
        score(classifier, source, tmp_path / "out.csv")
    with pytest.warns(AssumptionWarning, match=f"20 {SAID}"):
        estimate(classifier, source)


def test_entities_of_lines_are_said(cli: Run) -> None:
    done = cli("predict", WEB)
    assert "warning: 1 of 1 text has HTML entities" in done.stderr


def test_copies_in_a_table_are_said(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """A text that was posted forty times was forty texts, and nobody was told."""
    texts = ["the same again"] * 10 + [f"another day {n}" for n in range(30)]
    source = write_rows(tmp_path / "in.csv", [{"text": text} for text in texts])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimate(classifier, source)
    assert found.repeated == 9
    assert any(note.startswith("9 of 40 texts stand, letter for letter, in a row before") for note in found.notes())


def test_what_stands_in_place_of_a_text_is_said(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """`[deleted]` was neutral, in a table and in every share, and nobody was told."""
    texts = ["[deleted]", "[removed]", "nan", "NULL", *(f"another day {n}" for n in range(36))]
    source = write_rows(tmp_path / "in.csv", [{"text": text} for text in texts])
    said = re.escape("4 of 40 texts stand in place of a text ([deleted], [removed], nan), and are scored as they stand")
    with pytest.warns(AssumptionWarning, match=said):
        score(classifier, source, tmp_path / "out.csv")
    with pytest.warns(AssumptionWarning, match=said):
        estimate(classifier, source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"text":"I love it"},{"text":"\\n"}', True),
        (' [{"text": "hi"}]\n', True),
        ("{sigh}", False),
        ('{"quoted"} says she', False),
        ("[deleted]", False),
    ],
)
def test_what_is_json(text: str, expected: bool) -> None:
    assert is_json(text) is expected
