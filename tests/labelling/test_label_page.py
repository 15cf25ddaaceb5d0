"""The labelling page in headless Chromium: by keyboard, by mouse, back and skip, two pages, and what axe says."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from debian import need
from labeller import NAMES, TRUTH, write_texts
from own_rows import LABELS
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running import Server, serving

CHROMIUM = Path("/usr/bin/chromium")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need(CHROMIUM, "chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labelling")


@contextmanager
def labelling(folder: Path) -> Iterator[Server]:
    file = write_texts(folder / "posts.csv")
    with serving(file, "--labels", NAMES, "--output", folder / "labelled.csv", command="label") as running:
        yield running


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A labelling that all tests go on with, each where the one before was."""
    with labelling(folder) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page, with a check that nothing went wrong in it and that it asked no other server."""
    context = browser.new_context()
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda sent: None if sent.url.startswith(server.url) else wrong.append(sent.url))
    opened.goto(server.url)
    expect(opened.locator("#desk, #elsewhere").filter(visible=True)).to_be_visible()
    if opened.locator("#elsewhere").is_visible():  # the page of the test before went without a word
        opened.get_by_role("button", name="Label here").click()
    expect(opened.get_by_role("heading", name=re.compile(r"^Text \d+$"))).to_be_focused()
    yield opened
    context.close()
    assert [said for said in wrong if "409" not in said] == []


def title(page: Page) -> str:
    return page.locator("#title").inner_text()


def text(page: Page) -> str:
    return page.locator("#text").inner_text()


def answer(page: Page, count: int) -> None:
    """Answer so many texts by keyboard: the labels' signs, then Enter."""
    for _ in range(count):
        before = title(page)
        for label in TRUTH[text(page)]:
            page.keyboard.press(str(LABELS.index(label) + 1))
        page.keyboard.press("Enter")
        expect(page.locator("#title")).not_to_have_text(before)


def table(folder: Path) -> dict[str, str]:
    """Return the labels of each text in the output."""
    with (folder / "labelled.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {line["text"]: line["labels"] for line in csv.DictReader(stream)}


def test_by_keyboard_alone_until_there_are_figures(page: Page, folder: Path) -> None:
    expect(page.locator("#waiting")).to_contain_text("comes with ten answers")
    answer(page, 20)
    expect(page.locator("#count")).to_have_text("20 answered, 0 skipped, of 70")
    expect(page.locator("#figures dd").first).to_have_text(re.compile(r"0\.\d\d \(0\.\d\d to [01]\.\d\d\)"))
    expect(
        page.get_by_role("img", name=re.compile("Macro F1 went from .* with 10 answers to .* with 20"))
    ).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("praise"))).to_be_visible()
    made = table(folder)
    assert len(made) == 20
    assert all(set(filter(None, labels.split(","))) == set(TRUTH[text]) for text, labels in made.items())


def test_skip_back_and_a_changed_answer(page: Page, folder: Path) -> None:
    first, number = text(page), title(page)
    page.keyboard.press("s")
    expect(page.locator("#title")).not_to_have_text(number)
    expect(page.locator("#title")).to_be_focused()
    expect(page.locator("#count")).to_contain_text("1 skipped")
    second = title(page)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", name=number)).to_be_focused()
    assert text(page) == first
    page.get_by_role("checkbox", name="price").check()
    page.get_by_role("checkbox", name="praise").check()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#title")).to_have_text(second)
    page.keyboard.press("b")
    expect(page.get_by_role("checkbox", name="price")).to_be_checked()
    page.keyboard.press("2")
    expect(page.get_by_role("checkbox", name="price")).not_to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text(second)
    expect(page.get_by_role("button", name="None of these, next")).to_be_visible()
    expect(page.locator("#count")).to_contain_text("0 skipped")
    assert table(folder)[first] == "praise"


def test_keys_can_be_switched_off(page: Page) -> None:
    number = title(page)
    page.get_by_role("checkbox", name=re.compile("^Keys")).uncheck()
    page.keyboard.press("1")
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert title(page) == number
    assert page.locator("#labels :checked").count() == 0


def test_two_pages_are_told_and_either_can_go_on(page: Page, server: Server) -> None:
    number = title(page)
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.get_by_role("alert")).to_contain_text("Another page labels these texts")
    expect(other.locator("#desk")).to_be_hidden()
    other.get_by_role("button", name="Label here").click()
    expect(other.get_by_role("heading", name=number)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Another page labels these texts")
    page.get_by_role("button", name="Label here").click()
    expect(page.get_by_role("heading", name=number)).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name=number)).to_be_focused()


def test_a_page_whose_command_has_ended_says_so(browser: Browser, tmp_path: Path) -> None:
    with labelling(tmp_path) as running:
        page = browser.new_page()
        page.goto(running.url)
        expect(page.get_by_role("heading", name="Text 1")).to_be_focused()
        running.process.kill()
        running.process.wait()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("what you have answered is kept")
        expect(page.locator("#title")).to_have_text("Text 1")
        page.close()


def test_axe_finds_nothing_and_nothing_is_cut_off(page: Page) -> None:
    page.keyboard.press("1")
    looked = {"desk": page, "elsewhere": page.context.new_page()}
    looked["elsewhere"].goto(page.url)
    expect(looked["elsewhere"].get_by_role("alert")).to_be_visible()
    for name, shown in looked.items():
        for scheme in ("light", "dark"):
            for width in (1200, 360):
                shown.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                shown.set_viewport_size({"width": width, "height": 900})
                shown.evaluate(Axe().axe_script)
                found = shown.evaluate("options => axe.run(document, options)", RULES)
                assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == [], (name, scheme)
                assert len(found["passes"]) > 5
                assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
                if "GOEMOTIONS_SCREENSHOTS" in os.environ:
                    target = Path(os.environ["GOEMOTIONS_SCREENSHOTS"]) / f"label-{name}-{scheme}-{width}.png"
                    shown.screenshot(path=target, full_page=True)
