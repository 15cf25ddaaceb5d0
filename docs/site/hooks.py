"""What MkDocs asks for when it builds the site: pages that are made or stand outside of ``docs``, and links."""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))

from command_pages import commands_page
from label_pages import label_pages
from notebook_pages import notebook_pages

import goemotions

ROOT = Path(__file__).parents[2]
FROM_ROOT = {name: f"project/{name.lower()}" for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")}
"""Pages that stand at the project's root, with their places in the site."""
LINK = re.compile(r"(?<!!)\[([^\]\[]*)\]\(([^)\s]+)\)")


GUIDES, ALL_LABELS = "Guides", "The 28 labels"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put pages of ``docs`` that the navigation does not name behind its guides, and name those of the labels."""
    named = set(re.findall(r"[\w./-]+\.md", str(config.nav)))
    others = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in named)
    for part in config.nav or []:
        if GUIDES in part:
            part[GUIDES] += others
        if ALL_LABELS in part:
            part[ALL_LABELS] = ["labels/index.md", *(f"labels/{label}.md" for label in goemotions.LABELS)]
    return config


def made_pages() -> dict[str, str]:
    """Return the pages that no file holds, by their paths."""
    return {
        "reference/commands.md": commands_page(),
        "api.md": api_page(),
        **label_pages(),
        **notebook_pages(),
        **from_root(),
    }


def api_page() -> str:
    """Return the reference of what the package exports, for mkdocstrings to fill."""
    named = sorted(goemotions.__all__, key=lambda name: (name.isupper(), name != "EmotionClassifier", name))
    head = "# API\n\nWhat `from goemotions import …` gives is public: it keeps its promise within a major version."
    return "\n\n".join([head, *(f"::: {where(name)}" for name in named)]) + "\n"


def where(name: str) -> str:
    """Return the full name of an exported object, where it is defined."""
    module = getattr(getattr(goemotions, name), "__module__", None)
    return f"{module}.{name}" if isinstance(module, str) else f"goemotions.labels.{name}"


def from_root() -> dict[str, str]:
    return {page: (ROOT / name).read_text(encoding="utf-8") for name, page in FROM_ROOT.items()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for path, content in made_pages().items():
        there = files.get_file_from_path(path)
        if there is not None:
            files.remove(there)
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links between pages of the project lead within the site; those to its other files become their names."""
    source = page.file.src_uri
    if source == "index.md":
        page.meta["hide"] = ["navigation", "toc"]  # it is all there is in its part
    outside = {place: name for name, place in FROM_ROOT.items()}
    here = posixpath.dirname(outside.get(source, f"docs/{source}"))

    def moved(match: re.Match[str]) -> str:
        text, target = match.groups()
        path, hash_, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return match[0]
        name = posixpath.normpath(posixpath.join(here, path))
        if name in FROM_ROOT:
            place = FROM_ROOT[name]
        elif name == "README.md":
            place = "index.md"
        elif name.startswith("docs/"):
            place = name.removeprefix("docs/")
        else:
            return text if text.startswith("`") else f"{text} (`{name}`)"
        return f"[{text}]({posixpath.relpath(place, posixpath.dirname(source) or '.')}{hash_}{anchor})"

    return LINK.sub(moved, markdown)
