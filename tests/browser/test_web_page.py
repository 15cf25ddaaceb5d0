"""The exported page in headless Chromium, on a static host: its tokens, scores and decisions are the library's."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from page_driver import check_access, names, read, saved, watched
from playwright.sync_api import Browser, Page, expect
from web_page import Host, hosting, load, onnxruntime_web, scores_of, tokens_of

from goemotions import EmotionClassifier, TruncatedTextWarning
from goemotions.architectures.tokens import TextTokenizer
from goemotions.browser.export import export_web
from goemotions.catalog import find_model
from goemotions.data.corpus import Split
from goemotions.evaluation.behaviour.cases import read_suite
from goemotions.predictions import accepted, select

ODD = [
    "",
    " \n",
    "[SEP] is text 😂",
    "a" * 101 + " b",
    "half \ud83d of a pair",
    "\uff21\uff22 \ufb01 \u0130 \u1e9e 한국어 ありがとう",
    "¯\\_(ツ)_/¯ <3 :'(",
]
LONG = "I was so happy at first. " * 40 + "Now I am sad and angry. "
MANY = 50  # texts: a second or two of one core


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the bundled model with a rule for neutral beside others and a calibration, so that both are tested."""
    folder = shutil.copytree(find_model(None), tmp_path_factory.mktemp("web") / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["thresholds_beside"] = {"neutral": 0.6}
    knots = {label: [[-8.0, -7.0], [0.0, 0.25], [8.0, 6.0]] for label in config["emotion_labels"]}
    config["calibration"] = {"method": "isotonic", "knots": knots | {"joy": [[0.0, 0.1], [1.0, 1.0]]}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def exported(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "page"
    export_web(model, folder, onnxruntime_web())
    return folder


@pytest.fixture(scope="module")
def host(exported: Path) -> Iterator[Host]:
    with hosting(exported) as running:
        yield running


@pytest.fixture(scope="module")
def alone(browser: Browser, host: Host) -> Iterator[Page]:
    """The page, loaded once."""
    with watched(browser, host.url, "blob:") as opened:
        load(opened, host)
        yield opened


def short_texts() -> list[str]:
    """Texts of the project's own, with emoji, slang and other scripts."""
    return [case.text for case in read_suite().cases]


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Official test texts where they are there, else texts of the project's own."""
    folder = os.environ.get("GOEMOTIONS_DATA")
    if not folder:
        return short_texts()[::12]
    lines = (Path(folder) / "goemotions" / "test.tsv").read_text(encoding="utf-8").split("\n")
    return [line.split("\t")[0] for line in lines if line]


def check_scores(
    found: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], share: float = 0.85, most: float = 0.1
) -> None:
    """Check that scores are as near as the library's own on two versions of onnxruntime.

    Integers are computed exactly, floats are rounded in another order: in some texts a number falls on the other side
    of where 8 bit round, and the text's scores move. ``docs/browser.md`` has the figures.

    Args:
        share: of texts, at least, whose scores are all within 0.002.
        most: that a score may differ.
    """
    worst = np.abs(found - expected).max(1)
    assert np.median(worst) < 1e-4
    assert (worst <= 2e-3).mean() >= share
    assert worst.max() < most


def test_tokens_are_the_librarys(alone: Page, exported: Path, model: Path, texts: list[str]) -> None:
    every = [*ODD, *texts[:300], *short_texts()[::6], *(f"a{chr(code)}b {chr(code)}" for code in spread(500))]
    check_tokens(alone, model, every)


def spread(count: int) -> list[int]:
    """So many characters from all of Unicode."""
    codes = [code for code in range(0x32400) if not 0xD800 <= code < 0xE000] + list(range(0xE0000, 0xE0200))
    return codes[:: max(1, len(codes) // count)]


def check_tokens(page: Page, model: Path, texts: Sequence[str]) -> None:
    tokenizer = TextTokenizer(model / "tokenizer.json")
    expected = [ids[1:-1] for ids in tokenizer.pieces(texts, 1_000_000).ids]
    found = tokens_of(page, texts)
    assert [text for text, *both in zip(texts, found, expected, strict=True) if both[0] != both[1]] == []


def test_scores_and_decisions_are_the_librarys(alone: Page, model: Path, texts: list[str], tmp_path: Path) -> None:
    classifier = EmotionClassifier(model)
    lines = [text for text in (" ".join(text.split()) for text in texts[:MANY]) if text]
    expected = classifier.predict_proba(lines)
    found, _ = scores_of(alone, lines, classifier.labels)
    check_scores(found, expected)
    thresholds = classifier.thresholds
    same = (accepted(found, thresholds) == accepted(expected, thresholds)).all(1)
    assert same.mean() >= 0.97
    held_back = (found[:, -1] >= thresholds["neutral"]) & (found[:, -1] < 0.6)
    rows = np.unique([*range(20), *np.flatnonzero(held_back)[:5]])
    alone.get_by_label("Each line is a text of its own").check()
    read(alone, "\n".join(lines[row] for row in rows), seconds=60)
    results = json.loads(saved(alone, "Download JSON", tmp_path).read_text(encoding="utf-8"))["results"]
    shown = [[one["label"] for one in result["emotions"]] for result in results]
    assert shown == [list(emotions) for emotions in select(found[rows], thresholds)]
    assert any("neutral" not in given and given for given, held in zip(shown, held_back[rows], strict=True) if held)


def test_long_and_blank_texts(alone: Page, model: Path) -> None:
    classifier = EmotionClassifier(model)
    found, cut = scores_of(alone, [LONG, " \n", "I love it"], classifier.labels)
    assert cut == [True, False, False]
    assert np.isnan(found[1]).all()
    with pytest.warns(TruncatedTextWarning):
        expected = classifier.predict_proba([LONG, "I love it"])
    assert abs(found[::2] - expected).max() < 0.02
    whole, cut = scores_of(alone, [LONG], classifier.labels, "windows")
    assert cut == [False]
    assert abs(whole - classifier.predict_proba([LONG], long_text="windows")).max() < 0.02
    assert abs(whole - found[:1]).max() > 0.05


def test_a_text_is_read_when_the_host_is_out_of_reach(alone: Page, host: Host) -> None:
    asked = len(host.asked)
    alone.context.set_offline(True)
    alone.get_by_label("Each line is a text of its own").uncheck()
    read(alone, "Thank you so much! I was so nervous about it.", seconds=60)
    alone.context.set_offline(False)
    assert names(alone, ".part:nth-child(1)")[0] == "gratitude"
    assert len(host.asked) == asked
    assert alone.locator("#hint").is_hidden()  # words that decide are not found out in a browser
    expect(alone.locator("#how")).to_contain_text("What you enter stays in this browser")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 360)])
def test_axe_finds_nothing(alone: Page, scheme: str, width: int) -> None:
    alone.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    alone.set_viewport_size({"width": width, "height": 900})
    check_access(alone, scheme)
    if "GOEMOTIONS_SCREENSHOTS" in os.environ:
        target = Path(os.environ["GOEMOTIONS_SCREENSHOTS"]) / f"web-{scheme}-{width}.png"
        alone.screenshot(path=target, full_page=True)


def test_failures_are_said(browser: Browser, exported: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(exported, tmp_path / "damaged", copy_function=os.link)
    (damaged / "model" / "tokenizer.json").unlink()
    (damaged / "model" / "tokenizer.json").write_text("{}")
    missing = shutil.copytree(exported, tmp_path / "missing", copy_function=os.link)
    (missing / "runtime" / "ort.js").unlink()
    cases = (
        (damaged, "", "The model cannot be loaded: model/tokenizer.json has 2 bytes, expected"),
        (missing, "", "files are missing where this page comes from"),
        (missing, "delete globalThis.WebAssembly", "WebAssembly is missing or switched off"),
    )
    for folder, script, said in cases:
        with hosting(folder) as running:
            page = browser.new_page()
            page.add_init_script(script)
            page.goto(running.url)
            expect(page.get_by_role("status")).to_contain_text(said, timeout=60_000)
            expect(page.get_by_role("status")).to_have_class("wrong")
            page.close()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "share", "most"), [("compact", 0.9, 0.1), ("multilingual", 0.7, 0.25)])
def test_a_thousand_texts_and_every_character(
    browser: Browser, name: str, share: float, most: float, tmp_path: Path, official: Callable[[str], Split]
) -> None:
    folder = shutil.copytree(find_model(name), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("thresholds_by_language", None)  # languages are not told apart in a browser
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    export_web(folder, tmp_path / "page", onnxruntime_web())
    classifier = EmotionClassifier(folder)
    isolating = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
    texts = list(official("test").texts)
    for headers in ({}, isolating):
        with hosting(tmp_path / "page", headers) as running:
            page = browser.new_page()
            start = time.monotonic()
            load(page, running)
            read(page, seconds=60)
            first = time.monotonic() - start
            assert page.evaluate("crossOriginIsolated") == bool(headers)
            start = time.monotonic()
            found, _ = scores_of(page, texts[:1000], classifier.labels)
            print(f"{name}: first answer {first:.1f} s, {1000 / (time.monotonic() - start):.0f} texts/s")
            check_scores(found, classifier.predict_proba(texts[:1000]), share, most)
            if not headers:
                check_tokens(page, classifier.directory, [*ODD, *texts, *short_texts()])
                codes = spread(1_000_000)
                check_tokens(page, classifier.directory, [f"a{chr(code)}b {chr(code)}" for code in codes])
            page.close()
