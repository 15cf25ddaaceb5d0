"""Awkward files on the page: read as the command line reads them, or refused in words; and safe downloads."""

from __future__ import annotations

from typing import Any

import pytest
from awkward import FILES, PACKED, SHEETS, Awkward
from page_driver import open_file
from playwright.sync_api import Page, expect

READ = """async ({name, bytes}) => {
  const { decode } = await import("/static/encoding.js");
  const { readTable } = await import("/static/csv.js");
  try {
    const { text, said } = decode(new Uint8Array(bytes), name);
    const table = readTable(text, name);
    const column = table.header.indexOf("text");
    return { texts: table.rows.map((row) => row[column]), said: said + table.said };
  } catch (error) { return { refused: error.message }; }
}"""

ON_THE_PAGE = [
    case for case in FILES if case.name.endswith((".csv", ".tsv")) and not case.options and case not in PACKED
]
OTHERWISE = {"misnamed.csv", "two-texts.csv"}  # columns are chosen on the page
MORE = {"mac.csv": ["a"], "one-column.csv": ["Thanks a lot!", "No, never; really"]}  # read
REFUSED = {
    "ragged.csv": "row 2: 3 cells, but the header has 2",
    "open-quote.csv": "ends within a quotation that begins in row 2",
    "empty.csv": "empty.csv is empty",
    "only-header.csv": "has a header and no rows",
    "russian.csv": "neither UTF-8 nor UTF-16, and its encoding cannot be told: save it as UTF-8",
    "japanese.csv": "its encoding cannot be told",
    "mixed.csv": "is UTF-8 with damaged bytes",
    "cut.csv": "begins as UTF-16, but has bytes that are not",
    "utf-32.csv": "is UTF-32: save it as UTF-8",
}


def read(page: Page, case: Awkward) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(READ, {"name": case.name, "bytes": list(case.content)})
    return found


def test_delimited_files_of_every_kind(page: Page) -> None:
    seen = set()
    for case in ON_THE_PAGE:
        if case.name in OTHERWISE:
            continue
        found, expected = read(page, case), MORE.get(case.name, case.texts)
        if case.name in REFUSED:
            assert REFUSED[case.name] in found.get("refused", found), case.name
            seen.add(case.name)
        else:
            assert found.get("texts") == expected, (case.name, found)
            assert not case.said or found["said"] or case.name in MORE, case.name
    assert seen == set(REFUSED)


def test_other_files_are_refused_by_what_they_are(page: Page) -> None:
    kinds = {"in.xlsx": "an Excel workbook", "password.xlsx": "an old Excel workbook", "in.csv.gz": "a gzip file"}
    for case in [*SHEETS, *PACKED]:
        if case.name in kinds:
            open_file(page, case.name, case.content)
            expect(page.get_by_role("status")).to_contain_text(f"{case.name} is {kinds[case.name]}")
            expect(page.get_by_role("status")).to_contain_text("goemotions predict --input FILE")


def test_what_was_assumed_is_said(page: Page) -> None:
    open_file(page, "a.csv", "id;text\r\n1;Schöne Grüße\r\n".encode("cp1252"))
    expect(page.get_by_role("status")).to_contain_text("1 rows")
    expect(page.get_by_role("status")).to_contain_text("read as Windows-1252. Semicolons separate its cells.")


@pytest.mark.parametrize(
    ("cell", "is_formula"),
    [
        ("=1+1", True),
        (' =HYPERLINK("http://a.b")', True),
        ("+cmd|' /C calc'!A0", True),
        ("@SUM(1+1)*cmd", True),
        ("-2+3", True),
        ("\t=1", True),
        ("\r=1", True),
        ("-5", False),
        ("+1.5", False),
        ("-1e-05", False),
        ("@anna thanks!", False),
        ("- a list, (really)", False),
        ("-", False),
        ("a=1", False),
        ("", False),
    ],
)
def test_cells_that_a_spreadsheet_would_compute_begin_with_an_apostrophe(
    page: Page, cell: str, is_formula: bool
) -> None:
    written = page.evaluate(
        'async (cell) => (await import("/static/csv.js")).harmless(cell)',
        cell,
    )
    assert written == ("'" + cell if is_formula else cell)
