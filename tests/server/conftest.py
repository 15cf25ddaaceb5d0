"""The page in headless Chromium, for every test of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from debian import need
from playwright.sync_api import Browser, Page, sync_playwright
from running import Server

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    need(CHROMIUM, "chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that root in a container does not have.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page, with a check that nothing went wrong in it and that it asked no other server."""
    context = browser.new_context(accept_downloads=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda sent: None if sent.url.startswith((server.url, "blob:")) else wrong.append(sent.url))
    opened.goto(server.url)
    yield opened
    context.close()
    assert wrong == []
