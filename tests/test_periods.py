"""Dates as tables have them: what can be read in one way only is, anything else is none."""

from __future__ import annotations

import pytest

from goemotions.periods import period_of


@pytest.mark.parametrize(
    ("value", "period", "expected"),
    [
        ("2024-05-31", "month", "2024-05"),
        ("31.5.2024", "day", "2024-05-31"),
        ("31.05.2024 9:30", "day", "2024-05-31"),
        ("2024/05/31", "day", "2024-05-31"),
        ("2024-05", "month", "2024-05"),
        ("2024", "year", "2024"),
        (2024, "year", "2024"),
        ("2024", "month", None),
        ("05/31/2024", "month", None),
        ("5/31/24", "month", None),
        ("05/04/2024", "month", None),
        ("31.13.2024", "day", None),
        (45324, "month", None),
        ("", "month", None),
        (None, "year", None),
    ],
)
def test_dates(value: object, period: str, expected: str | None) -> None:
    assert period_of(value, period) == expected


@pytest.mark.parametrize("value", [1_711_843_200, "1711843200", " 1711843200.000300 ", "1.7118432e9"])
def test_numbers_are_read_in_cells_of_text_too(value: object) -> None:
    assert period_of(value, "day", 1) == "2024-03-31"
    assert period_of(value, "day") is None


@pytest.mark.parametrize(
    ("value", "month_first", "expected"),
    [
        ("11/28/2026", True, "2026-11-28"),
        ("11/28/2026 3:45 PM", True, "2026-11-28"),
        ("28/11/2026", False, "2026-11-28"),
        ("3/4/2026", True, "2026-03-04"),
        ("3/4/2026", False, "2026-04-03"),
        ("28/11/2026", True, None),
        ("2026/11/28", False, "2026-11-28"),
        ("28.11.2026", True, "2026-11-28"),
    ],
)
def test_dates_with_slashes_are_read_as_it_is_said(value: str, month_first: bool, expected: str | None) -> None:
    assert period_of(value, "day", None, month_first) == expected
