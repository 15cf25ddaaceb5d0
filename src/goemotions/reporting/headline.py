"""A report in some sentences: what is frequent, what changes, where groups differ."""

from __future__ import annotations

from goemotions.estimation.changes import Change
from goemotions.estimation.results import Share
from goemotions.estimation.sentences import nothing
from goemotions.labels import NEUTRAL
from goemotions.reporting.report import CorpusReport

MOST = 3


def headline(report: CorpusReport) -> list[str]:
    """Return the sentences to read first."""
    main = report.main
    overall = main.overall()
    ranked = sorted(overall.values(), key=lambda share: -(share.share or 0))
    frequent = [share_words(share) for share in ranked if share.label != NEUTRAL][:MOST]
    told = [f"The most frequent emotions are {listed(frequent)}."]
    neutral = overall.get(NEUTRAL)
    if neutral is not None and neutral.share is not None:
        told.append(f"{100 * neutral.share:.0f} % of the texts have none: they are neutral.")
    found = sorted((change for change in main.changes if change.found), key=lambda change: change.q)
    rising = [change for change in found if change.kind == "trend" and change.group is None]
    told += trend_sentences(rising, report.period)
    told += difference_sentences([change for change in found if change.kind == "difference" and change.change > 0])
    if main.changes and not found:
        told.append(nothing(main.changes))
    return told


def trend_sentences(found: list[Change], period: str) -> list[str]:
    """Return what rises and what falls, the fastest first."""
    told = []
    for way, sign in (("rises", 1), ("falls", -1)):
        here = sorted((change for change in found if sign * change.change > 0), key=lambda change: -abs(change.change))
        if here:
            words = [f"{change.label} by {100 * abs(change.change):.2f} points a {period}" for change in here[:MOST]]
            more = f"; {len(here) - MOST} more do" if len(here) > MOST else ""
            first = here[0].label
            told.append(f"{first.capitalize()} {way}{words[0].removeprefix(first)}{also(words[1:])}{more}.")
    return told


def also(words: list[str]) -> str:
    """Return that other labels do the same; empty where none does."""
    return f"; so does {listed(words)}" if len(words) == 1 else f"; so do {listed(words)}" if words else ""


def difference_sentences(found: list[Change]) -> list[str]:
    """Return what each group has more of than all other texts, the largest differences first."""
    told = []
    for group in sorted({change.group or "" for change in found}):
        mine = sorted((change for change in found if change.group == group), key=lambda change: -change.change)
        words = [f"{change.label} (by {100 * change.change:.1f} points)" for change in mine[:MOST]]
        told.append(f"{group} has more {listed(words)} than the other texts.")
    return told[: 2 * MOST]


def share_words(share: Share) -> str:
    """Return a label with its share."""
    return f"{share.label} ({100 * (share.share or 0):.1f} %)"


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
