"""Excel workbooks and OpenDocument sheets: a sheet's values are read, and a new workbook with one sheet is written.

What a sheet shows besides values is not kept: formats, widths, formulas (their last results are), comments, charts,
and the other sheets.
"""

from __future__ import annotations

import datetime
import json
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine
from python_calamine import SheetVisibleEnum

from goemotions.errors import AssumptionWarning, DataError, nearest
from goemotions.escaping import one_line
from goemotions.tables.compression import FREE_BYTES, RATIO
from goemotions.tables.conversion import Shape, shape_values, to_text
from goemotions.tables.headers import names_below, second_names
from goemotions.tables.source import Source
from goemotions.tables.table import LISTS, Group, NewColumn, NewValues, Table, grouped

ROWS, CHARACTERS = 1_048_576, 32_767
"""The most that a sheet and a cell of an Excel workbook hold."""
OTHER = "give the output another ending, as .csv"
MADE = datetime.datetime(2000, 1, 1)
"""When a workbook that is written says it was made: always the same, so that the same rows make the same file."""
TEXT_SAMPLE = 256
DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


@dataclass(frozen=True)
class SheetRows(Group):
    """Rows of a sheet; values are text, numbers, booleans, dates or None."""

    columns: list[str]
    rows: list[list[Any]]
    text_column: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> list[str]:
        return self.columns

    def take(self, rows: Sequence[int]) -> SheetRows:
        return SheetRows(self.columns, [self.rows[row] for row in rows], self.text_column)

    def column(self, name: str) -> list[Any]:
        place = self.columns.index(name)
        values = [row[place] for row in self.rows]
        if name == self.text_column:  # a text that looks like a number was made one by the sheet
            return [value if value is None else to_text(value) for value in values]
        return values


class WorkbookTable(Table):
    """A sheet whose first row that is not empty has the columns' names."""

    def __init__(self, source: Source, text_column: str) -> None:
        super().__init__(source.path, text_column)
        check_size(source.path)
        with opened(source.path) as book:
            names = list(book.sheet_names)
            shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
            self.sheet = source.options.sheet or next(iter(shown or names), "")
            if self.sheet not in names:
                hint = nearest(self.sheet, names)
                raise DataError(f"{source.path} has no sheet {self.sheet!r}{hint}; sheets: {', '.join(names)}")
            try:
                self._sheet = book.get_sheet_by_name(self.sheet)
            except Exception as error:  # as in opened
                raise DataError(f"{source.path}, sheet {self.sheet!r}: damaged: {one_line(str(error))}") from error
        if len(names) > 1 and source.options.sheet is None:
            seen = "" if shown[:1] == names[:1] else " that is not hidden"
            warnings.warn(
                f"{source.path.name}: the first of {len(names)} sheets{seen} is read, {self.sheet!r} "
                "(--sheet says another)",
                AssumptionWarning,
                stacklevel=2,
            )
        self._read = 0
        first = next(self._rows(), None)
        self._columns = [text_column] if first is None else named(first)
        there = text_column in self._columns
        below = second_names(islice(self._rows(), 1, None)) if there else names_below(self._rows(), text_column)
        for said in filter(None, ("" if first else "the sheet is empty", below)):
            warnings.warn(f"{source.path.name}: {said}", AssumptionWarning, stacklevel=2)

    @property
    def columns(self) -> list[str]:
        return self._columns

    @property
    def fraction_read(self) -> float:
        return min(1.0, self._read / self._sheet.height) if self._sheet.height else 1.0

    def _rows(self) -> Iterator[list[Any]]:
        """Yield the rows that are not empty."""
        self._read = 0
        for row in self._sheet.iter_rows():
            self._read += 1
            if any(cell != "" for cell in row):
                yield [cell_value(cell) for cell in row]

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[SheetRows]:
        rows = self._rows()
        next(rows, None)
        for group in grouped((row, sum(len(cell) for cell in row if isinstance(cell, str))) for row in rows):
            yield SheetRows(self._columns, group, self.text_column)


def named(cells: Sequence[Any]) -> list[str]:
    """Return the names that a row of cells gives to columns; an empty cell gives a number."""
    return [to_text(cell).strip() or f"column_{number}" for number, cell in enumerate(cells, start=1)]


def check_size(path: Path) -> None:
    """Check that a workbook is no archive of little that becomes much.

    Raises:
        DataError: a workbook that would become much larger than its size bears out.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # an old workbook, or a damaged one, which is named when it is opened
    if size > max(FREE_BYTES, RATIO * path.stat().st_size):
        raise DataError(
            f"{path} becomes more than {RATIO} times its size: if that is right, save it as CSV and give that file"
        )


def opened(path: Path) -> Any:
    """Open a workbook.

    Raises:
        DataError: one with a password, a damaged one, or none.
    """
    try:
        return python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.PasswordError as error:
        raise DataError(f"{path} is protected by a password: save it without one") from error
    except Exception as error:  # damage raises whatever it meets
        with path.open("rb") as stream:
            first = stream.read(TEXT_SAMPLE)
        if first and b"\0" not in first and first.isascii():
            kind = "a web page" if first.lstrip().startswith(b"<") else "text"
            advice = "open it in a spreadsheet program and save it as .xlsx" if kind != "text" else "name it .csv"
            raise DataError(f"{path} is no workbook but {kind}: {advice}") from error
        raise DataError(f"{path} is no workbook that can be read: {one_line(str(error))}") from error


def cell_value(cell: Any) -> Any:
    """Return a cell's value: an empty cell is None, and numbers without a fraction are whole, as a sheet shows them."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return to_text(cell) if isinstance(cell, datetime.timedelta) else cell


class WorkbookWriter:
    """Writes rows of any table as an Excel workbook with one sheet."""

    def __init__(self, shape: Shape) -> None:
        self._names = [field.name for field in shape.fields]

    def write_part(self, path: Path, group: Group, new: NewValues) -> None:
        """Write rows as JSON lines: a workbook cannot be put together from workbooks."""
        added = [
            [json.dumps(value, ensure_ascii=False) for value in values] if column.kind in LISTS else values
            for column, values in new.items()
        ]
        with path.open("w", encoding="utf-8", newline="") as stream:
            for row in zip(*shape_values(group, self._names), *added, strict=True):
                stream.write(json.dumps([packed(value) for value in row]) + "\n")

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        import xlsxwriter

        options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        with xlsxwriter.Workbook(str(output), options | {"nan_inf_to_errors": True}) as book:
            book.set_properties({"created": MADE})
            styles = {pattern: book.add_format({"num_format": pattern}) for pattern in (DAY, MOMENT)}
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, [*self._names, *(column.name for column in new)])
            number = 0
            for part in parts:
                with part.open(encoding="utf-8", newline="") as stream:
                    for line in stream:
                        number += 1
                        for place, cell in enumerate(json.loads(line)):
                            write_cell(sheet, number, place, cell, styles)


def packed(value: Any) -> Any:
    """Return a value as JSON can hold it; dates are objects."""
    if isinstance(value, datetime.datetime):
        return {MOMENT: value.replace(tzinfo=None).isoformat()} if value.year >= 1900 else value.isoformat()
    if isinstance(value, datetime.date):
        return {DAY: value.isoformat()} if value.year >= 1900 else value.isoformat()
    return value if value is None or isinstance(value, (str, bool, int, float)) else to_text(value)


def write_cell(sheet: Any, row: int, place: int, cell: Any, styles: dict[str, Any]) -> None:
    """Write a value as :func:`packed` gives it; a text never becomes a formula or a link."""
    if isinstance(cell, dict):
        ((pattern, moment),) = cell.items()
        sheet.write_datetime(row, place, datetime.datetime.fromisoformat(moment), styles[pattern])
    elif isinstance(cell, str):
        sheet.write_string(row, place, cell)
    elif cell is not None:
        sheet.write(row, place, cell)


def open_table(source: Source, text_column: str) -> WorkbookTable:
    """Open a file."""
    return WorkbookTable(source, text_column)


def make_writer(shape: Shape, output: Path) -> WorkbookWriter:
    """Return what writes workbooks.

    Raises:
        DataError: more than a sheet or a cell holds, or a name by which no workbook is written.
    """
    if output.suffix.lower() != ".xlsx":
        raise DataError(f"{output}: of workbooks only .xlsx is written: give the output that ending, or .csv")
    if shape.rows >= ROWS:
        raise DataError(f"{output}: {shape.rows:,} rows, but a sheet holds {ROWS:,}: {OTHER}")
    if shape.longest > CHARACTERS:
        raise DataError(f"{output}: a text has {shape.longest:,} characters, but a cell holds {CHARACTERS:,}: {OTHER}")
    return WorkbookWriter(shape)
