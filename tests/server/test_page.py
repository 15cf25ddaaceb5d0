"""The page in headless Chromium: text, CSV, threshold, downloads, keyboard, and what axe says."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from page_driver import TEXT, check_access, names, read, saved
from playwright.sync_api import Browser, Page, expect
from running import Server, serving

from goemotions import LABELS, EmotionClassifier


def test_a_text_whole_and_by_sentence(page: Page, classifier: EmotionClassifier) -> None:
    read(page)
    whole = classifier.predict([TEXT], long_text="windows")[0]
    assert names(page, "#whole") == list(whole)
    assert page.locator("#headline").inner_text().startswith(f"This reads as {next(iter(whole))}")
    sentences = ["Thank you so much!", "I was so nervous about it.", "What a relief."]
    assert page.locator(".words").all_inner_texts() == sentences
    for number, expected in enumerate(classifier.predict(sentences), start=1):
        assert names(page, f".part:nth-child({number})") == list(expected)[:4]
    first = page.locator("#whole .share").first.inner_text()
    assert int(first.split()[0]) == pytest.approx(next(iter(whole.values())) * 100, abs=1)


def test_unreliable_labels_are_marked_with_why_and_can_be_left_out(page: Page) -> None:
    read(page)
    marked = page.locator(".part:nth-child(2) .rare")
    expect(marked.first).to_have_attribute("title", "23 examples in the test data: too few to be sure of")
    expect(page.locator("#footnote")).to_contain_text("nervousness (23)")
    page.get_by_label("Leave out emotions too rare").check()
    assert "nervousness" not in names(page, "#results")


def test_the_threshold_slider(page: Page, classifier: EmotionClassifier) -> None:
    read(page, "Thank you so much!")
    slider = page.get_by_label("One threshold for all emotions")
    slider.fill("0.02")
    expect(page.get_by_label("Above one threshold for all:")).to_be_checked()
    assert names(page, "#whole") == list(classifier.predict(["Thank you so much!"], threshold=0.02)[0])
    slider.fill("0.99")
    slider.press("ArrowLeft")
    expect(page.locator("#shown")).to_have_text("0.98")
    page.get_by_label("Above its own threshold").check()
    assert names(page, "#whole") == list(classifier.predict(["Thank you so much!"])[0])


def test_a_csv_from_opening_to_download(page: Page, classifier: EmotionClassifier, tmp_path: Path) -> None:
    texts = ["I love it, really!", 'He said "no",\nand left.', "", "=awful & sad <b>"] * 40
    source = tmp_path / "reviews.csv"
    with source.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["id", "review"], *([str(i), text] for i, text in enumerate(texts))])
    page.get_by_label("Open a file").set_input_files(source)
    expect(page.get_by_role("status")).to_contain_text("reviews.csv: 160 rows")
    expect(page.get_by_label("Column with the texts")).to_have_value("1")
    page.get_by_role("button", name="Read all rows").click()
    expect(page.get_by_role("status")).to_have_text("Read 160 rows.")
    assert page.locator(".part").count() == 50
    page.get_by_role("button", name="Show more (110 left)").click()
    assert page.locator(".part").count() == 100
    expected = classifier.predict(texts)
    share = sum("love" in found for found in expected) / len(texts)
    assert f"{round(share * 100)} %" in page.locator("#whole .bar", has_text="love").inner_text()
    with saved(page, "Download CSV", tmp_path).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    harmless = {"=awful & sad <b>": "'=awful & sad <b>"}  # what a spreadsheet would compute
    assert [row["review"] for row in rows] == [harmless.get(text, text) for text in texts]
    assert list(rows[0]) == ["id", "review", "emotions", "truncated", *(f"score_{label}" for label in LABELS)]
    for row, found in zip(rows, expected, strict=True):
        got = {item["label"]: item["score"] for item in json.loads(row["emotions"])}
        assert got == pytest.approx(found, abs=2e-3)
        assert row["truncated"] == "false"
    results = json.loads(saved(page, "Download JSON", tmp_path).read_text(encoding="utf-8"))["results"]
    assert [row["text"] for row in results] == texts


def test_a_file_dropped_on_the_page(page: Page) -> None:
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["text\\tn\\nI am so happy\\t1\\nI am so sad\\t2\\n"], "a.tsv"));
          document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.get_by_role("status")).to_contain_text("a.tsv: 2 rows")
    page.keyboard.press("Enter")  # the button to start has the focus
    expect(page.get_by_role("status")).to_have_text("Read 2 rows.")
    assert {"joy", "sadness"} <= set(names(page, "#whole"))


def test_mistakes_are_said(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Read the emotions").click()
    expect(page.get_by_role("status")).to_have_text("Enter a text first.")
    (tmp_path / "a.csv").write_text("text\n")
    page.get_by_label("Open a file").set_input_files(tmp_path / "a.csv")
    expect(page.get_by_role("status")).to_contain_text("a.csv has no rows: expected at least one")
    (tmp_path / "a.csv").write_text('text\n"open')
    page.get_by_label("Open a file").set_input_files(tmp_path / "a.csv")
    expect(page.get_by_role("status")).to_contain_text("a.csv, line 2: unexpected end of data")


def test_a_language_that_the_model_does_not_read_is_said(page: Page) -> None:
    pytest.importorskip("py3langid")
    read(page, "Estoy muy contento con este paquete, muchas gracias a todos por la ayuda.")
    expect(page.locator("#unread")).to_have_text(
        "This seems to be Spanish, which the model does not read: what it says means little. It reads English."
    )
    read(page)
    expect(page.locator("#unread")).to_be_hidden()


def test_a_text_is_shown_as_text(page: Page) -> None:
    read(page, "<img src=x onerror=alert(1)> I love this.\n<script>alert(2)</script>")
    assert page.locator(".words img, .words script").count() == 0
    assert "<img src=x onerror=alert(1)>" in page.locator("#list").inner_text()


def test_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your text")).to_be_focused()
    page.keyboard.type("I love this!")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_have_text("Read 1 sentence.")
    expect(page.locator("#headline")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    page: Page, server: Server, scheme: str, width: int, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for state in ("empty", "results", "docs"):
        if state == "results":
            read(page)
        elif state == "docs":
            page.goto(f"{server.url}/docs")
        check_access(page, state)
        if "GOEMOTIONS_SCREENSHOTS" in os.environ:
            target = Path(os.environ["GOEMOTIONS_SCREENSHOTS"]) / f"{state}-{scheme}-{width}.png"
            page.screenshot(path=target, full_page=True)


def test_the_page_behind_a_key(browser: Browser) -> None:
    """A browser asks its user for the key, and sends it with what the page asks."""
    key = "a-key-of-our-own-0123456789"
    with serving("--host", "0.0.0.0", env={"GOEMOTIONS_API_KEY": key}) as keyed:
        context = browser.new_context(http_credentials={"username": "anyone", "password": key})
        page = context.new_page()
        page.goto(keyed.url)
        read(page)
        assert "gratitude" in names(page, "#whole")
        context.close()
