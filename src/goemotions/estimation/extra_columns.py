"""Columns of labelled rows beside texts and labels, which ``goemotions sample`` and ``goemotions label`` write."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from goemotions.data.tables import Columns, LabelledTable, assume
from goemotions.errors import DataError
from goemotions.estimation.corpus import SHOWN
from goemotions.estimation.interval import Floats
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions

FEWEST = 30
"""Labelled rows: of fewer next to nothing can be said."""
ROW, WEIGHT, STRATUM = "row", "weight", "stratum"
"""Columns that ``goemotions sample`` writes: a row's number in the table, how many it stands for, and of which kind."""
DECIMAL_COMMA = re.compile(r"0,\d+|\d+,(?!\d{3}$)\d+")
"""A number as much of the world writes it; 1,234 may be a thousand."""
PART, CHOSEN = "part", "chosen"
"""The column that ``goemotions label`` writes, and what it holds for texts chosen by a model instead of by chance."""


def by_chance(table: LabelledTable, columns: Columns, reading: ReadOptions | None) -> LabelledTable:
    """Return the rows that ``goemotions label`` did not choose by what a model thinks of them.

    Raises:
        DataError: they are fewer than 30.
    """
    parts = extra_columns(table.path, columns, [PART], reading)[PART]
    kept = [place for place, number in enumerate(table.ids) if parts[int(number) - 1] != CHOSEN]
    left_out = len(table.texts) - len(kept)
    if not left_out:
        return table
    said = (
        f"{left_out:,} of {len(table.texts):,} labelled rows were chosen because a model was unsure of them "
        f"({PART}: {CHOSEN}), and are no random sample"
    )
    if len(kept) < FEWEST:
        raise DataError(
            f"{table.path}: {said}; {len(kept)} rows drawn at random are left, expected at least {FEWEST}: label more, "
            "with goemotions label --order random"
        )
    assume(f"{table.path.name}: {said}: only the other {len(kept):,} count")
    return replace(
        table,
        texts=[table.texts[place] for place in kept],
        labels=[table.labels[place] for place in kept],
        ids=[table.ids[place] for place in kept],
    )


def extra_columns(
    path: Path, columns: Columns, names: Sequence[str], reading: ReadOptions | None
) -> dict[str, list[object]]:
    """Return the cells of some columns, of every row."""
    if not names:
        return {}
    table = open_table(path, columns.text, reading)
    cells: dict[str, list[object]] = {name: [] for name in names}
    for group in table.groups(list(dict.fromkeys([columns.text, *names]))):
        for name in names:
            cells[name] += group.column(name)
    return cells


def as_numbers(path: Path, name: str, numbers: Sequence[int], cells: Sequence[object]) -> Floats:
    """Return cells as numbers above zero.

    Raises:
        DataError: cells that are none; rows are named.
    """
    values, problems = [], []
    for number, cell in zip(numbers, cells, strict=True):
        try:
            text = str(cell).strip()
            value = float(text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else text)
        except ValueError:
            value = math.nan
        values.append(value)
        if not (math.isfinite(value) and value > 0):
            problems.append(f"row {number}: {cell!r:.40}")
    if problems:
        raise DataError(
            f"{path}: {name!r} must be a number above 0, such as 1234 or 1.5: {', '.join(problems[:SHOWN])}"
        )
    return np.array(values)
