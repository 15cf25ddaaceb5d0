"""The words that decide, marked on the page by mouse, tap and keyboard; the list filtered; lines as texts."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from page_driver import check_access, names, read
from playwright.sync_api import Browser, Page, expect
from running import Server

from goemotions import EmotionClassifier

TEXT = "I'm not happy with this at all! 👍🏽 The bus was late. Thank you, 😍 anyway."


def test_an_emotions_words_are_marked_and_told(page: Page, classifier: EmotionClassifier) -> None:
    read(page, TEXT)
    part = page.locator(".part", has_text="not happy")
    text = part.locator(".words").inner_text()
    emotion = names(page, ".part:nth-child(1)")[0]
    button = part.get_by_role("button", name=emotion)
    button.hover()
    why = part.locator(".why")
    expect(why).to_contain_text(f"{emotion}: for it ")
    explained = classifier.explain([text])[0]
    strongest = explained.strongest(emotion, 1)[0]
    assert f"“{strongest.text}” ({strongest.effect:+.1f})" in why.inner_text()
    assert part.locator(".words").inner_text() == text
    speaking = [word for word, effect in zip(explained.words, explained.effects[emotion], strict=True) if effect >= 0.1]
    assert part.locator(".word.for").all_inner_texts() == speaking
    page.locator("#headline").hover()
    expect(part.locator(".word.for")).to_have_count(0)
    assert why.inner_text() == ""


def test_a_choice_stays_and_goes_by_keyboard(page: Page) -> None:
    read(page, "Thank you so much!")
    button = page.locator(".part").get_by_role("button", name="gratitude")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".word.for").first).to_have_text("Thank")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".why")).to_have_text(re.compile(r"^gratitude: for it “Thank” \(\+\d"))
    page.keyboard.press("Escape")
    expect(page.locator(".word.for")).to_have_count(0)
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_tap_on_a_word_says_what_it_adds(browser: Browser, server: Server) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(server.url)
    read(page, "Thank you so much, 😍!")
    words = page.locator(".words")
    words.tap(position={"x": 5, "y": 8})
    expect(page.locator(".word").first).to_be_visible()
    page.locator(".word", has_text="😍").tap()
    expect(page.locator(".why")).to_have_text(re.compile(r"^“😍” adds gratitude .\d"))
    context.close()


def test_a_sentence_too_long_to_explain_is_said(browser: Browser, server: Server) -> None:
    """This server takes 64 texts in a request."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    read(page, "I love " + "and love " * 80)
    page.locator(".part button.name").first.click()
    expect(page.locator(".why")).to_contain_text("The words are not told: 128 words to explain")
    context.close()


def test_an_emotion_filters_the_list(page: Page) -> None:
    page.get_by_label("Each line is a text of its own").check()
    read(page, "I love it! It rains.\n\nThank you so much!\r\nI love you.\n")
    expect(page.get_by_role("status")).to_have_text("Read 3 texts.")
    assert page.locator(".words").all_inner_texts() == ["I love it! It rains.", "Thank you so much!", "I love you."]
    expect(page.locator("#parts-title")).to_have_text("Text by text")
    expect(page.locator("#headline")).to_have_text(re.compile("^Most often love"))
    love = page.locator("#whole").get_by_role("button", name="love")
    love.click()
    assert page.locator(".words").all_inner_texts() == ["I love it! It rains.", "I love you."]
    expect(page.locator("#filter-said")).to_have_text("2 of 3 texts with love.")
    expect(page.locator("#whole").get_by_role("button", name="love")).to_be_focused()
    page.get_by_role("button", name="Show all").click()
    assert page.locator(".words").count() == 3
    expect(page.locator("#filter")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_nothing_among_marked_words(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    read(page, TEXT)
    for number in (1, 3):
        page.locator(f".part:nth-child({number}) button.name").first.click()
        expect(page.locator(f".part:nth-child({number}) .word.for").first).to_be_visible()
    check_access(page, "words")
    if "GOEMOTIONS_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["GOEMOTIONS_SCREENSHOTS"]) / f"words-{scheme}-{width}.png", full_page=True)
