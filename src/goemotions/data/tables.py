"""Labelled texts from CSV, TSV, JSON lines or Parquet, with any label set."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goemotions.data.corpus import Split
from goemotions.data.label_cells import WORDS, as_list, names_in, read_flag
from goemotions.errors import AssumptionWarning, DataError, counted, nearest, some
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import check_different

SEPARATORS = ",;|"
WITHOUT_TEXT = "row has no text and is left out", "rows have no text and are left out"
WHICH = "; --text-column and --labels-column or --label-columns name those with texts and labels"
Label = str | int


@dataclass(frozen=True)
class Columns:
    """Where a table keeps what.

    Attributes:
        text: the column of texts.
        labels: the column with a row's labels: a list, or names separated by ``separator``.
        each: instead of ``labels``, one column of 0 and 1 for each label, named as it.
        id: a column with the row's id; without one, rows are numbered.
        separator: between names in a cell; None for the one of ``,``, ``;`` and ``|`` that the cells have.
    """

    text: str = "text"
    labels: str = "labels"
    each: tuple[str, ...] = ()
    id: str | None = None
    separator: str | None = None


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
        known: dict[Label, int] = {label: column for column, label in enumerate(labels)}
        targets = np.zeros((len(self.texts), len(labels)), dtype=np.uint8)
        problems: list[str] = []
        for row, found in enumerate(self.labels):
            for label in found:
                column = known.get(label, as_number(label))
                if 0 <= column < len(labels):
                    targets[row, column] = 1
                elif column < 0:
                    problems.append(f"row {row + 1}: unknown label {label!r}{nearest(str(label), labels)}")
                else:
                    problems.append(f"row {row + 1}: label ids must be 0 to {len(labels) - 1}, got {label}")
        if problems:
            raise DataError(f"{self.path}: {some(problems)}")
        return Split(self.texts, targets, self.ids, self.sha256)


def read_table(path: Path, columns: Columns, reading: ReadOptions | None = None) -> LabelledTable:
    """Read a table into memory.

    Args:
        reading: what is said of the file, instead of being found out.

    Raises:
        DataError: a file that cannot be read, columns that are not there, cells that are no labels; all columns at
            once, and of rows the first few.
        MissingExtraError: Parquet without the extra ``tables``.
    """
    table = open_table(path, columns.text, reading)
    wanted = [columns.text, *(columns.each or (columns.labels,)), *([columns.id] if columns.id else [])]
    check_columns(path, table.columns, wanted, WHICH)
    table.check_columns([])
    rows: list[tuple[Any, ...]] = []
    for group in table.groups(list(dict.fromkeys(wanted))):
        rows += zip(*(group.column(name) for name in wanted), strict=True)
    kept = [(number, row) for number, row in enumerate(rows, start=1) if row[0] is not None and row[0].strip()]
    ids = [str(number) if columns.id is None else str(row[-1]) for number, row in kept]
    numbers = [number for number, _ in kept]
    labels: list[list[Label]]
    if columns.each:
        labels = read_flags(path, numbers, [row[1 : 1 + len(columns.each)] for _, row in kept], columns.each)
    else:
        labels = read_lists(path, numbers, [row[1] for _, row in kept], columns)
    return LabelledTable(path, [row[0] for _, row in kept], labels, ids, len(rows) - len(kept), table.digest)


def check_columns(path: Path, there: Sequence[str], wanted: Sequence[str], advice: str = "") -> None:
    """Check that the wanted columns are there; ``advice`` is for those that are not.

    Raises:
        DataError: columns that are not there, or there twice.
    """
    absent = [f"{name!r}{nearest(name, there)}" for name in wanted if name not in there]
    if absent:
        raise DataError(f"{path} has no column {', '.join(absent)}; columns: {', '.join(there)}{advice}")
    check_different([name for name in there if name in wanted], str(path))


def raise_first(path: Path, problems: Sequence[str], advice: str = "") -> None:
    """Refuse a file with problems, with advice after them.

    Raises:
        DataError: there are problems; the first few are shown.
    """
    if problems:
        raise DataError(f"{path}: {some(problems)}{advice}")


def read_flags(
    path: Path, numbers: Sequence[int], rows: Sequence[Sequence[Any]], names: Sequence[str]
) -> list[list[Label]]:
    """Return the labels whose cell is 1, of each row; ``numbers`` are the rows' in the file.

    Raises:
        DataError: cells that are neither 0 nor 1, nor a word for one, nor empty, which counts as 0.
    """
    found: list[list[Label]] = []
    problems: list[str] = []
    empty, words = 0, set[str]()
    for number, row in zip(numbers, rows, strict=True):
        cells, flags = zip(*map(read_flag, row), strict=True)
        empty += cells.count("")
        words.update(cell for cell in cells if cell in WORDS)
        wrong = [i for i, flag in enumerate(flags) if flag is None]
        problems += [f"row {number}: {names[i]!r} must be 0 or 1, got {row[i]!r:.60}" for i in wrong]
        found.append([name for name, flag in zip(names, flags, strict=True) if flag])
    raise_first(path, problems, "; leave out rows that nobody has labelled")
    if words:
        read = ", ".join(f"{word!r} as {WORDS[word]:d}" for word in sorted(words))
        assume(f"{path.name}: in the columns of 0 and 1 it reads {read}")
    if empty:
        one, many = "empty cell of a 0/1 column is", "empty cells of 0/1 columns are"
        assume(f"{path.name}: {counted(empty, one, many)} read as 0: leave out rows that nobody has labelled")
    return found


def read_lists(path: Path, numbers: Sequence[int], cells: Sequence[Any], columns: Columns) -> list[list[Label]]:
    """Return the labels in each cell: a list, a JSON list, or names with a separator; ``numbers`` are the rows'.

    Raises:
        DataError: cells that are neither, or names with several separators.
    """
    lists = [as_list(cell) for cell in cells]
    separator = columns.separator or find_separator(path, [cell for cell in lists if isinstance(cell, str)])
    found: list[list[Label]] = []
    problems: list[str] = []
    for number, cell in zip(numbers, lists, strict=True):
        if isinstance(cell, str):
            found.append(list(names_in(cell, separator)))
        elif all(isinstance(label, (str, int)) and not isinstance(label, bool) for label in cell):
            found.append(cell)
        else:
            wanted = f"{columns.labels!r} must be a list of labels or their names"
            problems.append(f"row {number}: {wanted}, got {cell!r:.60}")
    raise_first(path, problems)
    return found


def find_separator(path: Path, cells: Sequence[str]) -> str:
    """Return what separates names: the only one of ``,``, ``;`` and ``|`` in the cells.

    Raises:
        DataError: several.
    """
    there = [mark for mark in SEPARATORS if any(mark in cell for cell in cells)]
    if len(there) > 1:
        raise DataError(f"{path}: labels are separated by {' and '.join(there)}: use one, or say which (--separator)")
    if there and there[0] != ",":
        assume(f"{path.name}: {there[0]} is taken to separate labels")
    return there[0] if there else ","


def assume(message: str) -> None:
    """Warn of what was assumed about an input."""
    warnings.warn(message, AssumptionWarning, stacklevel=2)


def as_number(label: Label) -> int:
    """Return a label that is given by number as one; -1 for a name."""
    if isinstance(label, int):
        return label
    return int(label) if label.isascii() and label.isdecimal() and len(label) < 10 else -1


def collect_labels(tables: Sequence[LabelledTable]) -> tuple[str, ...]:
    """Every label that occurs, sorted.

    Raises:
        DataError: labels given by number, which need a label set to be known.
    """
    found = {label for table in tables for labels in table.labels for label in labels}
    if any(isinstance(label, int) for label in found) or (found and all(as_number(label) >= 0 for label in found)):
        raise DataError(
            f"{tables[0].path} gives labels by number: say what they are with --label-set FILE, one name per line, or "
            "--label-set goemotions"
        )
    return tuple(sorted(label for label in found if isinstance(label, str)))
