"""CSV and TSV. Every row is kept as the characters that it is; new cells are written behind its last one.

What separates cells is found from the first rows (:mod:`goemotions.tables.dialect`). Cells in quotes hold anything,
also line ends, as RFC 4180 says. A file with tabs is either of that kind, as spreadsheets and pandas write it, or one
whose quotes are characters of its texts; which of them is told from the whole file. A row ends at a line feed, with or
without a carriage return before it. Lines without any character are no rows.
"""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from goemotions.errors import AssumptionWarning, DataError, counted
from goemotions.tables.compression import plain_name
from goemotions.tables.conversion import Shape, shape_values, to_text
from goemotions.tables.dialect import CELL_LIMIT, find_dialect, reason
from goemotions.tables.formulas import Formulas
from goemotions.tables.headers import is_header, names_again, names_below, second_names
from goemotions.tables.lines import LINE_END, LineTable, join, split_end
from goemotions.tables.source import Source
from goemotions.tables.table import LISTS, Group, Kind, NewColumn, NewValues, grouped

UNQUOTED = "quotes are read as characters of the texts, because they do not enclose whole cells"


@dataclass(frozen=True)
class Record:
    """A row: its cells, and the characters it has in the file, with its line end."""

    cells: list[str]
    source: str


@dataclass(frozen=True)
class Records(Group):
    """Rows with the header's columns."""

    columns: list[str]
    records: list[Record]

    @property
    def names(self) -> list[str]:
        return self.columns

    def __len__(self) -> int:
        return len(self.records)

    def take(self, rows: Sequence[int]) -> Records:
        return Records(self.columns, [self.records[row] for row in rows])

    def column(self, name: str) -> list[Any]:
        place = self.names.index(name)
        return [record.cells[place] for record in self.records]


class DelimitedTable(LineTable):
    """A file whose cells are separated; ``usual`` is the delimiter that files of its ending have."""

    def __init__(self, source: Source, text_column: str, usual: str = ",") -> None:
        super().__init__(source, text_column)
        self.formulas = Formulas()
        options = source.options
        self._dialect = find_dialect(self.lines(), usual, text_column, options.delimiter, options.header)
        has_quotes = not self._has_tabs or any(self._dialect.quote in line for line in self.lines())
        self._quoted = has_quotes and (not self._has_tabs or self._is_quoted())
        self._has_header = options.header
        self._first = next(self._records(), None)
        empty = "it is empty" if self._first is None else ""
        self._said_again = False
        self.say(empty or self._misplaced(), self._dialect.assumed, UNQUOTED if has_quotes and not self._quoted else "")

    def _misplaced(self) -> str:
        """Return that the columns' names stand below the first row, or names again below it, if they do."""
        if not self._has_header or self._first is None:
            return ""
        rows = (record.cells for record in self._records())
        if self.text_column in self._first.cells:
            return second_names(islice(rows, 1, None))
        return names_below(rows, self.text_column)

    @property
    def columns(self) -> list[str]:
        if self._first is None:  # a file of no bytes is a table of no rows; its only known column is the one asked for
            return [self.text_column]
        if self._has_header:
            return self._first.cells
        return [f"column_{number}" for number in range(1, len(self._first.cells) + 1)]

    @property
    def absent(self) -> str:
        lines = "; if its first line is a text, and no name: --no-header --text-column column_1"
        return super().absent + (lines if self._has_header and len(self.columns) == 1 else "")

    @property
    def form(self) -> Any:
        dialect = self._dialect
        cells = dialect.delimiter, dialect.quote, dialect.told, self._quoted, self._has_header
        return super().form, cells, self.columns

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[Records]:
        records = self._records()
        names = self.columns
        if self._has_header:
            next(records, None)

        def checked() -> Iterator[tuple[Record, int]]:
            again = 0
            for number, record in enumerate(records, start=1):
                if len(record.cells) != len(names):
                    first = "the header" if self._has_header else "the first row"
                    raise DataError(
                        f"{self.path}, row {number}: {counted(len(record.cells), 'cell')}, but {first} has "
                        f"{len(names)}; "
                        f"{self._dialect.delimiter!r} is taken to separate cells (--delimiter)"
                    )
                again += self._has_header and is_header(record.cells, names)
                yield record, len(record.source)
            if again and not self._said_again:
                self._said_again = True
                warnings.warn(f"{self.path.name}: {names_again(again)}", AssumptionWarning, stacklevel=2)

        for group in grouped(checked()):
            yield Records(names, group)

    def header(self, new: Sequence[NewColumn]) -> str:
        if not self._has_header:
            return self._dialect.told
        source = self._harmless(self._first) if self._first else self._cell(self.text_column)
        return self._dialect.told + self._extended(source, [column.name for column in new])

    def write_part(self, path: Path, group: Records, new: NewValues) -> None:
        ascii_only = not self.encoding.is_unicode
        added = [[cell_text(column.kind, value, ascii_only) for value in values] for column, values in new.items()]
        rows = (
            self._extended(self._harmless(record), self.formulas.harmless([cells[row] for cells in added]))
            for row, record in enumerate(group.records)
        )
        path.write_bytes(self.encode("".join(rows)))

    def _harmless(self, record: Record) -> str:
        """Return a row as it stands in the file, except for cells that a spreadsheet would compute."""
        cells = self.formulas.harmless(record.cells)
        if cells is record.cells:
            return record.source
        return self._dialect.delimiter.join(map(self._cell, cells)) + split_end(record.source)[1]

    def _extended(self, source: str, cells: Sequence[str]) -> str:
        """Return a row of the file with more cells."""
        body, end = split_end(source)
        return self._dialect.delimiter.join([body, *map(self._cell, cells)]) + (end or self._line_end)

    @cached_property
    def _line_end(self) -> str:
        """For a last row without one."""
        return (split_end(self._first.source)[1] if self._first else "") or LINE_END

    def _cell(self, value: str) -> str:
        delimiter, quote = self._dialect.delimiter, self._dialect.quote
        if not any(character in value for character in (delimiter, quote, "\r", "\n")):
            return value
        if self._quoted:
            return quote + value.replace(quote, quote * 2) + quote
        if any(character in value for character in (delimiter, "\r", "\n")):
            raise DataError(f"{self.path}: {value!r} does not fit into a cell of a TSV file without quoting")
        return value

    def _records(self) -> Iterator[Record]:
        return self._quoted_records() if self._quoted else self._plain_records()

    @property
    def _has_tabs(self) -> bool:
        return self._dialect.delimiter == "\t"

    def _rows(self) -> Iterator[str]:
        """Yield the lines behind the one that is no row."""
        lines = self.lines()
        if self._dialect.told:
            next(lines, None)
        return lines

    def _plain_records(self) -> Iterator[Record]:
        for line in self._rows():
            body = line.removesuffix("\n").removesuffix("\r")
            if body:
                yield Record(body.split(self._dialect.delimiter), line)

    def _quoted_records(self) -> Iterator[Record]:
        csv.field_size_limit(CELL_LIMIT)  # the default refuses cells over 128 KiB
        taken: list[str] = []

        def lines() -> Iterator[str]:
            for line in self._rows():
                taken.append(line)
                yield line

        dialect = self._dialect
        reader = csv.reader(lines(), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
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
        quote = self._dialect.quote
        width = 0
        try:
            for record in self._quoted_records():
                width = width or len(record.cells)
                inside = sum(cell.count(quote) for cell in record.cells)
                needing = sum(any(mark in cell for mark in (quote, "\t", "\r", "\n")) for cell in record.cells)
                if len(record.cells) != width or record.source.count(quote) < 2 * (inside + needing):
                    break
                tabs = [line.count("\t") for line in record.source.removesuffix(LINE_END).split(LINE_END)]
                if width > 1 and len(tabs) > 1 and all(count == width - 1 for count in tabs):
                    break  # each line is a row by itself: read otherwise, rows would be lost
            else:
                return True
        except DataError:
            pass
        return False


def cell_text(kind: Kind, value: Any, ascii_only: bool = False) -> str:
    """Return a new value as the text of a cell.

    Args:
        ascii_only: for an encoding that does not have every character.
    """
    if value is None:
        return ""
    if kind in LISTS:
        return json.dumps(value, ensure_ascii=ascii_only)
    return value if kind is Kind.NAME else to_text(value)


class DelimitedWriter:
    """Writes rows of any table as a CSV or TSV file: UTF-8, lines that end in a line feed."""

    def __init__(self, shape: Shape, delimiter: str) -> None:
        self._names = [field.name for field in shape.fields]
        self._delimiter = delimiter
        self.formulas = Formulas()

    def write_part(self, path: Path, group: Group, new: NewValues) -> None:
        old = [map(to_text, values) for values in shape_values(group, self._names)]
        added = [[cell_text(column.kind, value) for value in values] for column, values in new.items()]
        with path.open("w", encoding="utf-8", newline="") as stream:
            self._write(stream, map(self.formulas.harmless, zip(*old, *added, strict=True)))

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        header = io.StringIO(newline="")
        self._write(header, [self.formulas.harmless([*self._names, *(column.name for column in new)])])
        join(header.getvalue().encode("utf-8"), parts, output)

    def _write(self, stream: TextIO, rows: Iterable[Iterable[str]]) -> None:
        csv.writer(stream, delimiter=self._delimiter, lineterminator=LINE_END).writerows(rows)


def open_table(source: Source, text_column: str) -> DelimitedTable:
    """Open a file: one whose name ends in ``.tsv`` has tabs, unless its first rows say otherwise."""
    return DelimitedTable(source, text_column, usual_delimiter(source.path))


def make_writer(shape: Shape, output: Path) -> DelimitedWriter:
    """Return what writes tables of other formats."""
    return DelimitedWriter(shape, usual_delimiter(output))


def usual_delimiter(path: Path) -> str:
    return "\t" if plain_name(path).suffix.lower() == ".tsv" else ","
