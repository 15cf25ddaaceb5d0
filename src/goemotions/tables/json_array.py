"""A JSON array of objects, read a piece at a time; each object is kept as the characters that it is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from goemotions.errors import DataError
from goemotions.tables.conversion import Shape
from goemotions.tables.json_lines import WHITE, JsonLinesTable, Lines, objects
from goemotions.tables.lines import join
from goemotions.tables.source import Source
from goemotions.tables.table import Group, NewColumn, NewValues

BLOCK = 1 << 20
LONGEST = 64 << 20
"""Characters of an object, beyond which it is taken for one that does not end."""
BEFORE = ",\n"
"""What stands before each object in a part; before the first of all, it is left out."""


class Characters:
    """Text that is read as far as it is needed."""

    def __init__(self, stream: io.TextIOBase) -> None:
        self._stream = stream
        self.text = ""
        self.place = 0
        self.ended = False

    def more(self) -> None:
        """Read as much again as there is, and forget what was passed."""
        block = self._stream.read(max(BLOCK, len(self.text) - self.place))
        self.ended = not block
        self.text = self.text[self.place :] + block
        self.place = 0

    def next(self) -> str:
        """Return the next character that is no white space, without passing it; an empty one at the end."""
        while True:
            while self.place < len(self.text) and self.text[self.place] in WHITE:
                self.place += 1
            if self.place < len(self.text) or self.ended:
                return self.text[self.place : self.place + 1]
            self.more()


class JsonArrayTable(JsonLinesTable):
    """A file that is an array of objects."""

    unit = "element"

    def begins_with(self, mark: str) -> bool:
        """Return True if the file's first character that is no white space is this one."""
        with self._source.open() as stream:
            stream.plain.read(len(self.encoding.mark))
            with io.TextIOWrapper(stream.plain, self.encoding.codec, errors="replace", newline="") as text:
                return Characters(text).next() == mark

    def list_within(self) -> str:
        """Return where in the file, if it is one object, a list of objects stands, as ``data.items``; or nothing."""
        with self._source.open() as stream:
            stream.plain.read(len(self.encoding.mark))
            with io.TextIOWrapper(stream.plain, self.encoding.codec, errors="replace", newline="") as text:
                characters = Characters(text)
                characters.next()
                try:
                    _, value = self._element(characters, json.JSONDecoder(), 1)
                except DataError:  # which is raised again where objects are read
                    return ""
                return "" if characters.next() or self.text_column in value else list_of_objects(value)

    def pieces(self, decoder: json.JSONDecoder) -> Iterator[tuple[int, str, Any]]:
        with self._source.open() as stream:
            self._stream = stream
            stream.plain.read(len(self.encoding.mark))
            try:
                with io.TextIOWrapper(stream.plain, self.encoding.codec, newline="") as text:
                    yield from self._elements(Characters(text), decoder)
            except UnicodeError as error:
                raise DataError(
                    f"{self.path}: not {self.encoding.name}; say the file's encoding (--encoding)"
                ) from error

    def _elements(self, characters: Characters, decoder: json.JSONDecoder) -> Iterator[tuple[int, str, Any]]:
        first = characters.next()
        if not first:
            return
        if first != "[":
            raise DataError(f"{self.path}: expected a JSON array of objects, got {first!r} at its beginning")
        characters.place += 1
        number = 0
        while (mark := characters.next()) != "]":
            if number:
                if mark != ",":
                    raise DataError(f"{self.path}, behind element {number}: expected , or ], got {mark or 'its end'!r}")
                characters.place += 1
                characters.next()
            number += 1
            yield (number, *self._element(characters, decoder, number))
        characters.place += 1
        if characters.next():
            raise DataError(f"{self.path}: there is more behind the array's ]")

    def _element(self, characters: Characters, decoder: json.JSONDecoder, number: int) -> tuple[str, Any]:
        while True:
            start = characters.place
            try:
                value, end = decoder.raw_decode(characters.text, start)
            except json.JSONDecodeError as error:
                if characters.ended or len(characters.text) - start > LONGEST:
                    raise DataError(f"{self.path}, element {number}: not JSON: {error.msg}") from error
                characters.more()
                continue
            except RecursionError as error:
                raise DataError(f"{self.path}, element {number}: nested too deeply") from error
            characters.place = end
            return characters.text[start:end], value

    def write_part(self, path: Path, group: Lines, new: NewValues) -> None:
        path.write_bytes(self.encode("".join(f"{BEFORE}{row}" for row in self.extended(group, new))))

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        first = self.encoding.mark + self.encode("[\n")
        join(first, parts, output, len(self.encode(BEFORE)), self.encode("\n]\n" if parts else "]\n"))


def list_of_objects(value: Mapping[str, Any], deepest: int = 3) -> str:
    """Return the keys, with dots between them, under which an object holds a list of objects; or nothing."""
    for key, item in value.items():
        if isinstance(item, list) and item and all(isinstance(element, dict) for element in item):
            return key
        below = list_of_objects(item, deepest - 1) if isinstance(item, dict) and deepest else ""
        if below:
            return f"{key}.{below}"
    return ""


class JsonArrayWriter:
    """Writes rows of any table as a JSON array."""

    def __init__(self, shape: Shape) -> None:
        self._names = [field.name for field in shape.fields]

    def write_part(self, path: Path, group: Group, new: NewValues) -> None:
        path.write_bytes("".join(f"{BEFORE}{row}" for row in objects(group, self._names, new)).encode("utf-8"))

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        join(b"[\n", parts, output, len(BEFORE), b"\n]\n" if parts else b"]\n")


def open_table(source: Source, text_column: str) -> JsonLinesTable:
    """Open a file; one that is no array but begins with an object is read as JSON lines, which is said.

    Raises:
        DataError: one object with the table within it.
    """
    table = JsonArrayTable(source, text_column)
    if not table.begins_with("{"):
        table.say()
        return table
    if where := table.list_within():
        raise DataError(
            f"{source.path} is one object, which holds a list of objects under {where!r}: save that list as a file, as "
            f"jq .{where} {source.path.name} > list.json does"
        )
    lines = JsonLinesTable(source, text_column)
    lines.say("it is no array, and is read as JSON lines")
    return lines


def make_writer(shape: Shape, _: Path) -> JsonArrayWriter:
    """Return what writes tables of other formats."""
    return JsonArrayWriter(shape)
