"""The interface of every table format: groups of rows to read, parts to write with new columns, and their assembly.

Where input and output are of the same format, the input's columns are kept exactly as they stand: the table writes
itself. Else :mod:`goemotions.tables.conversion` says what becomes of its values.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from goemotions.errors import DataError, nearest
from goemotions.files import sha256

Row = TypeVar("Row")

GROUP_ROWS = 2048
GROUP_CHARACTERS = 16 << 20
"""A group ends at whichever comes first, so that memory stays bounded with rows of any length."""


RENAME = "rename them first"
OTHER_NAMES = "rename them, or give the new ones names that begin otherwise: --prefix TEXT"
"""Advice where names of new columns are taken, and where these can be chosen."""
TEXT_OPTION = "; --text-column names the one with the texts"


class Kind(enum.Enum):
    """Kind of values that a new column holds; each format has its own way to write it."""

    RANKED = "ranked"
    """A list of ``{"label", "score"}`` objects, highest first."""
    REASONS = "reasons"
    """A list of ``{"label", "text", "start", "end", "effect"}`` objects, strongest first."""
    FLAG = "flag"
    """True or False."""
    SCORE = "score"
    """A number from 0 to 1, or None."""
    NAME = "name"
    """A label, or None."""
    BIT = "bit"
    """0 or 1."""


class Layout(enum.StrEnum):
    """A way to lay out what is found in texts."""

    nested = "nested"
    """A column ``emotions`` with a list per text."""
    wide = "wide"
    """``emotion_1``, ``score_1`` and so on, and a column of 0 and 1 for each label."""
    long = "long"
    """A row per text and emotion; a text without any has one row, with nulls."""


@dataclass(frozen=True)
class NewColumn:
    """A column that is added to a table."""

    name: str
    kind: Kind


LISTS = (Kind.RANKED, Kind.REASONS)
"""Kinds that are JSON text where a cell cannot hold a list."""

NewValues = Mapping[NewColumn, Sequence[Any]]
"""New columns with a value per row of a group."""


class Group(ABC):
    """Some rows of a table, in order."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The columns of these rows."""

    @abstractmethod
    def take(self, rows: Sequence[int]) -> Group:
        """Return the rows with these numbers, counted from 0, in this order; one may be there several times."""

    @abstractmethod
    def column(self, name: str) -> list[Any]:
        """Return a column's values; None for those that are null or not there.

        Raises:
            DataError: values that cannot be read; their rows are named.
        """


class Table(ABC):
    """An input file, open for reading in groups of rows."""

    def __init__(self, path: Path, text_column: str) -> None:
        self.path = path
        self.text_column = text_column
        self.files = [path]

    @property
    def digest(self) -> str:
        """The SHA-256 of what is read."""
        return sha256(self.path)

    @property
    def schema(self) -> dict[str, str]:
        """The columns that files which are read as one must share, each with its type where the format has types."""
        return dict.fromkeys(self.columns, "")

    @property
    def form(self) -> Any:
        """Equal for files that can be written as one: how their values become characters."""
        return None

    def own_writer(self) -> Writer | None:
        """Return what writes a file of this format that keeps every column as it stands; None if nothing does."""
        return None

    @property
    @abstractmethod
    def columns(self) -> list[str]:
        """The input's column names."""

    @property
    @abstractmethod
    def fraction_read(self) -> float:
        """The share of the file that has been read, 0 to 1."""

    @abstractmethod
    def groups(self, columns: Sequence[str] | None = None) -> Iterator[Group]:
        """Yield the rows in order; the same groups for the same file, always.

        Args:
            columns: the only ones that will be asked for; None for all, which writing needs.

        Raises:
            DataError: a row that cannot be read; it is named.
        """

    @property
    def absent(self) -> str:
        """Advice where there is no text column."""
        return TEXT_OPTION

    def check_columns(self, new: Sequence[str], taken: str = RENAME) -> None:
        """Errors as :func:`check_columns`."""
        check_columns(self.columns, self.text_column, new, str(self.path), taken, self.absent)

    def check_group(self, group: Any, new: Sequence[str]) -> None:
        """Check that the rows can be scored.

        Raises:
            DataError: a text that cannot be read, or a row that has one of the ``new`` columns already.
        """
        group.column(self.text_column)


class Writer(Protocol):
    """Something that writes rows with new columns."""

    def write_part(self, path: Path, group: Any, new: NewValues) -> None:
        """Write a group of rows with its new columns."""

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        """Put parts together as one output file; without parts, a valid empty one."""


class KeptTable(Table):
    """A table that writes itself: its output has its format, and every column as it stands."""

    def own_writer(self) -> Writer | None:
        return self

    @property
    @abstractmethod
    def form(self) -> Any: ...

    @abstractmethod
    def write_part(self, path: Path, group: Any, new: NewValues) -> None:
        """As :meth:`Writer.write_part`, of groups of this table."""

    @abstractmethod
    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        """As :meth:`Writer.assemble`."""


def check_columns(
    columns: Sequence[str],
    text_column: str,
    new_columns: Sequence[str],
    name: str,
    taken: str = RENAME,
    absent: str = "",
) -> None:
    """Check that the texts have a column, and that new columns can be added.

    Args:
        name: of the file or frame, for messages.
        taken, absent: advice where new names are taken, and where the texts have no column.

    Raises:
        DataError: the text column is not there or there twice, or a new column's name is taken.
    """
    if text_column not in columns:
        hint = nearest(text_column, columns)
        raise DataError(f"{name} has no column {text_column!r}{hint}; columns: {', '.join(columns)}{absent}")
    if columns.count(text_column) > 1:
        raise DataError(f"{name} has {columns.count(text_column)} columns {text_column!r}: rename all but one")
    if twice := repeated(new_columns):
        raise DataError(f"columns of one name would be added: {', '.join(twice)}; choose other --columns")
    there = [column for column in new_columns if column in columns]
    if there:
        raise DataError(f"{name} already has the columns that would be added: {', '.join(there)}; {taken}")


def repeated(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once, each once."""
    return [name for name, count in Counter(names).items() if count > 1]


def check_different(columns: Sequence[str], name: str) -> None:
    """Check that each column has a name of its own.

    Raises:
        DataError: several have the same; ``name`` is the table's.
    """
    if twice := repeated(columns):
        raise DataError(f"{name} has several columns of one name: {', '.join(twice)}; rename all but one of each")


def grouped(rows: Iterator[tuple[Row, int]]) -> Iterator[list[Row]]:
    """Collect rows, each given with its length in characters, into groups of bounded size."""
    group: list[Row] = []
    characters = 0
    for row, length in rows:
        group.append(row)
        characters += length
        if len(group) >= GROUP_ROWS or characters >= GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group
