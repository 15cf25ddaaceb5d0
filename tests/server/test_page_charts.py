"""Charts of a dropped file: shares by group and over time, of the rows as they are decided on the page."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from page_driver import check_access, open_file
from playwright.sync_api import Page, expect

HAPPY, ANGRY, DULL = "I love this so much!", "This makes me furious, I hate it!", "The table has four legs."
MONTHS = [f"2024-{month:02}" for month in range(1, 13)]


def rows() -> bytes:
    """Three rows a month of each shop; the angry ones of the second grow from none to all."""
    lines = ["day,shop,score,comment"]
    for number, month in enumerate(MONTHS):
        for day in range(1, 13):
            lines.append(f'{month}-{day:02},north,{day},"{HAPPY}"')
            lines.append(f'{month}-{day:02},south,{day},"{ANGRY if day <= number else DULL}"')
    return "\n".join(lines).encode()


def read_all(page: Page, content: bytes) -> None:
    open_file(page, "shops.csv", content)
    page.get_by_label("Column with the texts").select_option(label="comment")
    page.get_by_role("button", name="Read all rows").click()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Read \d+ rows"), timeout=30_000)


def test_shares_by_group_and_month(page: Page) -> None:
    read_all(page, rows())
    expect(page.get_by_label("Group")).to_have_value("1")
    expect(page.get_by_label("Time")).to_have_value("0")
    head = page.locator(".groups thead th").all_inner_texts()
    assert [" ".join(cell.split()) for cell in head] == ["emotion", "north 144 rows", "south 144 rows"]
    love = page.locator(".groups tbody tr", has=page.get_by_role("rowheader", name="love", exact=True))
    assert love.locator("td").all_inner_texts() == ["100.0 %", "0.0 %"]
    anger = page.locator(".groups tbody tr", has=page.get_by_role("rowheader", name="anger", exact=True))
    assert anger.locator("td").all_inner_texts() == ["0.0 %", "46 %"]  # 66 of 144
    figures = page.locator("#times figure")
    assert figures.first.locator("strong").inner_text() in ("anger", "neutral")
    chart = page.locator("#times figure", has_text="anger")
    expect(chart).to_contain_text("from 0.0 % in 2024-01 to 46 % in 2024-12")  # 11 of 24
    expect(chart).to_contain_text("2024-01")
    assert "2024-07: 25 %" in (chart.get_attribute("title") or "")
    page.get_by_label("Time").select_option(label="(none)")
    assert page.locator("#times figure").count() == 0


def test_the_threshold_moves_the_charts_too(page: Page) -> None:
    read_all(page, rows())
    page.get_by_label("One threshold for all emotions").fill("0.99")
    assert page.locator(".groups tbody tr").count() <= 2


def test_without_columns_to_group_by_there_are_no_charts(page: Page) -> None:
    read_all(page, f'comment\n"{HAPPY}"\n"{ANGRY}"\n'.encode())
    expect(page.locator("#charts")).to_be_hidden()


DATES = """async (cells) => {
  const { datesOf, periodsOf } = await import("/static/dates.js");
  const found = datesOf(cells);
  return found && { ...found, ...(found.ambiguous ? {} : periodsOf(found.times)) };
}"""


@pytest.mark.parametrize(
    ("cells", "kind", "periods"),
    [
        (["2024-01-30", "2024-02-01T10:00:00Z"], "day", ["2024-01-30", "2024-01-31", "2024-02-01"]),
        (["31.12.2023", "1.3.2024"], "week", None),
        (["12/25/2023", "01/05/2024 10:30"], "day", None),
        (["25/12/2021", "01/05/2022", "7/7/2023"], "month", None),
        (["2023-11", "2024-02", "2022-12"], "month", None),
        (["2010", "2012", "2019"], "year", [str(year) for year in range(2010, 2020)]),
        (["Mar 3, 2024", "March 5, 2024"], "day", ["2024-03-03", "2024-03-04", "2024-03-05"]),
    ],
)
def test_dates_and_their_periods(page: Page, cells: list[str], kind: str, periods: list[str] | None) -> None:
    found: dict[str, Any] = page.evaluate(DATES, cells)
    assert found["kind"] == kind
    assert found["unreadable"] == 0
    if periods:
        assert found["periods"] == periods
    assert all(place is not None for place in found["of"])


def test_what_is_no_date_or_can_be_two(page: Page) -> None:
    assert page.evaluate(DATES, ["north", "south"]) is None
    assert page.evaluate(DATES, ["1", "2", "2024-01-01"]) is None
    assert page.evaluate(DATES, ["2024-02-31", "2024-13-01"]) is None
    assert page.evaluate(DATES, ["1234", "5678"]) is None
    assert page.evaluate(DATES, ["01/02/2024", "03/04/2024"])["ambiguous"]
    many = ["2024-01-01"] * 30 + ["soon"]
    assert page.evaluate(DATES, many)["unreadable"] == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_nothing_among_charts(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    read_all(page, rows())
    check_access(page, "charts")
    if "GOEMOTIONS_SCREENSHOTS" in os.environ:
        path = Path(os.environ["GOEMOTIONS_SCREENSHOTS"]) / f"charts-{scheme}-{width}.png"
        page.locator("#results").screenshot(path=path)


def test_a_share_of_all_stands_on_one_line(page: Page) -> None:
    read_all(page, f'comment\n"{DULL}"\n"{DULL}"\n'.encode())
    share = page.locator(".bars .share").first
    assert share.inner_text() == "100.0 %"
    assert share.evaluate("cell => cell.scrollWidth <= cell.clientWidth")
    height, line = share.evaluate("cell => [cell.clientHeight, parseFloat(getComputedStyle(cell).fontSize) * 2]")
    assert height < line
