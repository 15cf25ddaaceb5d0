"""Figures and tables of figures as text: the one place that says how a figure is written. It needs no extra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goemotions.escaping import for_markdown
from goemotions.evaluation.figures import Difference, Figure

UNDEFINED = "undefined"


def format_figure(figure: Figure, digits: int = 3) -> str:
    """Return a figure and its interval, ``0.536 (0.520 to 0.552)``; ``undefined`` where there is none."""
    shown = format_number(figure.value, digits)
    between = format_interval(figure, digits)
    return f"{shown} {between}" if between else shown


def format_interval(figure: Figure, digits: int = 3) -> str:
    """Return the interval alone, ``(0.520 to 0.552)``; empty where there is none."""
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    return f"({format_number(figure.low, digits)} to {format_number(figure.high, digits)})"


def format_number(value: float | None, digits: int = 3) -> str:
    """Return a figure alone, ``0.536``; ``undefined`` where there is none."""
    return UNDEFINED if value is None else f"{value:.{digits}f}"


def format_difference(difference: Difference, digits: int = 3) -> str:
    """Return a difference and its interval, with signs: ``+0.136 (+0.110 to +0.158)``."""
    if difference.value is None:
        return UNDEFINED
    shown = f"{difference.value:+.{digits}f}"
    if difference.low is None or difference.high is None:
        return shown
    return f"{shown} ({difference.low:+.{digits}f} to {difference.high:+.{digits}f})"


class Markdown(str):
    """A cell of a table that is Markdown already: it is not escaped where the table becomes Markdown."""


@dataclass(frozen=True)
class Table:
    """Cells as text; ``note`` is a paragraph before it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """Return the table in Markdown."""
        whole = (self.header, *self.rows)
        lines = [[cell if isinstance(cell, Markdown) else for_markdown(cell) for cell in line] for line in whole]
        lines.insert(1, ["---"] * len(self.header))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
