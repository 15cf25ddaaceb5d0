"""Options of an estimate, for the command line and for reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from goemotions.data.tables import Columns
from goemotions.grouping import Grouping
from goemotions.tables.source import ReadOptions


@dataclass(frozen=True)
class EstimateOptions:
    """Arguments of :func:`goemotions.estimation.estimate`, by their names."""

    text_column: str = "text"
    grouping: Grouping = field(default_factory=Grouping)
    labelled: Path | None = None
    columns: Columns = field(default_factory=Columns)
    weights: str | None = None
    label_map: str | None = None
    assume_random: bool = False
    reading: ReadOptions | None = None
