"""Periods of time: the day, month or year of a moment, as text that sorts, and how far two are apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Units of numbers that count from 1970, and how many of each make a second."""
PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


def period_of(value: Any, period: str, per_second: int | None = None) -> str | None:
    """Return the period of a date, an ISO 8601 string or a number since 1970; None for anything else.

    Args:
        period: one of :data:`PERIODS`.
        per_second: how many of a number make a second; None for numbers that are no times.
    """
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        elif not isinstance(value, date):  # a datetime is one too
            value = datetime.fromtimestamp(value / per_second, UTC) if per_second else None
        return value.strftime(PERIODS[period]) if value else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def positions(periods: Sequence[str]) -> list[int]:
    """Return where days, months or years lie, counted from the first."""
    parts = [[int(part) for part in name.split("-")] for name in periods]
    numbers = [
        date(*part).toordinal() if len(part) == 3 else part[0] * 12 + part[1] if len(part) == 2 else part[0]
        for part in parts
    ]
    return [number - min(numbers, default=0) for number in numbers]
