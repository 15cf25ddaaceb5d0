"""The bytes of a table: a file, decompressed on the way, and what its user says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from goemotions.tables.compression import Stream


@dataclass(frozen=True)
class ReadOptions:
    """Facts about a table that a user gives instead of letting them be found out; each format takes some of these.

    Attributes:
        delimiter: the character between cells; None to find it.
        encoding: of the text, by any name that Python knows; None to find it.
        header: False for a file whose first row is one of the rows: its columns are ``column_1``, ``column_2`` and so
            on.
        sheet: the name of a workbook's sheet; None for the first.
        query: the SQL whose rows are read from a database; None for its only table.
    """

    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    sheet: str | None = None
    query: str | None = None

    def given(self) -> list[str]:
        """Return the names of those that are not as they are by themselves."""
        usual = ReadOptions()
        return [name for name in vars(self) if getattr(self, name) != getattr(usual, name)]


def option_name(field_name: str) -> str:
    """Return what the command line calls a field of :class:`ReadOptions`."""
    return "no-header" if field_name == "header" else field_name


@dataclass(frozen=True)
class Source:
    """A file to read a table from."""

    path: Path
    options: ReadOptions = field(default_factory=ReadOptions)

    def open(self) -> Stream:
        """Open the file, decompressed.

        Raises:
            MissingExtraError: a compression whose optional part is not installed.
        """
        return Stream(self.path)
