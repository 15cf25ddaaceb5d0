"""A page that was exported, on a plain static host, as a browser shows it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from debian import need
from playwright.sync_api import Page, expect

from goemotions.browser.runtime import VERSION, RuntimeMissingError, fetch

BUILD = Path(__file__).parents[2] / "build"

SCORE = """async ([texts, longText]) => {
  const { blocks, score } = await import("./static/api.js");
  const found = [];
  for (const block of blocks(texts)) found.push(...(await score(block, longText, new AbortController().signal)));
  return found;
}"""

TOKENS = """async (texts) => {
  const { Tokenizer } = await import("./static/tokenizer.js");
  const tokenizer = new Tokenizer(await (await fetch("model/tokenizer.json")).json());
  return texts.map((text) => tokenizer.ids(text));
}"""


def onnxruntime_web() -> Path:
    """Return the npm package, fetched once. Without it a test is skipped, and fails in CI, where it must run."""
    path = BUILD / f"onnxruntime-web-{VERSION}.tgz"
    if path.is_file():
        return path
    if shutil.which("npm") is None:
        need(Path("/usr/bin/npm"), "npm")
    BUILD.mkdir(exist_ok=True)
    try:
        return fetch(BUILD)
    except RuntimeMissingError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@dataclass
class Host:
    """A static host of one folder.

    Attributes:
        asked: the paths that were asked for.
    """

    folder: Path
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def hosting(folder: Path, headers: Mapping[str, str] | None = None) -> Iterator[Host]:
    """Serve a folder as ``python -m http.server`` does, with more headers if any are given."""
    host = Host(folder, headers or {})

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            for name, value in host.headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            host.asked.append(self.path)

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    host.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


def load(page: Page, host: Host) -> None:
    """Open the page and wait until the model is there: seconds, or more on a busy machine."""
    page.goto(host.url)
    expect(page.locator("#model")).to_contain_text("Model", timeout=180_000)


def scores_of(
    page: Page, texts: Sequence[str], labels: Sequence[str], long_text: str = "cut"
) -> tuple[npt.NDArray[np.float32], list[bool]]:
    """Return the probabilities that a page computes, [n, labels], NaN for blank texts; and which texts were cut."""
    found = page.evaluate(SCORE, [list(texts), long_text])
    rows = [[one["scores"].get(label, np.nan) for label in labels] for one in found]
    return np.array(rows, dtype=np.float32), [one["truncated"] for one in found]


def tokens_of(page: Page, texts: Sequence[str]) -> list[list[int]]:
    """Return the tokens that a page makes of texts."""
    found: list[list[int]] = page.evaluate(TOKENS, list(texts))
    return found
