"""What a fragment's result says of its rows: counts by group and period, kept in the footer of the file itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

KEY = b"goemotions.tally"
PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
UNKNOWN = "(unknown)"
Cell = tuple[str, str]
"""A period and a group; empty strings where none was asked for."""


@dataclass(frozen=True)
class Grouping:
    """By which columns the summary counts.

    Attributes:
        by: a column with a group's name a row, or None for one group.
        time: a column with timestamps, dates, ISO 8601 strings or seconds since 1970, or None for one period.
        period: ``day``, ``month`` or ``year``.
    """

    by: str | None = None
    time: str | None = None
    period: str = "month"

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise ValueError(f"period must be one of {', '.join(PERIODS)}, got {self.period!r}")

    @property
    def columns(self) -> list[str]:
        return [name for name in (self.by, self.time) if name]


@dataclass
class Tally:
    """Counts over rows; ``cells`` holds for each period and group its rows and its labels' counts.

    Attributes:
        rows: in the result.
        dead: rows that could not be scored and stand in the dead-letter file instead.
    """

    rows: int = 0
    dead: int = 0
    null_texts: int = 0
    truncated: int = 0
    cells: dict[Cell, dict[str, int]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.rows += other.rows
        self.dead += other.dead
        self.null_texts += other.null_texts
        self.truncated += other.truncated
        for cell, counts in other.cells.items():
            mine = self.cells.setdefault(cell, {})
            for name, count in counts.items():
                mine[name] = mine.get(name, 0) + count

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"cells": [[*cell, counts] for cell, counts in self.cells.items()]})

    @classmethod
    def from_json(cls, text: str | bytes) -> Tally:
        values: dict[str, Any] = json.loads(text)
        cells = {(period, group): counts for period, group, counts in values.pop("cells")}
        return cls(**values, cells=cells)


def count_cells(
    table: pa.Table, emotions: Sequence[Sequence[dict[str, Any]]], grouping: Grouping
) -> dict[Cell, dict[str, int]]:
    """For each period and group of ``table``: ``rows``, and the rows with each label."""
    cells: dict[Cell, dict[str, int]] = {}
    for period, group, found in zip(periods(table, grouping), groups(table, grouping), emotions, strict=True):
        counts = cells.setdefault((period, group), {"rows": 0})
        counts["rows"] += 1
        for emotion in found:
            counts[emotion["label"]] = counts.get(emotion["label"], 0) + 1
    return cells


def groups(table: pa.Table, grouping: Grouping) -> list[str]:
    if grouping.by is None:
        return [""] * table.num_rows
    values = pc.cast(table.column(grouping.by), pa.string(), safe=False)
    return [UNKNOWN if value is None else value for value in values.to_pylist()]


def periods(table: pa.Table, grouping: Grouping) -> list[str]:
    if grouping.time is None:
        return [""] * table.num_rows
    values = table.column(grouping.time)
    form = PERIODS[grouping.period]
    if pa.types.is_temporal(values.type):
        named = pc.strftime(pc.cast(values, pa.timestamp("s"), safe=False), format=form).to_pylist()
        return [UNKNOWN if name is None else name for name in named]
    return [period(value, form) for value in values.to_pylist()]


def period(value: Any, form: str) -> str:
    """The period of an ISO 8601 string or of seconds since 1970."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).strftime(form)
        return datetime.fromtimestamp(value, UTC).strftime(form)
    except (TypeError, ValueError, OverflowError, OSError):
        return UNKNOWN
