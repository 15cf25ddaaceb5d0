"""CSV and TSV: every cell is kept as the text it is; an empty cell in the text column counts as null."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from goemotions.batch.annotate import Annotations
from goemotions.batch.table import LineTable, grouped
from goemotions.errors import DataError

CELL_LIMIT = min(sys.maxsize, 2**31 - 1)


class CsvTable(LineTable):
    """A comma-separated file with a header; tab-separated if its name ends in ``.tsv``."""

    def __init__(self, path: Path, text_column: str) -> None:
        super().__init__(path, text_column)
        self._delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        # A file of no bytes is a table of no rows; its only known column is the one asked for.
        self._columns = next(self._records(), [text_column])

    @property
    def columns(self) -> list[str]:
        return self._columns

    def _records(self) -> Iterator[list[str]]:
        csv.field_size_limit(CELL_LIMIT)  # the default refuses cells over 128 KiB
        reader = csv.reader(self.lines(), delimiter=self._delimiter, strict=True)
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(f"{self.path}, line {reader.line_num}: {error}") from error
            if record:  # csv gives a blank line as no cells
                yield record

    def groups(self) -> Iterator[list[list[str]]]:
        records = self._records()
        width = len(next(records, []))
        column = self._columns.index(self.text_column)

        def checked() -> Iterator[tuple[list[str], str]]:
            for number, record in enumerate(records, start=1):
                if len(record) != width:
                    raise DataError(f"{self.path}, row {number}: {len(record)} cells, but the header has {width}")
                yield record, record[column]

        return grouped(checked())

    def texts(self, group: list[list[str]]) -> list[str | None]:
        column = self._columns.index(self.text_column)
        return [record[column] or None for record in group]

    def header(self, new_columns: list[str]) -> bytes:
        return self._rows([[*self._columns, *new_columns]])

    def write_part(self, path: Path, group: list[list[str]], new: Annotations) -> None:
        scores = list(new.scores.values())
        path.write_bytes(
            self._rows(
                [
                    *record,
                    json.dumps(new.emotions[row], ensure_ascii=False),
                    str(new.truncated[row]).lower(),
                    *("" if values[row] is None else repr(values[row]) for values in scores),
                ]
                for row, record in enumerate(group)
            )
        )

    def _rows(self, rows: Iterator[list[str]] | list[list[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter, lineterminator="\n").writerows(rows)
        return text.getvalue().encode("utf-8")
