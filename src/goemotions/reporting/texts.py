"""The part of a report about each emotion by itself: words that tell it, and texts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from goemotions.reporting.gathering import Example
from goemotions.reporting.report import CorpusReport

KINDS = {
    "typical": "Typical: some, drawn by chance, of those that are given it",
    "strongest": "Strongest",
    "doubtful": "Most doubtful: as probable as the model's threshold",
}


def emotion_sections(report: CorpusReport) -> str:
    """Return what opens for each emotion, the most frequent first."""
    order = sorted(report.given, key=lambda label: -report.given[label])
    parts = ["<p>Words that are more frequent in texts with the emotion than in others, and texts.</p>"]
    return "".join([*parts, *(emotion(report, label, place < 1) for place, label in enumerate(order))])


def emotion(report: CorpusReport, label: str, opened: bool) -> str:
    """Return one emotion's words and texts."""
    words = "".join(
        f'<li title="in {word.texts:,} texts">{escape(word.word)}</li>' for word in report.words.get(label, ())
    )
    told = f'<ul class="words" aria-label="Words">{words}</ul>' if words else "<p>No word tells it from the others.</p>"
    found = report.examples.get(label)
    texts = "".join(examples(title, getattr(found, name)) for name, title in KINDS.items()) if found else ""
    given = f"{report.given[label]:,} texts are given it"
    return (
        f"<details{' open' if opened else ''}><summary><b>{escape(label)}</b> <span class='soft'>{given}</span>"
        "</summary>"
        f"{told}{texts}</details>"
    )


def examples(title: str, found: Sequence[Example]) -> str:
    """Return a list of texts; empty where there are none."""
    if not found:
        return ""
    items = "".join(
        f"<li><q>{escape(example.text)}</q> <span class='soft'>row {example.row:,}, probability "
        f"{example.probability:.2f}</span></li>"
        for example in found
    )
    return f'<h3>{escape(title)}</h3><ul class="texts">{items}</ul>'
