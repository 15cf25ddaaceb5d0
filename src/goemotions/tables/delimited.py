"""CSV and TSV. Every row is kept as the characters that it is; new cells are written behind its last one.

A CSV file is as RFC 4180 says: cells in quotes hold anything, also line ends. A TSV file is either of that kind, as
spreadsheets and pandas write it, or one whose quotes are characters of its texts; which of them is told from the whole
file. A row ends at a line feed, with or without a carriage return before it. Lines without any character are no rows.
"""

from __future__ import annotations

import csv
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from goemotions.errors import AssumptionWarning, DataError
from goemotions.tables.lines import LINE_END, LineTable, split_end
from goemotions.tables.table import Group, Kind, NewColumn, NewValues, grouped

CELL_LIMIT = min(sys.maxsize, 2**31 - 1)
QUOTE = '"'


@dataclass(frozen=True)
class Record:
    """A row: its cells, and the characters it has in the file, with its line end."""

    cells: list[str]
    source: str


@dataclass(frozen=True)
class Records(Group):
    """Rows with the header's columns."""

    names: list[str]
    records: list[Record]

    def __len__(self) -> int:
        return len(self.records)

    def column(self, name: str) -> list[Any]:
        place = self.names.index(name)
        return [record.cells[place] for record in self.records]


class DelimitedTable(LineTable):
    """A file with a header whose cells are separated by ``delimiter``."""

    def __init__(self, path: Path, text_column: str, delimiter: str) -> None:
        super().__init__(path, text_column)
        self._delimiter = delimiter
        self._quoted = delimiter != "\t" or self._is_quoted()
        self._header = next(self._records(), None)

    @property
    def columns(self) -> list[str]:
        # A file of no bytes is a table of no rows; its only known column is the one asked for.
        return self._header.cells if self._header else [self.text_column]

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[Records]:
        records = self._records()
        names = self.columns
        next(records, None)

        def checked() -> Iterator[tuple[Record, int]]:
            for number, record in enumerate(records, start=1):
                if len(record.cells) != len(names):
                    raise DataError(
                        f"{self.path}, row {number}: {len(record.cells)} cells, but the header has {len(names)}"
                    )
                yield record, len(record.source)

        for group in grouped(checked()):
            yield Records(names, group)

    def header(self, new: Sequence[NewColumn]) -> str:
        source = self._header.source if self._header else self._cell(self.text_column)
        return self._extended(source, [column.name for column in new])

    def write_part(self, path: Path, group: Records, new: NewValues) -> None:
        added = [list(map(CELLS[column.kind], values)) for column, values in new.items()]
        rows = (
            self._extended(record.source, [cells[row] for cells in added]) for row, record in enumerate(group.records)
        )
        path.write_bytes("".join(rows).encode("utf-8"))

    def _extended(self, source: str, cells: Sequence[str]) -> str:
        """Return a row of the file with more cells."""
        body, end = split_end(source)
        return self._delimiter.join([body, *map(self._cell, cells)]) + (end or self._line_end)

    @cached_property
    def _line_end(self) -> str:
        """For a last row without one."""
        return (split_end(self._header.source)[1] if self._header else "") or LINE_END

    def _cell(self, value: str) -> str:
        if not any(character in value for character in (self._delimiter, QUOTE, "\r", "\n")):
            return value
        if self._quoted:
            return QUOTE + value.replace(QUOTE, QUOTE * 2) + QUOTE
        if any(character in value for character in (self._delimiter, "\r", "\n")):
            raise DataError(f"{self.path}: {value!r} does not fit into a cell of a TSV file without quoting")
        return value

    def _records(self) -> Iterator[Record]:
        return self._quoted_records() if self._quoted else self._plain_records()

    def _plain_records(self) -> Iterator[Record]:
        for line in self.lines():
            body = line.removesuffix("\n").removesuffix("\r")
            if body:
                yield Record(body.split(self._delimiter), line)

    def _quoted_records(self) -> Iterator[Record]:
        csv.field_size_limit(CELL_LIMIT)  # the default refuses cells over 128 KiB
        taken: list[str] = []

        def lines() -> Iterator[str]:
            for line in self.lines():
                taken.append(line)
                yield line

        reader = csv.reader(lines(), delimiter=self._delimiter, strict=True)
        while True:
            taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(f"{self.path}, line {reader.line_num}: {reason(error)}") from error
            if cells:  # csv gives a blank line as no cells
                yield Record(cells, "".join(taken))

    def _is_quoted(self) -> bool:
        """Return whether a TSV file's quotes enclose cells, rather than being characters of them.

        They do if the whole file can be read so, with the same number of cells in every row, and as those write it who
        quote: a cell with a quote in it is quoted itself.
        """
        with self.path.open("rb") as stream:
            if not any(QUOTE.encode() in block for block in iter(lambda: stream.read(1 << 20), b"")):
                return False
        width = 0
        try:
            for record in self._quoted_records():
                width = width or len(record.cells)
                inside = sum(cell.count(QUOTE) for cell in record.cells)
                needing = sum(any(mark in cell for mark in (QUOTE, "\t", "\r", "\n")) for cell in record.cells)
                if len(record.cells) != width or record.source.count(QUOTE) < 2 * (inside + needing):
                    break
                lines = record.source.removesuffix(LINE_END).split(LINE_END)
                if width > 1 and len(lines) > 1 and all(line.count(self._delimiter) == width - 1 for line in lines):
                    break  # each line is a row by itself: read otherwise, rows would be lost
            else:
                return True
        except DataError:
            pass
        warnings.warn(
            f"{self.path.name}: quotes are read as characters of the texts, because they do not enclose whole cells",
            AssumptionWarning,
            stacklevel=2,
        )
        return False


def reason(error: csv.Error) -> str:
    """Return what is wrong with a line, in words that say what to do."""
    if "new-line character" in str(error):
        return "a carriage return outside quotes: put the cell in quotes, or end rows with a line feed"
    return str(error)


def score_cell(value: float | None) -> str:
    return "" if value is None else repr(value)


CELLS: dict[Kind, Callable[[Any], str]] = {
    Kind.RANKED: lambda value: json.dumps(value, ensure_ascii=False),
    Kind.FLAG: lambda value: str(value).lower(),
    Kind.SCORE: score_cell,
}


def open_table(path: Path, text_column: str) -> DelimitedTable:
    """Open a file: tab-separated if its name ends in ``.tsv``, else comma-separated."""
    return DelimitedTable(path, text_column, "\t" if path.suffix.lower() == ".tsv" else ",")
