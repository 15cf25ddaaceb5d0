"""The documentation as a site: without a broken link, with nothing from outside, from what the code says."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
import typer
import yaml
from environments import ROOT

import goemotions
from goemotions import LABELS, EmotionClassifier
from goemotions.cli.app import app

DOCS = ROOT / "docs"


class Assets(HTMLParser):
    """Collects what a page loads, and its pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "link", "iframe", "source"):
            found = [value for name in ("src", "href", "srcset") if (value := given.get(name))]
            self.loaded += found
            if tag in ("img", "source"):
                self.pictures += [path for path in found if not path.startswith("data:")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: a link that leads nowhere would stop it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    variables = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that makes the labels' pages."""
    monkeypatch.syspath_prepend(str(DOCS / "site"))
    return importlib.import_module("label_pages")


def test_every_command_and_every_exported_name_has_its_place(site: Path) -> None:
    commands = (site / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    root = typer.main.get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    for name, command in root.commands.items():
        assert f'id="goemotions-{name}"' in commands or isinstance(command, typer.core.TyperGroup), name
        for parameter in command.params:
            assert all(option in commands for option in parameter.opts if option.startswith("--")), (name, parameter)
    reference = (site / "api" / "index.html").read_text(encoding="utf-8")
    assert all(re.search(rf'id="goemotions\.[\w.]*{name}"', reference) for name in goemotions.__all__)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = [page for page in site.rglob("*.html") if "reports" not in page.parts]
    assert len(pages) > 28 + 20
    for page in pages:
        parser = Assets()
        parser.feed(page.read_text(encoding="utf-8"))
        outside = [path for path in parser.loaded if re.match(r"(https?:)?//", path)]
        assert not outside, f"{page.relative_to(site)}: {outside}"
        missing = [path for path in parser.pictures if not (page.parent / path).is_file()]
        assert not missing, f"{page.relative_to(site)}: {missing}"


def test_every_page_of_the_docs_can_be_found(site: Path) -> None:
    """A page that somebody adds joins the navigation by itself."""
    home = (site / "index.html").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert page.stem == "index" or f'href="{page.stem}/"' in home, page.name
    for page in DOCS.glob("tutorials/*.md"):
        assert f'href="tutorials/{page.stem}/"' in home, page.name


def test_the_words_of_the_labels_are_whole(made: ModuleType) -> None:
    said = made.words()
    assert tuple(said) == LABELS
    texts = [
        text for about in said.values() for text in (*about["typical"], *(pair[0] for pair in about["borderline"]))
    ]
    assert len(texts) == len(set(texts)) == 4 * len(LABELS)
    for label, about in said.items():
        assert set(about) == {"means", "near", "typical", "borderline"}, label
        named = {word for word in re.findall(r"[a-z]+", about["near"].lower()) if word in LABELS}
        assert named - {label} or label == "neutral", f"{label}: what is it confused with?"


def test_typical_examples_are_what_they_say(made: ModuleType, classifier: EmotionClassifier) -> None:
    """The model finds the label in nearly all; where it does not, the page shows it."""
    said = made.words()
    pairs = [(label, text) for label, about in said.items() for text in about["typical"]]
    found = classifier.predict([text for _, text in pairs])
    missed = [(label, text) for (label, text), emotions in zip(pairs, found, strict=True) if label not in emotions]
    assert len(missed) <= 6, missed


def test_the_pages_of_labels_have_the_figures_of_the_stored_evaluation(made: ModuleType) -> None:
    report = json.loads((DOCS / "reports" / "compact.json").read_text(encoding="utf-8"))
    page = made.label_page("anger", report, made.words()["anger"], EmotionClassifier())
    f1 = report["figures"]["labels"]["at"]["own"]["labels"]["anger"]["f1"]
    assert f"{f1['value']:.2f} ({f1['low']:.2f} to {f1['high']:.2f})" in page
    anger, annoyance = LABELS.index("anger"), LABELS.index("annoyance")
    given, true = (report[name][anger][annoyance] * 100 for name in ("confusion", "together"))
    assert f"[annoyance](annoyance.md) to {given:.0f} % (people: {true:.0f} %)" in page


def test_the_extra_has_what_the_configuration_names() -> None:
    config = yaml.safe_load(re.sub(r"!!python/\S+", "", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert config["strict"] is True
    assert config["theme"]["font"] is False
