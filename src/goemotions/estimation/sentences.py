"""Shares and changes in words, the same on a page and on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from goemotions.estimation.changes import Change
from goemotions.estimation.results import Share

NOTHING = "No {} is more than chance, with 5 % of false discoveries allowed."
KINDS = {"difference": "difference from the other texts", "trend": "rise or fall"}


def sentences(changes: Sequence[Change], period: str) -> list[str]:
    """Return a sentence for each change that was found, the surest first; one that says so where none was."""
    found = sorted((change for change in changes if change.found), key=lambda change: change.q)
    if changes and not found:
        return [nothing(changes)]
    return [sentence(change, period) for change in found]


def sentence(change: Change, period: str) -> str:
    """Return a change in words."""
    interval = f"95 % interval {100 * change.low:+.2f} to {100 * change.high:+.2f}"
    points = f"{100 * abs(change.change):.2f} points"
    if change.kind == "difference":
        way = "more" if change.change > 0 else "less"
        return f"{change.group}: {change.label} is {points} {way} frequent than in all other texts ({interval})."
    way = "rises" if change.change > 0 else "falls"
    where = f"{change.group}: {change.label}" if change.group else change.label
    return f"{where} {way} by {points} a {period} ({interval})."


def nothing(changes: Sequence[Change]) -> str:
    """Return that none of these changes was found."""
    return NOTHING.format(" and no ".join(KINDS[kind] for kind in dict.fromkeys(change.kind for change in changes)))


def percent(share: float | None) -> str:
    """Return a share in percent, or that it is not known."""
    return "unknown" if share is None else f"{100 * share:.1f} %"


def between(share: Share) -> str:
    """Return the interval of a share, in percent."""
    return f"{100 * share.low:.1f} to {100 * share.high:.1f}"
