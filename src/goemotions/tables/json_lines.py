"""JSON lines: one object per line; keys may differ from line to line, a missing or null text counts as null.

An object is kept as the characters that it is (numbers, escapes, repeated keys); new keys are written behind its last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from goemotions.errors import DataError
from goemotions.tables.conversion import Shape, shape_values, to_text
from goemotions.tables.lines import LINE_END, LineTable, join
from goemotions.tables.source import Source
from goemotions.tables.table import OTHER_NAMES, Group, NewColumn, NewValues, grouped

WHITE = " \t\r\n"
LONG_NUMBER = 18  # digits; Python refuses to read whole numbers of some thousands


@dataclass(frozen=True)
class Line:
    """A line of the file: its number, its characters without those around the object, and the object."""

    number: int
    source: str
    value: dict[str, Any]


@dataclass(frozen=True)
class Lines(Group):
    """Lines of objects."""

    lines: list[Line]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for line in self.lines for name in line.value))

    def take(self, rows: Sequence[int]) -> Lines:
        return Lines([self.lines[row] for row in rows])

    def column(self, name: str) -> list[Any]:
        return [line.value.get(name) for line in self.lines]


class JsonLinesTable(LineTable):
    """A file of JSON objects, one per line."""

    @property
    def columns(self) -> list[str]:
        return self._columns

    @property
    def schema(self) -> dict[str, str]:
        return {}  # keys may differ from object to object, and so from file to file

    @cached_property
    def _columns(self) -> list[str]:
        """The keys of the first object, and of the first that has the text column."""
        found: dict[str, None] = {}
        rows = 0
        for rows, line in enumerate(self._lines(), start=1):
            if rows == 1 or self.text_column in line.value:
                found |= dict.fromkeys(line.value)
            if self.text_column in line.value:
                break
        return list(found) if rows else [self.text_column]

    @property
    def absent(self) -> str:
        first = next(self._lines(), None)
        where = path_within(first.value, self.text_column) if first else ""
        if not where:
            return super().absent
        each = ".[] | " if self.unit == "element" else ""
        made = f"jq -c '{each}. + {{{self.text_column.rpartition('.')[2]}: .{where}}}' {self.path.name} > flat.jsonl"
        return f"{super().absent}; the text within {where} must come to the top first, as {made} does"

    unit = "line"

    def pieces(self, decoder: json.JSONDecoder) -> Iterator[tuple[int, str, Any]]:
        """Yield the number of each piece of the file that is an object, its characters and its value.

        Raises:
            DataError: not JSON.
        """
        for line_number, line in enumerate(self.lines(), start=1):
            source = line.strip(WHITE)
            if not source:
                continue
            try:
                yield line_number, source, decoder.decode(source)
            except json.JSONDecodeError as error:
                hint = "; a JSON array is not JSON lines" if line_number == 1 and source.startswith("[") else ""
                raise DataError(f"{self.path}, line {line_number}: not JSON: {error}{hint}") from error
            except RecursionError as error:
                raise DataError(f"{self.path}, line {line_number}: nested too deeply") from error

    def _lines(self) -> Iterator[Line]:
        pairs: list[tuple[str, Any]] = []

        def keep(found: list[tuple[str, Any]]) -> dict[str, Any]:
            pairs[:] = found  # the outermost object's come last
            return dict(found)

        decoder = json.JSONDecoder(object_pairs_hook=keep, parse_int=number)
        for piece, source, value in self.pieces(decoder):
            where = f"{self.path}, {self.unit} {piece}"
            if not isinstance(value, dict):
                raise DataError(f"{where}: expected an object, got {source[:60]}")
            if len(pairs) > len(value) and [key for key, _ in pairs].count(self.text_column) > 1:
                raise DataError(f"{where}: the key {self.text_column!r} is there twice: which one is the text?")
            yield Line(piece, source, value)

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[Lines]:
        def checked() -> Iterator[tuple[Line, int]]:
            for line in self._lines():
                text = line.value.get(self.text_column)
                if text is not None and not isinstance(text, str):
                    where = f"{self.path}, {self.unit} {line.number}"
                    raise DataError(f"{where}: {self.text_column!r} must be a string, got {text!r:.60}")
                yield line, len(line.source)

        for group in grouped(checked()):
            yield Lines(group)

    def check_group(self, group: Lines, new: Sequence[str]) -> None:
        for line in group.lines:
            taken = [name for name in new if name in line.value]
            if taken:
                where = f"{self.path}, {self.unit} {line.number}"
                raise DataError(
                    f"{where} already has the columns that would be added: {', '.join(taken)}; {OTHER_NAMES}"
                )

    def header(self, new: Sequence[NewColumn]) -> str:
        return ""

    def _json(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=not self.encoding.is_unicode)

    def write_part(self, path: Path, group: Lines, new: NewValues) -> None:
        path.write_bytes(self.encode("".join(f"{row}{LINE_END}" for row in self.extended(group, new))))

    def extended(self, group: Lines, new: NewValues) -> Iterator[str]:
        """Yield the characters of each object with its new keys."""
        names = [self._json(column.name) for column in new]
        for row, line in enumerate(group.lines):
            values = (self._json(values[row]) for values in new.values())
            added = ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
            body = line.source[:-1].rstrip(WHITE)
            yield f"{body}{', ' if line.value else ''}{added}}}"


class JsonLinesWriter:
    """Writes rows of any table as JSON lines."""

    def __init__(self, shape: Shape) -> None:
        self._names = [field.name for field in shape.fields]

    def write_part(self, path: Path, group: Group, new: NewValues) -> None:
        path.write_bytes("".join(f"{row}{LINE_END}" for row in objects(group, self._names, new)).encode("utf-8"))

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        join(b"", parts, output)


def objects(group: Group, names: Sequence[str], new: NewValues) -> Iterator[str]:
    """Yield rows of any table as JSON objects; a column that a row does not have is null."""
    keys = [*names, *(column.name for column in new)]
    for values in zip(*shape_values(group, names), *new.values(), strict=True):
        row = dict(zip(keys, values, strict=True))
        yield json.dumps(row, ensure_ascii=False, default=to_text)


def path_within(value: Mapping[str, Any], name: str, deepest: int = 5) -> str:
    """Return the keys, with dots between them, under which an object within holds a string of this name; or nothing.

    Args:
        name: a key or, with dots, where it stands.
    """
    for key, item in value.items():
        if isinstance(item, dict) and deepest:
            inner = name.removeprefix(f"{key}.")
            if isinstance(item.get(inner), str):
                return f"{key}.{inner}"
            if below := path_within(item, inner, deepest - 1):
                return f"{key}.{below}"
    return ""


def number(digits: str) -> int | float:
    """Return a whole number; one that is too long for Python to read is near enough as a float."""
    return int(digits) if len(digits) <= LONG_NUMBER else float(digits)


def open_table(source: Source, text_column: str) -> JsonLinesTable:
    """Open a file."""
    table = JsonLinesTable(source, text_column)
    table.say()
    return table


def make_writer(shape: Shape, _: Path) -> JsonLinesWriter:
    """Return what writes tables of other formats."""
    return JsonLinesWriter(shape)
