"""The parts that pages made from results share: the results, their names, and cells of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goemotions.catalog import bundled, find_model
from goemotions.evaluation.card_facts import card_facts
from goemotions.evaluation.figures import OWN, CalibrationFigure, Figures, Subset
from goemotions.evaluation.formatting import format_figure
from goemotions.evaluation.report import DataFacts
from goemotions.records import from_json, to_json

RESULTS = Path(__file__).parent / "results" / "quality"
OFFICIAL = "goemotions-test"
ON_MAPS = "english_on_maps"
HALVES = "halves"
"""Decisions at thresholds tuned on the other half of the same data."""
SETS = {
    OFFICIAL: "GoEmotions test, English",
    "goemotions-ru": "the same in Russian, by machine",
    "goemotions-ko": "the same in Korean, by machine",
    "xed-it": "XED, Italian film subtitles, Plutchik's 8",
    "xdailydialog-it": "XDailyDialog, Italian dialogue, 6 emotions",
    "brighter-en": "BRIGHTER test, English posts, 5 emotions",
}


@dataclass(frozen=True)
class ShortReport:
    """The part of a report that the pages need.

    Attributes:
        rows_seen: rows that the model was trained on; None if it does not say.
        figures: also at :data:`HALVES`.
    """

    data: DataFacts
    marks: Sequence[str]
    resamples: int
    seed: int
    undefined: Sequence[str]
    unreliable: Mapping[str, str]
    slices: Mapping[str, Subset]
    rows_seen: int | None
    calibration_error: CalibrationFigure
    figures: Figures


@dataclass(frozen=True)
class MappedFigures(Figures):
    """Figures of the English test on the labels of another corpus."""

    rows: int


@dataclass(frozen=True)
class Results:
    """Everything measured of one model.

    Attributes:
        english_on_maps: by label map.
        reports: by data set.
    """

    english_on_maps: Mapping[str, MappedFigures]
    reports: Mapping[str, ShortReport]

    def to_json(self) -> dict[str, object]:
        """Return what :func:`read_results` reads."""
        return {ON_MAPS: to_json(self.english_on_maps), **{name: to_json(r) for name, r in self.reports.items()}}


def read_results(path: Path) -> Results:
    """Read the results of a model."""
    raw: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8"))["sets"])
    maps = raw.pop(ON_MAPS)
    english = {name: from_json(MappedFigures, figures, name) for name, figures in maps.items()}
    return Results(english, {name: from_json(ShortReport, report, name) for name, report in raw.items()})


def results() -> dict[str, Results]:
    """Return the results by model, of those measured, in the catalogue's order, installed or not."""
    paths = {model: RESULTS / f"{model}.json" for model in [*bundled().models, *bundled().packages]}
    return {model: read_results(path) for model, path in paths.items() if path.exists()}


def config(model: str) -> dict[str, Any]:
    """Return a shipped model's ``config.json``."""
    found: dict[str, Any] = json.loads((find_model(model) / "config.json").read_text(encoding="utf-8"))
    return found


def reads(model: str) -> tuple[str, ...]:
    """Return the languages of the model's encoder."""
    return card_facts(config(model)).reads


def overall(found: ShortReport, figure: str, at: str = OWN) -> str:
    """Return a figure of all labels at a choice of thresholds."""
    return format_figure(getattr(found.figures.at[at].overall, figure))


def ranked(found: ShortReport, figure: str) -> str:
    """Return a figure of all labels that does not depend on thresholds."""
    return format_figure(getattr(found.figures.ranking.overall, figure))


def always(support: int, rows: int) -> float:
    """Return the F1 of giving a label to every text."""
    return 2 * support / (rows + support)


def listed(labels: list[str]) -> str:
    """Return labels as text."""
    return ", ".join(labels) if labels else "no label"
