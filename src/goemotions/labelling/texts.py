"""The texts to label: rows of any table, with all of their columns, which stand in the output again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goemotions.data.corpus import normalise
from goemotions.data.tables import assume
from goemotions.errors import DataError
from goemotions.estimation.extra_columns import PART, ROW
from goemotions.predictions import is_blank
from goemotions.reservoir import Reservoir
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import Table

MOST_TEXTS = 20_000
"""Texts that are chosen from; of a larger file so many are drawn at random, for more would only cost time."""

LABELS = "labels"
"""A column of the output beside the input's own. So is ``row``, unless the input has it: then it stays as it is."""

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """Texts to label.

    Attributes:
        columns: of the file.
        rows: of each text, its number in the file, from 1; ascending.
        cells: of each text, the file's columns as text.
        text_column: the place of the texts among the columns.
        sha256: of the file.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    cells: tuple[Cells, ...]
    text_column: int
    sha256: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def texts(self) -> list[str]:
        """Return the texts themselves."""
        return [row[self.text_column] for row in self.cells]

    @property
    def added(self) -> tuple[str, ...]:
        """Return the columns that the output has beside the file's own."""
        return (LABELS, PART) if ROW in self.columns else (ROW, LABELS, PART)


def read_texts(
    path: Path, text_column: str, every: bool, seed: int, reading: ReadOptions | None = None, most: int = MOST_TEXTS
) -> Texts:
    """Read the texts of a table; of texts that stand in it several times, the first.

    Args:
        every: keep all rows, however many.
        seed: of the draw from a file with more than ``most``.

    Raises:
        DataError: a file that cannot be read, a column that is not there or whose name is needed, or no text.
    """
    table = open_table(path, text_column, reading)
    columns = tuple(table.columns)
    table.check_columns([LABELS, PART])
    draw = Reservoir[tuple[int, Cells]](None if every else most, seed)
    seen: set[str] = set()
    blank = doubled = 0
    for number, cells in enumerate(_cells(table), start=1):
        text = cells[columns.index(text_column)]
        key = normalise(text)
        blank += is_blank(text)
        doubled += key in seen
        if not is_blank(text) and key not in seen:
            seen.add(key)
            draw.add((number, cells))
    if not draw.kept:
        raise DataError(f"{path} has no text in the column {text_column!r}")
    reasons = {"without a text": blank, "with a text that stands before": doubled}
    left_out = [f"{count:,} {reason}" for reason, count in reasons.items() if count]
    if left_out:
        assume(f"{path.name}: rows left out: {' and '.join(left_out)}")
    if draw.seen > len(draw.kept):
        assume(f"{path.name}: {len(draw.kept):,} of {draw.seen:,} texts are drawn at random, to choose from")
    kept = sorted(draw.kept)
    rows, cells_of = tuple(number for number, _ in kept), tuple(cells for _, cells in kept)
    return Texts(path, columns, rows, cells_of, columns.index(text_column), table.digest)


def _cells(table: Table) -> Iterator[Cells]:
    """Yield the cells of each row."""
    for group in table.groups():
        yield from zip(*([_as_text(value) for value in group.column(name)] for name in table.columns), strict=True)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
