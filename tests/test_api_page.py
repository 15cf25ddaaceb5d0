"""``docs/api.md`` is what ``docs/make_api.py`` makes of the docstrings of all that the package exports."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

import goemotions

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture
def make_api(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("make_api")


def test_the_page_is_made_from_the_docstrings(make_api: ModuleType) -> None:
    made = make_api.api_page()
    assert (DOCS / "api.md").read_text(encoding="utf-8") == made, "run python docs/make_api.py"


def test_every_exported_name_has_a_section_with_words(make_api: ModuleType) -> None:
    sections = make_api.api_page().split("\n## ")[1:]
    assert {section.partition("\n")[0].strip("`") for section in sections} == set(goemotions.__all__)
    assert all(len(section.split()) > 5 for section in sections)
