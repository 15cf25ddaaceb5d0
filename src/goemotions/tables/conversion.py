"""Conversion: what becomes of a table's values in another format than its own.

Formats differ in what a cell can hold. Between two of them a column has one of four types that every format has, found
from all of its values; anything else becomes text, in a form that can be read back: dates in ISO 8601, lists and
objects as JSON, bytes as base64.
"""

from __future__ import annotations

import base64
import datetime
import enum
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from goemotions.tables.table import Group, Table, check_different

LARGEST = 2**63


class Type(enum.Enum):
    """A type of values that every format has."""

    TEXT = "text"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    FLAG = "true or false"


HALVES = re.compile("[\ud800-\udfff]")
"""Halves of a character, as JSON may have them where a text was cut; no other format holds them."""


@dataclass(frozen=True)
class Field:
    """A column."""

    name: str
    type: Type


@dataclass(frozen=True)
class Shape:
    """A table as one that is written in another format: its columns, rows, and the characters of its longest text."""

    fields: list[Field]
    rows: int
    longest: int


def shape_of(table: Table) -> Shape:
    """Read a table once, and return its shape.

    Raises:
        DataError: a row that cannot be read, or two columns of one name.
    """
    names = table.columns
    check_different(names, str(table.path))
    kinds: dict[str, set[type]] = {name: set() for name in names}
    rows = longest = 0
    for group in table.groups():
        rows += len(group)
        for name in group.names:
            values = group.column(name)
            found = kinds.setdefault(name, set())
            found.update(map(type, values))
            if found & {int} and any(isinstance(value, int) and abs(value) >= LARGEST for value in values):
                found.add(str)
            longest = max(longest, max((len(value) for value in values if isinstance(value, str)), default=0))
    return Shape([Field(name, type_of(found)) for name, found in kinds.items()], rows, longest)


def type_of(kinds: set[type]) -> Type:
    """Return the type of a column that has values of these types."""
    there = kinds - {type(None)}
    if there == {bool}:
        return Type.FLAG
    if there == {int}:
        return Type.WHOLE
    return Type.NUMBER if there and there <= {int, float} else Type.TEXT


def shape_values(group: Group, names: Sequence[str]) -> Iterator[list[Any]]:
    """Yield the values of each column, text without halves of surrogate pairs; None where these rows do not have it."""
    there = set(group.names)
    for name in names:
        values = group.column(name) if name in there else [None] * len(group)
        yield [HALVES.sub("\ufffd", value) if isinstance(value, str) else value for value in values]


def typed(field: Field, values: Iterable[Any]) -> list[Any]:
    """Return the values of a column as its type has them."""
    if field.type is Type.TEXT:
        return [None if value is None else to_text(value) for value in values]
    if field.type is Type.NUMBER:
        return [None if value is None else float(value) for value in values]
    return list(values)


def to_text(value: Any) -> str:
    """Return any value as text; None as an empty one."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=to_text)
    return str(value)
