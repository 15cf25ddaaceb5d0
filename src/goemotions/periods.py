"""Periods of time: the day, month or year of a moment, as text that sorts, and how far two are apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Units of numbers that count from 1970, and how many of each make a second."""
PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


COARSE = {"month": re.compile(r"\d{4}-\d\d"), "year": re.compile(r"\d{4}(?:-\d\d)?")}
"""Months and years that stand by themselves, where nothing finer is asked for."""
TIME = r"(?:[T ,]+\d.*)?"
DAY_FIRST = re.compile(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}){TIME}")
"""As much of Europe writes dates."""
SLASHED = re.compile(rf"(?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})/(?P<year>\d{{4}}|\d\d){TIME}")
"""Nobody knows whether the day or the month is first, unless it is said."""
YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})[/.](?P<month>\d{{1,2}})[/.](?P<day>\d{{1,2}}){TIME}")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAY, MONTH = r"(?:[A-Za-z]{3,9},? +)?", r"(?P<month>(?i:" + "|".join(MONTHS) + r")[a-z]{0,6})"
NAMED = (
    re.compile(rf"{WEEKDAY}(?P<day>\d{{1,2}})(?:[ -]){MONTH}\.?,?[ -](?P<year>\d{{4}}){TIME}"),
    re.compile(rf"{WEEKDAY}{MONTH}\.? +(?P<day>\d{{1,2}}),? +(?P<year>\d{{4}}){TIME}"),
    re.compile(rf"{WEEKDAY}{MONTH} +(?P<day>\d{{1,2}}) +\d\d:\d\d:\d\d (?:[+-]\d{{4}}|[A-Z]{{3,4}}) (?P<year>\d{{4}})"),
)
"""With English names of months: as in mail (10 Oct 2018), in America (October 10, 2018), and on Twitter."""
ZONE = re.compile(r"(?<=\d) ?(?:UTC|GMT)")
"""Behind a time that is ISO 8601 but for this."""
NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")


def period_of(value: Any, period: str, per_second: int | None = None, month_first: bool | None = None) -> str | None:
    """Return the period of a date, a string with one or a number since 1970; None for anything else.

    A string is ISO 8601, or has the day first and dots (31.3.2026), or the year first and slashes, or the name of a
    month (31 Mar 2026, March 31, 2026), or is a month or a year by itself.

    Args:
        period: one of :data:`PERIODS`.
        per_second: how many of a number, also one in a string, make a second; None for numbers that are no times.
        month_first: what is first in dates with slashes and the year at the end; None to read none of them.
    """
    if per_second is None and period in COARSE and COARSE[period].fullmatch(str(value).strip()):
        value = f"{str(value).strip()}-01-01"[:10]
    try:
        if isinstance(value, str) and per_second and NUMBER.fullmatch(value.strip()):
            value = float(value)  # as CSV has it
        if isinstance(value, str):
            value = parse(value.strip(), month_first)
        elif not isinstance(value, date):  # a datetime is one too
            value = datetime.fromtimestamp(value / per_second, UTC) if per_second else None
        return value.strftime(PERIODS[period]) if value else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def parse(text: str, month_first: bool | None = None) -> date:
    """Return the date, or date and time, that a text is; ``month_first`` as in :func:`period_of`.

    Raises:
        ValueError: it is none that can be read in one way only.
    """
    found = DAY_FIRST.fullmatch(text) or YEAR_FIRST.fullmatch(text)
    if found:
        return date(**{name: int(digits) for name, digits in found.groupdict().items()})
    named = next(filter(None, (form.fullmatch(text) for form in NAMED)), None)
    if named:
        return date(int(named["year"]), MONTHS.index(named["month"][:3].lower()) + 1, int(named["day"]))
    slashed = SLASHED.fullmatch(text) if month_first is not None else None
    if slashed:
        day, month = (slashed["second"], slashed["first"]) if month_first else (slashed["first"], slashed["second"])
        return date(century(slashed["year"]), int(month), int(day))
    return datetime.fromisoformat(ZONE.sub("", text) if text.endswith(("UTC", "GMT")) else text)


def century(digits: str) -> int:
    """Return a year of four digits or, as POSIX reads them, of two."""
    year = int(digits)
    return year if len(digits) > 2 else year + (1900 if year > 68 else 2000)


def positions(periods: Sequence[str]) -> list[int]:
    """Return where days, months or years lie, counted from the first."""
    parts = [[int(part) for part in name.split("-")] for name in periods]
    numbers = [
        date(*part).toordinal() if len(part) == 3 else part[0] * 12 + part[1] if len(part) == 2 else part[0]
        for part in parts
    ]
    return [number - min(numbers, default=0) for number in numbers]
