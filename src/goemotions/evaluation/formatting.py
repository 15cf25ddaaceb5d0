"""Print figures: one way for reports, cards and the command line. It needs no extra."""

from __future__ import annotations

from collections.abc import Mapping

Figure = Mapping[str, float | None]


def interval(figure: Figure, digits: int = 3) -> str:
    """``0.536 (0.520 to 0.552)``; ``undefined`` where there is no figure."""
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None:
        return "undefined"
    shown = f"{value:.{digits}f}"
    return shown if low is None or high is None else f"{shown} ({low:.{digits}f} to {high:.{digits}f})"


def number(value: float | None) -> str:
    """``0.536``; ``undefined`` where there is no figure."""
    return "undefined" if value is None else f"{value:.3f}"
