"""Cells that a spreadsheet would compute when it opens a CSV file, and how they are written so that it shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence

FORMULA = re.compile(
    r"[\t\r]"
    r"|\s*="
    r"|\s*[+\-@](?=.*(?:[\w.]\(|\||!\$?[A-Za-z]))"
    r"|\s*[+\-][\d\s.+\-*/^()%]*[\d)]\s*[+\-*/^][\d\s.+\-*/^()%]*$",
    re.ASCII | re.DOTALL,
)
"""Beginnings of what is computed: ``=``; a sign before a function, a command or another sheet's cell; sums of numbers.

A number with its sign is none, nor are "@anna thanks" and "- a list". ``server/static/csv.js`` has the same."""


class Formulas:
    """A way to write cells: those that a spreadsheet would compute behind an apostrophe, or all as they are.

    Attributes:
        kept: True to write them as they are.
        changed: how many cells got an apostrophe.
    """

    def __init__(self, kept: bool = True) -> None:
        self.kept = kept
        self.changed = 0

    def harmless(self, cells: Sequence[str]) -> Sequence[str]:
        """Return cells as they are to be written: the very same ones, where nothing is to be changed."""
        if self.kept or not any(map(FORMULA.match, cells)):
            return cells
        found = [f"'{cell}" if FORMULA.match(cell) else cell for cell in cells]
        self.changed += sum(new != old for new, old in zip(found, cells, strict=True))
        return found
