"""Where words begin and end, in any script, with emoji and signs; and texts without some of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goemotions.explaining.words import without, words_of


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in words_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm not happy, at all!!! :D", ["I'm", "not", "happy", "at", "all", "!!!", ":D"]),
        ('He said "no"... (really?!)', ["He", "said", "no", "...", "really", "?!"]),
        ("3.5 stars, #blessed @me [NAME] xD <3 :'(", ["3.5", "stars", "#blessed", "@me", "NAME", "xD", "<3", ":'("]),
        ("well-known—yes & no", ["well-known", "yes", "&", "no"]),
        ("don\u2019t 10,000", ["don\u2019t", "10,000"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("我很高兴。", ["我", "很", "高", "兴"]),
        (",", [","]),
        (" . ", ["."]),
        ("", []),
        (" \t\n", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_an_emoji_with_all_that_belongs_to_it_is_a_word_and_so_is_a_row_of_one() -> None:
    family, flags = "👨\u200d👩\u200d👧", ["🇮🇹", "🇩🇪"]
    assert words(f"thanks❤\ufe0f so{family}{''.join(flags)}") == ["thanks", "❤\ufe0f", "so", family, *flags]
    assert words("so 😂😂😂😡") == ["so", "😂😂😂", "😡"]
    assert words("👍🏽👍🏽") == ["👍🏽👍🏽"]


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("I am not happy.", "not", "I am happy."),
        ("Thanks a lot", "Thanks", "a lot"),
        ("Thanks a lot", "lot", "Thanks a "),
        ("good😊bad", "😊", "good bad"),
        ("我很高兴", "很", "我高兴"),
        ("no", "no", ""),
    ],
)
def test_a_text_without_a_word(text: str, word: str, expected: str) -> None:
    start = text.index(word)
    assert without(text, start, start + len(word)) == expected


@given(st.text(max_size=60))
def test_words_stand_in_order_and_every_text_that_is_not_blank_has_one(text: str) -> None:
    spans = words_of(text)
    assert all(span.start < span.end <= len(text) for span in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(text[span.start : span.end].strip() == text[span.start : span.end] for span in spans)
    assert bool(spans) == bool(text.strip())
    letters = {place for place, character in enumerate(text) if character.isalnum()}
    assert letters <= {place for span in spans for place in range(*span)}
