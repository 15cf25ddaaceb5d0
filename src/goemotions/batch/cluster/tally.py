"""Counts of a fragment's rows by group and period, kept in the footer of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from goemotions.errors import DataError
from goemotions.periods import PERIODS, UNITS, period_of
from goemotions.tables.table import check_columns

UNKNOWN = "(unknown)"
Cell = tuple[str, str]
"""A period and a group; empty strings where none was asked for."""


@dataclass(frozen=True)
class Grouping:
    """Columns by which the summary counts.

    Attributes:
        by: a column with a group's name per row, or None for one group.
        time: a column with timestamps, dates, ISO 8601 strings or numbers since 1970, or None for one period.
        period: ``day``, ``month`` or ``year``.
        unit: ``s``, ``ms``, ``us`` or ``ns``: what the numbers count; without it numbers are refused.
    """

    by: str | None = None
    time: str | None = None
    period: str = "month"
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise ValueError(f"period must be one of {', '.join(PERIODS)}, got {self.period!r}")
        if self.unit is not None and self.unit not in UNITS:
            raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {self.unit!r}")

    def check_columns(self, schema: pa.Schema, name: str) -> None:
        """Check that a file has the columns, and that its times can be understood.

        Args:
            name: the file's, for the message.

        Raises:
            DataError: a column is not there, or the time's type is none that is understood.
        """
        for column in self.columns:
            check_columns(schema.names, column, (), name)
        if self.time is None:
            return
        kind = schema.field(self.time).type
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if number and self.unit is None:
            raise DataError(
                f"{name}: column {self.time!r} is of type {kind}: say with --time-unit what its numbers count since "
                f"1970 ({', '.join(UNITS)})"
            )
        moment = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
        if not (number or moment or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise DataError(
                f"{name}: column {self.time!r} is of type {kind}, expected timestamps, dates, ISO 8601 strings or "
                "numbers"
            )

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

    @property
    def rows_without_time(self) -> int:
        """Number of rows whose period is not known."""
        return sum(counts["rows"] for (period, _), counts in self.cells.items() if period == UNKNOWN)

    def add(self, other: Tally) -> None:
        self.rows += other.rows
        self.dead += other.dead
        self.null_texts += other.null_texts
        self.truncated += other.truncated
        for cell, counts in other.cells.items():
            mine = self.cells.setdefault(cell, {})
            for name, count in counts.items():
                mine[name] = mine.get(name, 0) + count

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON takes them, which knows no tuples as keys."""
        return asdict(self) | {"cells": [[*cell, counts] for cell, counts in self.cells.items()]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tally:
        cells = {(period, group): counts for period, group, counts in values["cells"]}
        return cls(**{**values, "cells": cells})


def count_cells(
    table: pa.Table, emotions: Sequence[Sequence[dict[str, Any]]], grouping: Grouping
) -> dict[Cell, dict[str, int]]:
    """Return, for each period and group of ``table``, the number of ``rows`` and of rows with each label."""
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
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        named = pc.strftime(pc.cast(values, pa.timestamp("s"), safe=False), format=form).to_pylist()
        return [UNKNOWN if name is None else name for name in named]
    per_second = UNITS[grouping.unit or "s"]
    return [period_of(value, grouping.period, per_second) or UNKNOWN for value in values.to_pylist()]
