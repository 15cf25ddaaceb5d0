"""Columns by which rows are told apart: by a group's name and by a period of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from goemotions.periods import PERIODS, UNITS, period_of

UNKNOWN = "(unknown)"


@dataclass(frozen=True)
class Grouping:
    """Columns by which texts are told apart.

    Attributes:
        by: a column with a group's name per row, or None for one group.
        time: a column with timestamps, dates, strings with one or numbers since 1970, or None for one period.
        period: ``day``, ``month`` or ``year``.
        unit: what numbers in the time column count since 1970: ``s``, ``ms``, ``us`` or ``ns``.
        month_first: what is first in dates with slashes, the month or the day; None to read none of them.

    Raises:
        ValueError: a period or a unit that is none.
    """

    by: str | None = None
    time: str | None = None
    period: str = "month"
    unit: str | None = None
    month_first: bool | None = None

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise ValueError(f"period must be one of {', '.join(PERIODS)}, got {self.period!r}")
        if self.unit is not None and self.unit not in UNITS:
            raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {self.unit!r}")

    @property
    def columns(self) -> list[str]:
        """The columns that are named."""
        return [name for name in (self.by, self.time) if name]

    def groups_of(self, values: Iterable[Any]) -> list[str]:
        """Return the group of each row by its value of the column ``by``."""
        names = ["" if value is None else str(value).strip() for value in values]
        return [name or UNKNOWN for name in names]

    def periods_of(self, values: Iterable[Any]) -> list[str | None]:
        """Return the period of each row by its value of the column ``time``; None for one that cannot be read."""
        per_second = UNITS[self.unit] if self.unit else None
        return [period_of(value, self.period, per_second, self.month_first) for value in values]
