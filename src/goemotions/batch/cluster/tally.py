"""Counts of a fragment's rows by group and period, kept in the footer of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from goemotions.errors import DataError
from goemotions.grouping import UNKNOWN, Grouping
from goemotions.periods import PERIODS, UNITS
from goemotions.tables.table import check_columns

Cell = tuple[str, str]
"""A period and a group; empty strings where none was asked for."""


def check_grouping(grouping: Grouping, schema: pa.Schema, name: str) -> None:
    """Check that a file has the columns, and that its times can be understood.

    Args:
        name: the file's, for the message.

    Raises:
        DataError: a column is not there, or the time's type is none that is understood.
    """
    for column in grouping.columns:
        check_columns(schema.names, column, (), name)
    if grouping.time is None:
        return
    kind = schema.field(grouping.time).type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if number and grouping.unit is None:
        raise DataError(
            f"{name}: column {grouping.time!r} is of type {kind}: say with --time-unit what its numbers count since "
            f"1970 ({', '.join(UNITS)})"
        )
    moment = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    if not (number or moment or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise DataError(
            f"{name}: column {grouping.time!r} is of type {kind}, expected timestamps, dates, strings or numbers"
        )


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
    """Return the group of each row; empty names where there is one group."""
    if grouping.by is None:
        return [""] * table.num_rows
    return grouping.groups_of(pc.cast(table.column(grouping.by), pa.string(), safe=False).to_pylist())


def periods(table: pa.Table, grouping: Grouping) -> list[str]:
    """Return the period of each row; :data:`UNKNOWN` where its time cannot be read, empty where there is one period."""
    if grouping.time is None:
        return [""] * table.num_rows
    values = table.column(grouping.time)
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        seconds = pc.cast(values, pa.timestamp("s"), safe=False)
        named = pc.strftime(seconds, format=PERIODS[grouping.period]).to_pylist()
    else:
        named = grouping.periods_of(values.to_pylist())
    return [UNKNOWN if name is None else name for name in named]
