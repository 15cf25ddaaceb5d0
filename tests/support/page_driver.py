"""A person at the page: enters texts, opens files, reads what is shown, saves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Download, Page, expect

TEXT = "Thank you so much! I was so nervous about it. What a relief."
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@contextmanager
def watched(browser: Browser, *addresses: str) -> Iterator[Page]:
    """Yield an empty page; at the end nothing may have gone wrong in it, nor been asked of any other address."""
    context = browser.new_context(accept_downloads=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    context.on("request", lambda sent: None if sent.url.startswith(addresses) else wrong.append(sent.url))
    yield opened
    context.close()
    assert wrong == []


def read(page: Page, text: str = TEXT, seconds: float = 5) -> None:
    page.get_by_label("Your text").fill(text)
    page.get_by_role("button", name="Read the emotions").click()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Read \d"), timeout=1000 * seconds)


def names(page: Page, where: str) -> list[str]:
    return [name.split()[0] for name in page.locator(f"{where} .name").all_inner_texts()]


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    download: Download = waiting.value
    target = folder / download.suggested_filename
    download.save_as(target)
    return target


def open_file(page: Page, name: str, content: bytes) -> None:
    """Choose a file of this name and content."""
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.get_by_label("Open a file").set_input_files(file)  # type: ignore[arg-type]


def check_access(page: Page, state: str) -> None:
    """Check that axe finds nothing, and that nothing is wider than the page."""
    # The policy of the page keeps axe's own script tag out: it is evaluated instead.
    page.evaluate(Axe().axe_script)
    found = page.evaluate("options => axe.run(document, options)", RULES)
    broken = [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]
    assert not broken, f"{state}: {broken}"
    assert len(found["passes"]) > 5
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), state
