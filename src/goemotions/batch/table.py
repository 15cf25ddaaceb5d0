"""What every table format offers the job: groups of rows to read, parts to write, and their assembly.

Input and output are of the same format, so that the input's columns are kept exactly as they stand.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from goemotions.batch.annotate import Annotations
from goemotions.errors import DataError, nearest

Row = TypeVar("Row")

GROUP_ROWS = 2048
GROUP_CHARACTERS = 16 << 20
"""A group ends at whichever comes first, so that memory stays bounded with texts of any length."""


class Table(ABC):
    """An input file, open for reading in groups of rows. ``Group`` is whatever the format finds natural."""

    def __init__(self, path: Path, text_column: str) -> None:
        self.path = path
        self.text_column = text_column

    @property
    @abstractmethod
    def columns(self) -> list[str]:
        """The input's column names."""

    @property
    @abstractmethod
    def fraction_read(self) -> float:
        """How much of the file has been read, 0 to 1."""

    @abstractmethod
    def groups(self) -> Iterator[Any]:
        """The rows in order; the same groups for the same file, always."""

    @abstractmethod
    def texts(self, group: Any) -> list[str | None]:
        """The text column of a group."""

    @abstractmethod
    def write_part(self, path: Path, group: Any, new: Annotations) -> None:
        """Write a group with its new columns."""

    @abstractmethod
    def assemble(self, parts: Sequence[Path], output: Path, new_columns: list[str]) -> None:
        """Put parts together as one output file; without parts, a valid empty one."""

    def check_columns(self, new_columns: list[str]) -> None:
        """Errors as :func:`check_columns`."""
        check_columns(self.columns, self.text_column, new_columns, str(self.path))


class LineTable(Table):
    """A text format, read by lines and put together by joining parts."""

    def __init__(self, path: Path, text_column: str) -> None:
        super().__init__(path, text_column)
        self._size = path.stat().st_size
        self._read = 0

    @property
    def fraction_read(self) -> float:
        return self._read / self._size if self._size else 1.0

    def lines(self) -> Iterator[str]:
        """The file's lines with their ends, decoded.

        Raises:
            DataError: bytes that are not UTF-8, with the line.
        """
        self._read = 0
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                self._read += len(line)
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    raise DataError(
                        f"{self.path}, line {number}: byte {line[error.start]:#04x} at position {error.start} is not "
                        "UTF-8; convert the file, for example with iconv"
                    ) from error

    @abstractmethod
    def header(self, new_columns: list[str]) -> bytes:
        """What stands before the first row."""

    def assemble(self, parts: Sequence[Path], output: Path, new_columns: list[str]) -> None:
        with output.open("wb") as stream:
            stream.write(self.header(new_columns))
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)


def check_columns(columns: Sequence[str], text_column: str, new_columns: Sequence[str], name: str) -> None:
    """
    Raises:
        DataError: the text column is not there, or a new column's name is taken; ``name`` is the file's.
    """
    if text_column not in columns:
        hint = nearest(text_column, columns)
        raise DataError(f"{name} has no column {text_column!r}{hint}; columns: {', '.join(columns)}")
    taken = [column for column in new_columns if column in columns]
    if taken:
        raise DataError(f"{name} already has the columns that would be added: {', '.join(taken)}; rename them first")


def grouped(rows: Iterator[tuple[Row, str | None]]) -> Iterator[list[Row]]:
    """Collect rows, each given with its text, into groups of bounded size."""
    group: list[Row] = []
    characters = 0
    for row, text in rows:
        group.append(row)
        characters += len(text or "")
        if len(group) >= GROUP_ROWS or characters >= GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group
