"""Awkward files on the page: read as the command line reads them, or refused in the same words; and safe downloads."""

from __future__ import annotations

import base64
import warnings
from pathlib import Path
from typing import Any

import pytest
from awkward import FILES, TWO, Awkward
from page_driver import open_file
from page_driver import read as read_text
from playwright.sync_api import Page, expect

from goemotions.entities import ENTITY
from goemotions.odd_texts import PLACEHOLDERS, OddTexts
from goemotions.server.page import STATIC
from goemotions.tables.conversion import to_text
from goemotions.tables.formats import open_table

READ = """async (files) => {
  const { readFile } = await import("/static/tables.js");
  const found = [];
  for (const { name, content } of files) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    found.push(await readFile(bytes, name).catch((error) => ({ refused: error.message })));
  }
  return found;
}"""

ON_THE_PAGE = [case for case in FILES if not case.options]
COLUMN_CHOSEN = {"misnamed.csv", "two-texts.csv"}
"""Refused by the command line for the column that it is told; on the page it is chosen from those that are there."""
ELSEWHERE = (".xlsx", ".db", ".bz2", ".xz", ".zst", ".parquet.gz")
NOT_READ = "save it as CSV, or run “goemotions predict --input FILE --output FILE”"


def table(case: Awkward, folder: Path) -> tuple[list[str], list[list[str]]]:
    """Return the names and the cells of a file, as Python reads it."""
    path = folder / case.name
    path.write_bytes(case.content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = open_table(path, "text")
    groups = list(read.groups())
    names = list(dict.fromkeys([*read.columns, *(name for group in groups for name in group.names)]))
    columns = [[to_text(value) for group in groups for value in group.column(name)] for name in names]
    return names, [list(row) for row in zip(*columns, strict=True)]


def test_every_awkward_file_is_read_the_same_or_refused_in_the_same_words(page: Page, tmp_path: Path) -> None:
    assert len(ON_THE_PAGE) > 50
    files = [{"name": case.name, "content": base64.b64encode(case.content).decode()} for case in ON_THE_PAGE]
    found: list[dict[str, Any]] = page.evaluate(READ, files)
    for case, read in zip(ON_THE_PAGE, found, strict=True):
        refused = read.get("refused", "")
        if case.name.endswith(ELSEWHERE):
            assert refused.startswith(case.name) and NOT_READ in refused, (case.name, read)
        elif case.name in COLUMN_CHOSEN:
            assert read["rows"], case.name
        elif case.texts is None:
            assert case.said in refused and case.name in refused and "--" not in refused, (case.name, read)
        else:
            names, rows = table(case, tmp_path)
            assert rows == read.get("rows"), (case.name, read)
            assert not rows or names == read["header"], case.name
            assert case.said in read["said"] and bool(case.said) == bool(read["said"]), (case.name, read)


def test_what_is_not_read_is_said_on_the_page(page: Page) -> None:
    for case in FILES:
        if case.name in ("in.xlsx", "empty.csv"):
            open_file(page, case.name, case.content)
            expected = {"in.xlsx": NOT_READ, "empty.csv": "empty.csv has no rows: expected at least one"}
            expect(page.get_by_role("status")).to_contain_text(expected[case.name])


def test_what_was_assumed_is_said(page: Page) -> None:
    open_file(page, "a.csv", "id;text\r\n1;Schöne Grüße\r\n".encode("cp1252"))
    said = (
        "1 row. Choose the column, then read all rows. What was assumed: semicolons are taken to separate cells; it is"
    )
    expect(page.get_by_role("status")).to_contain_text(f"{said} not UTF-8, and is read as Windows-1252.")


def test_a_packed_table_is_read(page: Page) -> None:
    (packed,) = [case for case in FILES if case.name == "members.csv.gz"]
    open_file(page, packed.name, packed.content)
    page.get_by_role("button", name="Read all rows").click()
    expect(page.get_by_role("status")).to_have_text("Read 2 rows.")
    expect(page.locator("#list .words")).to_have_text([text or "" for text in TWO])


def test_html_entities_are_counted_and_said(page: Page) -> None:
    """By the expression of the command line; the page's file view said nothing of them."""
    text = "I&#39;m so happy, this is the &quot;best&quot; day"
    open_file(page, "a.csv", f'text\n{text}\nthank you\nfish & chips\n"  "\n'.encode())
    page.get_by_role("button", name="Read all rows").click()
    said = "1 of 3 texts has HTML entities such as &quot; or &#39;, which are read as they stand: decode them first."
    expect(page.locator("#odd")).to_have_text(said)
    read_text(page, text)
    expect(page.locator("#odd")).to_contain_text("1 of 1 text has HTML entities")
    read_text(page, "thank you")
    expect(page.locator("#odd")).to_be_hidden()
    assert ENTITY.pattern in (STATIC / "odd.js").read_text(encoding="utf-8")


def test_odd_texts_are_said_in_the_words_of_the_command_line(page: Page) -> None:
    texts = [*sorted(PLACEHOLDERS), ' [{"text": "I love it"}] ', "thank you", "{sigh}", " "]
    odd = OddTexts()
    odd.add(text for text in texts if text.strip())
    said = page.evaluate('async (texts) => (await import("/static/odd.js")).oddNote(texts)', texts)
    assert said == " ".join(f"{note}." for note in odd.notes())
    assert said.startswith("12 of 15 texts stand in place of a text (#DIV/0!, #N/A, #NAME?), and are scored as they")
    assert said.endswith("1 of 15 texts is JSON, in which the text is a part: take it out first.")


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
