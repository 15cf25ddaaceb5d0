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
        ("2024-05-31 12:00:00 UTC", "day", "2024-05-31"),
        ("2024-05-31 12:00:00 +0000", "day", "2024-05-31"),
        ("Wed Oct 10 20:19:24 +0000 2018", "day", "2018-10-10"),
        ("Wed, 10 Oct 2018 20:19:24 +0000", "day", "2018-10-10"),
        ("01-May-2021 12:00 PM", "day", "2021-05-01"),
        ("September 5, 2024", "day", "2024-09-05"),
        ("5 Juni 2024", "day", "2024-06-05"),
        ("5 Mai 2024", "day", None),
        ("31 Feb 2024", "day", None),
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
        ("12/31/23", True, "2023-12-31"),
        ("31/12/23, 21:45", False, "2023-12-31"),
        ("1/2/70", True, "1970-01-02"),
    ],
)
def test_dates_with_slashes_are_read_as_it_is_said(value: str, month_first: bool, expected: str | None) -> None:
    assert period_of(value, "day", None, month_first) == expected
