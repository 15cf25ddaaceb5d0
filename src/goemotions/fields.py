"""Values out of a JSON object, checked one by one; what is wrong is a ValueError that names the key."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from typing import Any

MOST = 2**31 - 1


def required(raw: Mapping[str, Any], key: str) -> Any:
    """Return the value of ``key``.

    Raises:
        ValueError: there is none.
    """
    if key not in raw:
        raise ValueError(f"it lacks the key {key!r}")
    return raw[key]


def whole_number(raw: Mapping[str, Any], key: str, least: int = 1, most: int = MOST) -> int:
    """Return the whole number under ``key``.

    Raises:
        ValueError: none there, something else, or out of range.
    """
    value = required(raw, key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        wanted = f"of at least {least}" if most == MOST else f"from {least} to {most}"
        raise ValueError(f"{key} must be a whole number {wanted}, got {shown(value)}")
    return value


def number(raw: Mapping[str, Any], key: str) -> float:
    """Return the finite number under ``key``.

    Raises:
        ValueError: none there, or something else.
    """
    value = required(raw, key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{key} must be a number, got {shown(value)}")
    return float(value)


def text(raw: Mapping[str, Any], key: str, default: str) -> str:
    """Return the text under ``key``; ``default`` where there is none, or null.

    Raises:
        ValueError: something else than text of one line.
    """
    value = raw.get(key)
    if value is None:
        return default
    if not isinstance(value, str) or "\n" in value:
        raise ValueError(f"{key} must be a text of one line, got {shown(value)}")
    return value


def texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the list of texts under ``key``; an empty one where there is none, or null.

    Raises:
        ValueError: something else.
    """
    value = raw.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{key} must be a list of texts, got {shown(value)}")
    return tuple(value)


def section(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under ``key``; an empty one where there is none, or null.

    Raises:
        ValueError: something else.
    """
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{key} must be an object, got {shown(value)}")
    return value


def flag(raw: Mapping[str, Any], key: str) -> bool:
    """Return the truth value under ``key``; False where there is none, or null.

    Raises:
        ValueError: something else.
    """
    value = raw.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false, got {shown(value)}")
    return value


def shown(value: object) -> str:
    """Return a value for an error message: whatever it is, some dozen characters."""
    return reprlib.repr(value)
