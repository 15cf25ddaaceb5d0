"""The page of a server whose model has thresholds by language: as the library decides, with the language."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_driver import check_access, names, read, saved
from playwright.sync_api import Page, expect
from running import Server, serving

from goemotions import EmotionClassifier

TEXTS = [
    "Thank you so much for all that you did!",
    "Il treno parte alle otto di sera dalla stazione.",
    "정말 고맙습니다",
    "დიდი მადლობა, ძალიან კარგი",
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("auto") as running:
        yield running


def test_texts_in_several_languages(page: Page, tmp_path: Path) -> None:
    page.get_by_label("Each line is a text of its own").check()
    read(page, "\n".join(TEXTS))
    expected = EmotionClassifier("auto").predictions(TEXTS)
    for number, found in enumerate(expected, start=1):
        assert names(page, f".part:nth-child({number})") == list(found.emotions)[:4]
    assert page.locator(".language").all_inner_texts() == [
        "English, read by compact.", "Italian, read by multilingual.",
        "Korean, read by multilingual.", "Georgian, read by multilingual.",
    ]  # fmt: skip
    check_access(page, "languages")
    with saved(page, "Download CSV", tmp_path).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    told = [(row["language"], row["model"], row["thresholds"]) for row in rows]
    assert told == [(found.language, found.model, found.thresholds) for found in expected]
    page.get_by_label("Above one threshold for all:").check()
    expect(page.locator("#shown")).to_have_text("0.30")
    assert names(page, ".part:nth-child(2)") == list(EmotionClassifier("auto").predict(TEXTS, threshold=0.3)[1])[:4]
