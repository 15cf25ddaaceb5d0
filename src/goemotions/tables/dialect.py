"""The dialect of a delimited file, delimiter and quotes: found from its first rows, or as its user says."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

SAMPLE_ROWS = 1000
SAMPLE_CHARACTERS = 1 << 20
CELL_LIMIT = min(sys.maxsize, 2**31 - 1)
QUOTE = '"'
CANDIDATES = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
WRITTEN = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
"""Delimiters that are easier to write by a name."""
EXCEL = re.compile(r'"?sep=(.)"?\r?\n?')
"""The first line by which Excel is told a delimiter; it is no row."""
POWERSHELL = re.compile(r'"?#TYPE [\w.+`\[\],]+"?\r?\n?')
"""The first line that Export-Csv of PowerShell 5 writes; it is no row either."""
SINGLE_QUOTED = re.compile(r"'[^']*'\s*(?:[,;\t|]|$)")
"""A row that begins with a cell in single quotes."""


@dataclass(frozen=True)
class Dialect:
    """The way in which cells are separated.

    Attributes:
        delimiter: between cells.
        quote: around cells that hold anything.
        told: the file's first line, if it only tells the delimiter, or a type; kept as it stands.
        assumed: what was assumed, for people; empty where nothing was.
    """

    delimiter: str
    quote: str = QUOTE
    told: str = ""
    assumed: str = ""


def parse_delimiter(given: str) -> str:
    """Return the character that a user means.

    Raises:
        ValueError: no single character, or one that cannot separate cells.
    """
    found = WRITTEN.get(given.lower(), given)
    if len(found) != 1 or found in "\r\n\"' " or found.isalnum():
        raise ValueError(f"the delimiter must be one character, or tab, comma, semicolon or pipe; got {given!r}")
    return found


def find_dialect(lines: Iterable[str], usual: str, text_column: str, given: str | None, header: bool) -> Dialect:
    """Return the dialect of a file that begins with ``lines``.

    Args:
        usual: the delimiter that files of this kind have.
        text_column: the column that will be read; where a delimiter gives it a name of its own, it is the right one.
        given: what the user says.
        header: True if the first row has the columns' names.
    """
    rest = iter(lines)
    sample = take(rest)
    is_whole = next(rest, None) is None
    told = EXCEL.fullmatch(sample[0]) if sample else None
    first_line = sample[0] if sample and (told or POWERSHELL.fullmatch(sample[0])) else ""
    if first_line:
        sample = sample[1:]
    quote = "'" if sample and SINGLE_QUOTED.match(sample[0]) else QUOTE
    says = "' is taken for its quote" if quote == "'" else ""
    if given or told:
        return Dialect(parse_delimiter(given or (told[1] if told else usual)), quote, first_line, says)
    candidates = [usual, *(mark for mark in CANDIDATES if mark != usual)]
    ranks = [rank(sample, mark, quote, text_column if header else None, is_whole) for mark in candidates]
    best = candidates[ranks.index(max(ranks))] if sample else usual
    found = f"{NAMES.get(best, best)} are taken to separate cells (--delimiter says otherwise)" if best != usual else ""
    return Dialect(best, quote, first_line, "; ".join(filter(None, [found, says])))


def take(lines: Iterable[str]) -> list[str]:
    """Return some lines from the beginning of a file."""
    found: list[str] = []
    size = 0
    for line in islice(lines, SAMPLE_ROWS):
        found.append(line)
        size += len(line)
        if size > SAMPLE_CHARACTERS:
            break
    return found


def rank(
    sample: list[str], delimiter: str, quote: str, text_column: str | None, is_whole: bool
) -> tuple[bool, bool, int]:
    """Return how well a delimiter fits: the column has a name of its own, every row is as wide, and how wide it is."""
    rows = list(rows_of(sample, delimiter, quote))
    if not rows:
        return False, False, 0
    width = len(rows[0])
    named = text_column in rows[0]
    judged = rows if is_whole else rows[:-1] or rows  # the last one may have been taken in part
    return named, all(len(row) == width for row in judged), width


def rows_of(sample: list[str], delimiter: str, quote: str) -> Iterator[list[str]]:
    """Yield rows as far as they can be read."""
    csv.field_size_limit(CELL_LIMIT)  # the default refuses cells over 128 KiB
    reader = csv.reader(sample, delimiter=delimiter, quotechar=quote, strict=True)
    try:
        yield from filter(None, reader)
    except csv.Error:
        return


def reason(error: csv.Error) -> str:
    """Return what is wrong with a line, in words that say what to do."""
    if "new-line character" in str(error):
        return "a carriage return outside quotes: put the cell in quotes, or end rows with a line feed"
    return f"{error}: a quote is opened and not closed" if "end of data" in str(error) else str(error)
