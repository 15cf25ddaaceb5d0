"""Charts as SVG in the page's own colours: as wide as the page, with their numbers beside them as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

GROUP_MARKS = ("circle", "square", "diamond", "triangle", "ring", "cross")
"""Groups differ in shape as well as in colour."""
WIDE, HIGH, MARGIN = 200.0, 72.0, 6.0


@dataclass(frozen=True)
class Mark:
    """A share with its interval, in a chart; ``kind`` is its number among the groups."""

    share: float | None
    low: float
    high: float
    kind: int = 0


def scale_top(highest: float) -> float:
    """Return a round end of an axis that begins at 0, above the highest value."""
    for step in (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        if highest <= step:
            return step
    return 1.0


def common_top(heights: Sequence[float]) -> float:
    """Return the end of an axis for most values: one that is more than twice as high as the next does not count."""
    ordered = sorted(heights, reverse=True)
    alone = len(ordered) > 1 and ordered[0] > 2 * ordered[1]
    return scale_top(ordered[1] if alone else ordered[0])


def interval_row(marks: Sequence[Mark], top: float) -> str:
    """Return a row of an interval chart: a line for each interval, and its share on it."""
    height = 12 + 12 * len(marks)
    parts = [f'<path class="axis" d="M0 0V{height}"/>']
    parts += [f'<line class="axis" x1="{tick}%" x2="{tick}%" y1="0" y2="{height}"/>' for tick in (25, 50, 75, 100)]
    for number, mark in enumerate(marks):
        y = 12 + 12 * number
        low, high = (100 * min(value / top, 1) for value in (mark.low, mark.high))
        if mark.share is None or mark.share <= top:
            parts.append(f'<line class="k{mark.kind}" x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}"/>')
        if mark.share is not None and mark.share <= top:
            parts.append(point(mark.kind, 100 * mark.share / top, y))
        elif mark.share is not None:
            parts.append(f'<text class="beyond" x="100%" y="{y + 4}" text-anchor="end">beyond this scale ▸</text>')
    return f'<svg class="row" height="{height}" aria-hidden="true">{"".join(parts)}</svg>'


def point(kind: int, percent: float, y: float) -> str:
    """Return the mark of a group at a place given in percent of the width."""
    shape = GROUP_MARKS[kind % len(GROUP_MARKS)]
    inside = {
        "circle": '<circle r="4"/>',
        "square": '<rect x="-3.6" y="-3.6" width="7.2" height="7.2"/>',
        "diamond": '<path d="M0-5.2 5.2 0 0 5.2-5.2 0z"/>',
        "triangle": '<path d="M0-4.8 4.8 3.6-4.8 3.6z"/>',
        "ring": '<circle class="hollow" r="3.6"/>',
        "cross": '<path class="hollow" d="M-3.6-3.6 3.6 3.6M-3.6 3.6 3.6-3.6"/>',
    }[shape]
    return f'<svg class="k{kind}" x="{percent:.2f}%" y="{y}" overflow="visible">{inside}</svg>'


def legend(names: Sequence[str]) -> str:
    """Return the groups with their marks."""
    items = "".join(
        f'<li><svg width="16" height="12" aria-hidden="true">{point(kind, 50, 6)}</svg>{escape(name)}</li>'
        for kind, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'


def time_line(marks: Sequence[Mark], places: Sequence[int], top: float, ends: tuple[str, str], found: bool) -> str:
    """Return a small chart of shares over time with the band of their intervals, from ``places[0]`` to the last."""
    last = max(places[-1] - places[0], 1)
    xs = [MARGIN + (WIDE - 2 * MARGIN) * (place - places[0]) / last for place in places]

    def y(value: float) -> float:
        return MARGIN + (HIGH - 2 * MARGIN) * (1 - min(value / top, 1))

    upper = [f"{x:.1f},{y(mark.high):.1f}" for x, mark in zip(xs, marks, strict=True)]
    lower = [f"{x:.1f},{y(mark.low):.1f}" for x, mark in zip(xs, marks, strict=True)]
    line = [(x, mark.share) for x, mark in zip(xs, marks, strict=True) if mark.share is not None]
    path = " ".join(f"{x:.1f},{y(share):.1f}" for x, share in line)
    bottom, width = y(0), WIDE - MARGIN
    return (
        f'<svg class="{"time found" if found else "time"}" viewBox="0 0 {WIDE:.0f} {HIGH + 12:.0f}" aria-hidden="true">'
        f'<path class="axis" d="M{MARGIN} {bottom}H{width}M{MARGIN} {y(top)}H{width}"/>'
        f'<polygon points="{" ".join([*upper, *reversed(lower)])}"/><polyline points="{path}"/>'
        f'<text x="{MARGIN}" y="{y(top) + 9:.0f}">{100 * top:g} %</text>'
        f'<text x="{MARGIN}" y="{HIGH + 8:.0f}">{escape(ends[0])}</text>'
        f'<text x="{width}" y="{HIGH + 8:.0f}" text-anchor="end">{escape(ends[1])}</text></svg>'
    )


def shade(value: float, most: float) -> str:
    """Return a bar as wide as a value is of the largest."""
    return (
        '<svg class="bar" height="10" aria-hidden="true">'
        f'<rect class="k0" width="{100 * min(value / max(most, 1e-9), 1):.1f}%" height="10" rx="2"/></svg>'
    )


def chart_table(title: str, header: Sequence[str], rows: str) -> str:
    """Return a table whose second column is drawn."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    caption = f"<caption>{escape(title)}</caption>"
    whole = f"{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="wide"><table class="shares">{whole}</table></div>'
