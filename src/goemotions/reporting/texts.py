"""The part of a report about each emotion by itself: words that tell it, and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from goemotions.errors import counted
from goemotions.labels import NEUTRAL
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
    told = (
        "<p>Words that tell an emotion are more frequent in texts with it than in others. Words that drive it are what "
        "the model goes by: without them the emotion is less probable.</p>"
    )
    first = next((label for label in order if label != NEUTRAL), None)
    return "".join([told, *(emotion(report, label, label == first) for label in order)])


def emotion(report: CorpusReport, label: str, opened: bool) -> str:
    """Return one emotion's words and texts."""
    telling = {word.word: f"in {counted(word.texts, 'text')}" for word in report.words.get(label, ())}
    driven = report.driven[label]
    driving = {word.word: f"adds {word.effect / word.texts:.1f} in each of {word.texts}" for word in driven.words}
    told = word_list("Words that tell it", telling) or "<p>No word tells it from the others.</p>"
    drawn = f"Words that drive it, in {counted(driven.explained, 'text')}"
    found = report.examples.get(label)
    texts = "".join(examples(title, getattr(found, name)) for name, title in KINDS.items()) if found else ""
    given = counted(report.given[label], "text is given it", "texts are given it")
    return (
        f"<details{' open' if opened else ''}><summary><b>{escape(label)}</b> <span class='soft'>{given}</span>"
        "</summary>"
        f"{told}{word_list(drawn, driving)}{by_group(report, label)}{texts}</details>"
    )


def word_list(title: str, words: Mapping[str, str]) -> str:
    """Return words with what is said of each; empty where there are none."""
    if not words:
        return ""
    items = "".join(f'<li title="{escape(told)}">{escape(word)}</li>' for word, told in words.items())
    return f'<h3>{escape(title)}</h3><ul class="words">{items}</ul>'


def by_group(report: CorpusReport, label: str) -> str:
    """Return the words that each group's texts with an emotion have more of than other groups'; empty without any."""
    rows = "".join(
        f'<tr><th scope="row">{escape(group)}</th>'
        f'<td class="said">{escape(", ".join(word.word for word in words))}</td></tr>'
        for group, found in report.group_words.items()
        if (words := found.get(label, ()))
    )
    title = "Words of a group: its texts with the emotion, beside those of other groups"
    return f'<h3>{title}</h3><div class="wide"><table>{rows}</table></div>' if rows else ""


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
