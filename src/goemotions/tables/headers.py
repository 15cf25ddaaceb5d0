"""Lines of names that stand where none are expected: below a title, again below the names, among the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from goemotions.errors import DataError, counted

TOP_ROWS = 20  # above which a title may stand


def names_below(rows: Iterable[Sequence[Any]], text_column: str) -> str:
    """Return that one of the first rows, and not the very first, has the columns' names; empty if none has."""
    try:
        if any(text_column in cells for cells in islice(rows, TOP_ROWS)):
            return f"the name {text_column!r} stands below the first row: delete what is above it"
    except DataError:  # which is raised again where rows are read
        pass
    return ""


def second_names(rows: Iterable[Sequence[Any]]) -> str:
    """Return that the first rows below the names are no answers but further lines of names, as surveys export them.

    SurveyMonkey writes a line with the kinds of questions, Qualtrics one with the questions and one of JSON.
    """
    try:
        first = list(islice(rows, 2))
    except DataError:  # which is raised again where rows are read
        return ""
    said = "below the names are names again, as {} exports them, and are read as texts: delete {} first"
    if any(str(cell).startswith('{"ImportId"') for cells in first for cell in cells):
        return said.format("Qualtrics", "these two rows")
    if first and first[0] and first[0][0] in (None, "") and "Open-Ended Response" in first[0]:
        return said.format("SurveyMonkey", "that row")
    return ""


def is_header(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Return True for a row that has the columns' names, perhaps behind a byte order mark."""
    return cells[-1] == names[-1] and [cells[0].removeprefix("\ufeff"), *cells[1:]] == names


def names_again(rows: int) -> str:
    """Return that so many rows are the line of names."""
    one, many = "row is the line of names again", "rows are the line of names again"
    return f"{counted(rows, one, many)}, as in files that were put together, and read as texts"
