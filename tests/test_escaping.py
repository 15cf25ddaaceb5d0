"""What a config, a corpus or a file calls something is shown, and never obeyed: by a terminal, a page, a plot."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import Run
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from goemotions.escaping import for_markdown, for_terminal, one_line

NAMES = {
    "admiration": '"><img src=x onerror=alert(1)>',
    "anger": "<script>alert(2)</script>|[a](javascript:alert) *b*",
    "love": r"$\frac{$ #f00 id=\"x\" 1.23456",
    "grief": "[/red][bold]grief",
}
"""Labels that a model may come with; one with control characters is refused when its config is read."""

MODEL = "</title><svg onload=alert(3)>`$\\badcommand$`"
ABSENT = "--absent-labels-are-negative"
ACTIVE = {"img", "script", "iframe", "a", "object", "style"}


class Elements(HTMLParser):
    """Collects what a browser would do something for, and all text."""

    def __init__(self, page: str, allowed: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.active: list[str] = []
        self.text = ""
        self._allowed = allowed
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE - self._allowed or any(name.startswith("on") for name, _ in attrs):
            self.active.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def hostile(model_copy: Path) -> Path:
    """A model whose name and labels are meant for whoever shows them."""
    config = (model_copy / "config.json").read_text(encoding="utf-8")
    for label, name in NAMES.items():
        config = config.replace(f'"{label}"', json.dumps(name))
    raw = json.loads(config) | {"model_name": MODEL}
    (model_copy / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    return model_copy


def test_a_report_and_a_card_of_hostile_names(hostile: Path, cli: Run, tmp_path: Path) -> None:
    """Fault 11: a label became an element of the page, of its Markdown and of the card; ``$`` began a formula."""
    data = tmp_path / "<img src=x onerror=alert(4)>.jsonl"
    words = {"admiration": "You are wonderful.", "anger": "I am furious!", "love": "I love you.", "grief": "He died."}
    rows = [{"text": f"{text} {i}", "labels": [NAMES[label]]} for label, text in words.items() for i in range(6)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = cli(
        "evaluate", hostile, data, "--output", tmp_path / "rep", "--store", "--resamples", "100", "--texts", ABSENT
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    page = Elements(
        (tmp_path / "rep.html").read_text(encoding="utf-8"), frozenset({"style", "a"})
    )  # of its own: styles and contents
    assert page.active == []
    for label in ("admiration", "anger", "love"):
        assert page.text.count(NAMES[label]) > 5  # as itself, in tables and in plots
    for file in (tmp_path / "rep.md", hostile / "README.md"):
        text = file.read_text(encoding="utf-8")
        body = text.partition("\n---\n")[2] if text.startswith("---\n") else text  # the front matter is YAML, not shown
        shown = Elements(MarkdownIt("commonmark").enable("table").render(body))
        assert shown.active == [], file
        assert NAMES["admiration"] in shown.text
        assert MODEL in shown.text


def test_plots_of_a_corpus_with_hostile_labels(cli: Run, tmp_path: Path) -> None:
    r"""Fault 11: ``$\frac{$`` is a label, not a formula that cannot be read."""
    (tmp_path / "labels.txt").write_text("".join(f"{name}\n" for name in (NAMES["love"], "b$", "c")), encoding="utf-8")
    for split in ("train", "dev", "test"):
        rows = f"one {split}\t0\t{split}1\ntwo {split}\t1\t{split}2\nthree {split}\t0,2\t{split}3\n"
        (tmp_path / f"{split}.tsv").write_text(rows, encoding="utf-8")
    done = cli("data", "inspect", tmp_path, "--plots", tmp_path / "plots")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "plots").glob("*.png"))) == 3


def test_info_shows_hostile_names(hostile: Path, cli: Run) -> None:
    """Fault 12: a config's values were read as rich's mark-up: ``[/red]`` failed, ``[bold]`` vanished."""
    for options in ((), ("--json",)):
        done = cli("info", hostile, *options)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout
        assert "[bold]" in done.stdout
    assert json.loads(done.stdout)["emotion_labels"][0] == NAMES["admiration"]


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_nothing_steers_a_terminal(hostile: Path, tmp_path: Path) -> None:
    """Fault 12: escapes in labels, texts, keys and file names reached the terminal."""
    name = "no\x1b]0;such\x07file.csv"
    for arguments in (
        ("predict", "--model", hostile, "--threshold", "0", "He died\x1b[2J \x9b31m\u202e"),
        ("predict", "--model", hostile, "--threshold", "0", "--json", "He died \x9b31m"),
        ("predict", "--model", hostile, "--threshold", "\x1b[31m=0.5", "He died"),
        ("info", hostile),
        ("info", tmp_path / name),
        ("evaluate", hostile, tmp_path / name),
        ("predict", "--input", tmp_path / name, "--output", tmp_path / "out.csv"),
    ):
        shown = on_a_terminal(arguments)
        for sign in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"):
            assert sign not in shown, (arguments, shown)


def on_a_terminal(arguments: tuple[object, ...]) -> str:
    """Return what a command writes on a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "goemotions", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower)
    os.close(follower)
    parts = []
    try:
        while part := os.read(leader, 65_536):
            parts.append(part)
    except OSError:  # the way in which Linux says that the other end is closed
        pass
    os.close(leader)
    process.wait(60)
    return b"".join(parts).decode("utf-8", "replace")


@given(st.text(max_size=60))
@example("__0__")
def test_any_text_is_itself_in_markdown(text: str) -> None:
    shown = Elements(MarkdownIt("commonmark").enable("table").render(f"| a |\n|---|\n| {for_markdown(text)} |"))
    assert shown.active == []
    assert shown.text.split() == ["a", *one_line(text).split()]
    assert Elements(MarkdownIt("commonmark").render(for_markdown(text))).text.split() == shown.text.split()[1:]


@given(st.text(max_size=60))
def test_a_terminals_escapes_are_json_escapes(text: str) -> None:
    made = for_terminal(json.dumps(text, ensure_ascii=False))
    assert json.loads(made) == text
    assert made.isprintable() or not text.isprintable()
