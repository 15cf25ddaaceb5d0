"""What the pages made from results share: the results, their names, and cells of tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from goemotions.catalog import find_model, shipped
from goemotions.evaluation.formatting import format_figure
from goemotions.evaluation.head_card import languages

RESULTS = Path(__file__).parent / "results" / "quality"
OFFICIAL = "goemotions-test"
HALVES = "halves"
"""Decisions at thresholds tuned on the other half of the same data."""
SETS = {
    OFFICIAL: "GoEmotions test, English",
    "goemotions-ru": "the same in Russian, by machine",
    "goemotions-ko": "the same in Korean, by machine",
    "xed-it": "XED, Italian film subtitles, Plutchik's 8",
    "xdailydialog-it": "XDailyDialog, Italian dialogue, 6 emotions",
    "brighter-en": "BRIGHTER, English posts, 5 emotions",
}

Sets = dict[str, Any]
Results = dict[str, Sets]


def results() -> Results:
    """By model, those measured, in the catalogue's order."""
    paths = {model: RESULTS / f"{model}.json" for model in shipped().models}
    return {model: json.loads(p.read_text(encoding="utf-8"))["sets"] for model, p in paths.items() if p.exists()}


def config(model: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((find_model(model) / "config.json").read_text(encoding="utf-8"))
    return found


def reads(model: str) -> list[str]:
    """The languages of the model's encoder."""
    return languages(config(model))


def overall(found: dict[str, Any], figure: str, at: str = "own") -> str:
    return format_figure(found["figures"]["at"][at]["overall"][figure])


def ranked(found: dict[str, Any], figure: str) -> str:
    """A figure of all labels that does not depend on thresholds."""
    return format_figure(found["figures"]["ranking"]["overall"][figure])


def always(support: int, rows: int) -> float:
    """F1 of giving a label to every text."""
    return 2 * support / (rows + support)


def listed(labels: list[str]) -> str:
    return ", ".join(labels) if labels else "no label"
