"""SQLite files: the rows that a query gives, or those of the only table. Read only, whatever the query says."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from goemotions.errors import AssumptionWarning, DataError
from goemotions.tables.source import Source
from goemotions.tables.table import Group, Table, grouped

READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    33,  # SQLITE_RECURSIVE, which Python has no name for
}
DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""Errors of a damaged file: of a schema that is no UTF-8, Python cannot read SQLite's message."""
NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


@dataclass(frozen=True)
class QueryRows(Group):
    """Rows that a query gave."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> list[str]:
        return self.columns

    def take(self, rows: Sequence[int]) -> QueryRows:
        return QueryRows(self.columns, [self.rows[row] for row in rows])

    def column(self, name: str) -> list[Any]:
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


class SqliteTable(Table):
    """Table of what a query gives; for the same file, the same rows in the same order."""

    def __init__(self, source: Source, text_column: str) -> None:
        super().__init__(source.path, text_column)
        self._query = source.options.query or self._only_table()
        with closing(self._connect()) as connection:
            cursor = self._run(connection)
            if cursor.description is None:
                raise DataError(f"{self.path}: the query gives no rows: expected a SELECT")
            self._columns = [column[0] for column in cursor.description]
            self._rows = self._count(connection)
        self._read = 0

    @property
    def columns(self) -> list[str]:
        return self._columns

    @property
    def fraction_read(self) -> float:
        return min(1.0, self._read / self._rows) if self._rows else 1.0

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY)
        return connection

    def _run(self, connection: sqlite3.Connection) -> sqlite3.Cursor:
        try:
            return connection.execute(self._query)
        except (*DAMAGE, sqlite3.Warning) as error:
            advice = ": it can only read, and no other file" if "not authorized" in str(error) else ""
            raise DataError(f"{self.path}: the query fails: {error}{advice}") from error

    def _count(self, connection: sqlite3.Connection) -> int:
        """Return how many rows there will be; 0 where that cannot be asked."""
        try:
            counted = connection.execute(f"SELECT count(*) FROM ({self._query.rstrip().rstrip(';')})")
            return int(counted.fetchone()[0])
        except DAMAGE:
            return 0

    def _only_table(self) -> str:
        """Return a query for the only table of the file.

        Raises:
            DataError: several, or none, or no such file.
        """
        try:
            with closing(self._connect()) as connection:
                names = [row[0] for row in connection.execute(NAMES)]
        except DAMAGE as error:
            raise DataError(f"{self.path} is no SQLite file that can be read: {error}") from error
        if len(names) != 1:
            there = ", ".join(names) or "none"
            raise DataError(f"{self.path}: say what to read, --query 'SELECT … FROM …'; its tables: {there}")
        warnings.warn(
            f"{self.path.name}: its only table is read, {names[0]!r} (--query says otherwise)",
            AssumptionWarning,
            stacklevel=2,
        )
        quoted = names[0].replace('"', '""')
        return f'SELECT * FROM "{quoted}"'

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[QueryRows]:
        self._read = 0
        place = self._columns.index(self.text_column)

        def rows() -> Iterator[tuple[tuple[Any, ...], int]]:
            with closing(self._connect()) as connection:
                for row in self._run(connection):
                    self._read += 1
                    text = row[place]
                    if text is not None and not isinstance(text, str):
                        raise DataError(
                            f"{self.path}, row {self._read}: {self.text_column!r} must be a text, got {text!r:.60}; "
                            f"CAST({self.text_column} AS TEXT) in the query makes it one"
                        )
                    yield row, sum(len(cell) for cell in row if isinstance(cell, str | bytes))

        try:
            for group in grouped(rows()):
                yield QueryRows(self._columns, group)
        except DAMAGE as error:
            raise DataError(f"{self.path}: damaged after row {self._read}: {error}") from error


def open_table(source: Source, text_column: str) -> SqliteTable:
    """Open a file."""
    return SqliteTable(source, text_column)
