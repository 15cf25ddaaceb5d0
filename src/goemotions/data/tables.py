"""Labelled texts from CSV, TSV, JSON lines or Parquet, with any label set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goemotions.data.corpus import Split
from goemotions.errors import DataError, nearest

SHOWN = 5  # of many problems in rows
Label = str | int


@dataclass(frozen=True)
class Columns:
    """Where a table keeps what.

    Attributes:
        text: the column of texts.
        labels: the column with a row's labels: a list, or names separated by ``separator``.
        each: instead of ``labels``, one column of 0 and 1 for each label, named as it.
        id: a column with the row's id; without one, rows are numbered.
        separator: between names in a cell.
    """

    text: str = "text"
    labels: str = "labels"
    each: tuple[str, ...] = ()
    id: str | None = None
    separator: str = ","


@dataclass(frozen=True)
class LabelledTable:
    """Rows as they stand in a file; rows without a text are left out and counted.

    Attributes:
        labels: of each row, names, or numbers into a label set.
    """

    path: Path
    texts: list[str]
    labels: list[list[Label]]
    ids: list[str]
    without_text: int
    sha256: str

    def split(self, labels: Sequence[str]) -> Split:
        """As a split over a label set.

        Raises:
            DataError: labels not in the set, or numbers beyond it; the first few rows are named.
        """
        known = {label: column for column, label in enumerate(labels)}
        targets = np.zeros((len(self.texts), len(labels)), dtype=np.uint8)
        problems: list[str] = []
        for row, found in enumerate(self.labels):
            for label in found:
                column = known.get(label, -1) if isinstance(label, str) else label
                if 0 <= column < len(labels):
                    targets[row, column] = 1
                elif isinstance(label, str):
                    problems.append(f"row {row + 1}: unknown label {label!r}{nearest(label, labels)}")
                else:
                    problems.append(f"row {row + 1}: label ids must be 0 to {len(labels) - 1}, got {label}")
        if problems:
            more = f", and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
            raise DataError(f"{self.path}: {', '.join(problems[:SHOWN])}{more}")
        return Split(self.texts, targets, self.ids, self.sha256)


def read_table(path: Path, columns: Columns) -> LabelledTable:
    """Read a table into memory.

    Raises:
        DataError: a file that cannot be read, columns that are not there, cells that are no labels; all columns at
            once, and of rows the first few.
        MissingExtraError: Parquet without the extra ``tables``.
    """
    from goemotions.batch.job import open_table

    table = open_table(path, columns.text)
    check_columns(path, table.columns, columns)
    texts: list[str] = []
    labels: list[list[Label]] = []
    ids: list[str] = []
    problems: list[str] = []
    number = 0
    for group in table.groups():
        for text, row in zip(table.texts(group), as_mappings(group, table.columns), strict=True):
            number += 1
            if text is None or not text.strip():
                continue
            try:
                labels.append(row_labels(row, columns))
            except ValueError as error:
                problems.append(f"row {number}: {error}")
                continue
            texts.append(text)
            ids.append(str(number) if columns.id is None else str(row.get(columns.id)))
    if problems:
        more = f", and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise DataError(f"{path}: {', '.join(problems[:SHOWN])}{more}")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return LabelledTable(path, texts, labels, ids, number - len(texts), digest)


def check_columns(path: Path, there: Sequence[str], columns: Columns) -> None:
    """
    Raises:
        DataError: columns that are not there.
    """
    wanted = [columns.text, *(columns.each or (columns.labels,)), *([columns.id] if columns.id else [])]
    absent = [f"{name!r}{nearest(name, there)}" for name in wanted if name not in there]
    if absent:
        raise DataError(f"{path} has no column {', '.join(absent)}; columns: {', '.join(there)}")


def as_mappings(group: Any, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of any table's group, by column name."""
    rows = group if isinstance(group, list) else group.to_pylist()
    for row in rows:
        yield row if isinstance(row, dict) else dict(zip(columns, row, strict=True))


def row_labels(row: Mapping[str, Any], columns: Columns) -> list[Label]:
    """The labels of one row.

    Raises:
        ValueError: a cell that is neither a list of labels nor names, or is not 0 or 1.
    """
    if columns.each:
        return [name for name in columns.each if is_set(row.get(name), name)]
    cell = row.get(columns.labels)
    if cell is None:
        return []
    if isinstance(cell, str):
        return [label for part in cell.split(columns.separator) if (label := part.strip())]
    if isinstance(cell, list) and all(isinstance(v, (str, int)) and not isinstance(v, bool) for v in cell):
        return list(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return [cell]
    raise ValueError(f"{columns.labels!r} must be a list of labels or their names, got {cell!r:.60}")


def is_set(cell: Any, name: str) -> bool:
    """Whether a 0/1 cell is 1; an empty one is 0."""
    if cell in (None, ""):
        return False
    try:
        number = float(cell)
    except (TypeError, ValueError):
        number = -1.0
    if number not in (0.0, 1.0):
        raise ValueError(f"{name!r} must be 0 or 1, got {cell!r:.60}")
    return number == 1.0


def collect_labels(tables: Sequence[LabelledTable]) -> tuple[str, ...]:
    """Every label that occurs, sorted.

    Raises:
        DataError: labels given by number, which need a label set to be known.
    """
    found = {label for table in tables for labels in table.labels for label in labels}
    numbers = [label for label in found if isinstance(label, int)]
    if numbers:
        raise DataError(
            f"{tables[0].path} gives labels by number: say what they are with --label-set FILE, one name a line, or "
            "--label-set goemotions"
        )
    return tuple(sorted(label for label in found if isinstance(label, str)))
