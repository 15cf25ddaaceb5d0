"""JSON lines: one object a line; keys may differ from line to line, a missing or null text counts as null."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from goemotions.batch.annotate import Annotations
from goemotions.batch.table import LineTable, grouped
from goemotions.errors import DataError

Row = dict[str, Any]


class JsonlTable(LineTable):
    """A file of JSON objects, one a line."""

    def __init__(self, path: Path, text_column: str) -> None:
        super().__init__(path, text_column)
        self._columns = list(next(self._rows(), (1, {text_column: None}))[1])

    @property
    def columns(self) -> list[str]:
        return self._columns

    def _rows(self) -> Iterator[tuple[int, Row]]:
        for number, line in enumerate(self.lines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise DataError(f"{self.path}, line {number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise DataError(f"{self.path}, line {number}: expected an object, got {line.strip()[:60]}")
            yield number, row

    def groups(self) -> Iterator[list[Row]]:
        def checked() -> Iterator[tuple[Row, str | None]]:
            for number, row in self._rows():
                text = row.get(self.text_column)
                if text is not None and not isinstance(text, str):
                    raise DataError(
                        f"{self.path}, line {number}: {self.text_column!r} must be a string, got {text!r:.60}"
                    )
                yield row, text

        return grouped(checked())

    def texts(self, group: list[Row]) -> list[str | None]:
        return [row.get(self.text_column) for row in group]

    def header(self, new_columns: list[str]) -> bytes:
        return b""

    def write_part(self, path: Path, group: list[Row], new: Annotations) -> None:
        lines = []
        for row, original in enumerate(group):
            added = {"emotions": new.emotions[row], "truncated": new.truncated[row]}
            taken = [name for name in (*added, *new.scores) if name in original]
            if taken:
                raise DataError(f"{self.path}: a row already has the columns that would be added: {', '.join(taken)}")
            added |= {name: values[row] for name, values in new.scores.items()}
            lines.append(json.dumps(original | added, ensure_ascii=False) + "\n")
        # A JSON string may hold lone surrogates (backslash-u escapes), which only escapes can carry.
        path.write_bytes("".join(lines).encode("utf-8", "backslashreplace"))
