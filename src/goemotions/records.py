"""Turn dataclasses into what JSON can hold, and back, with the place of whatever does not fit.

A field keeps its name in JSON unless its metadata gives another (:func:`named`); keys stand in the order of the fields.
A field with the metadata :data:`OMIT_DEFAULT` is left out while it has its default. Keys that a class does not know are
passed over, so that an older release reads what a newer one has added to.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
Json = Any
"""What :mod:`json` reads and writes."""

OMIT_DEFAULT = {"omit": True}
NAMES = {str: "a text", int: "a whole number", bool: "true or false"}


def named(name: str) -> dict[str, str]:
    """Return the metadata of a field whose key in JSON is ``name``."""
    return {"json": name}


def to_json(record: object) -> Json:
    """Return a copy of dataclasses, mappings and sequences, made of dictionaries and lists."""
    if dataclasses.is_dataclass(record):
        held = [(field, getattr(record, field.name)) for field in dataclasses.fields(record)]
        return {
            _key(field): to_json(value)
            for field, value in held
            if not ("omit" in field.metadata and value == field.default)
        }
    if isinstance(record, Mapping):
        return {key: to_json(value) for key, value in record.items()}
    if isinstance(record, (list, tuple)):
        return [to_json(value) for value in record]
    return record


def from_json(kind: type[T], data: Json, where: str = "") -> T:
    """Return the dataclass that ``data`` describes.

    Args:
        where: the key under which ``data`` stands, for messages.

    Raises:
        ValueError: a missing key, or a value of another type: the key, what was got and what was expected.
    """
    return cast(T, _read(kind, data, where))


def _read(kind: Any, data: Json, where: str) -> Any:
    origin, given = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in given:
            return None
        return _read(next(part for part in given if part is not type(None)), data, where)
    if dataclasses.is_dataclass(kind):
        return _read_record(cast(type, kind), data, where)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(data, Mapping), "an object", data, where)
        return {key: _read(given[1], value, f"{where}.{key}") for key, value in data.items()}
    if origin is not None:
        return _read_list(origin, given, data, where)
    return _read_scalar(kind, data, where)


def _read_scalar(kind: Any, data: Json, where: str) -> Any:
    if kind is float:
        _expect(is_number(data), "a finite number", data, where)
        return float(data)
    _expect(isinstance(data, kind) and (kind is bool or not isinstance(data, bool)), NAMES[kind], data, where)
    return data


def is_number(data: Json) -> bool:
    """Return whether ``data`` is a number that a float can hold; true and false are none."""
    try:
        return isinstance(data, (int, float)) and not isinstance(data, bool) and math.isfinite(data)
    except OverflowError:
        return False


def _read_list(origin: Any, given: tuple[Any, ...], data: Json, where: str) -> Any:
    """Read a list of values of one type, or a tuple with a type for each value."""
    _expect(isinstance(data, (list, tuple)), "a list", data, where)
    if origin is tuple and given[-1] is not Ellipsis:
        _expect(len(data) == len(given), f"{len(given)} values", data, where)
        return tuple(
            _read(kind, value, f"{where}[{i}]") for i, (kind, value) in enumerate(zip(given, data, strict=True))
        )
    values = (_read(given[0], value, f"{where}[{i}]") for i, value in enumerate(data))
    return tuple(values) if origin is tuple else list(values)


def _read_record(kind: type, data: Json, where: str) -> Any:
    _expect(isinstance(data, Mapping), "an object", data, where)
    found = {}
    for field, hint in _fields(kind):
        key = _key(field)
        if key in data:
            found[field.name] = _read(hint, data[key], f"{where}.{key}" if where else key)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where or kind.__name__}: it lacks the key {key!r}")
    return kind(**found)


@cache
def _fields(kind: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return [(field, hints[field.name]) for field in dataclasses.fields(kind)]


def _key(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("json", field.name))


def _expect(fits: bool, expected: str, data: Json, where: str) -> None:
    if not fits:
        raise ValueError(f"{where or 'it'}: expected {expected}, got {str(data)[:80]!r}")
