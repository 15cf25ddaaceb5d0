"""Show emotions: coloured bars on a terminal, a line per text in a pipe, a line of JSON per text for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from goemotions.annotations import REASONS, Answered
from goemotions.cli.terminal import plain
from goemotions.explaining.explanation import Explanation
from goemotions.labels import SENTIMENT

BAR_WIDTH = 24
NOTHING = 0.1  # log odds: a word with less is not named
MARKED = 0.5  # log odds: a word with as much is marked in the text
BLANK = "no text"
COLOURS = {"positive": "green", "negative": "red", "ambiguous": "yellow"}
SENTIMENT_OF = {label: group for group, labels in SENTIMENT.items() for label in labels}


def none_found(probabilities: Mapping[str, float], thresholds: Mapping[str, float]) -> str:
    """Return that nothing was found, and the label that came nearest to its threshold, as a share of it."""
    below = [name for name, value in probabilities.items() if value < thresholds[name]] or list(probabilities)
    label = max(below, key=lambda name: probabilities[name] / max(thresholds[name], 1e-9))
    return (
        f"nothing above its threshold (nearest: {label} {probabilities[label]:.4f}, threshold {thresholds[label]:.4f})"
    )


def as_json(
    text: str,
    emotions: Mapping[str, float],
    truncated: bool,
    scores: Mapping[str, float] | None,
    explained: Explanation | None = None,
    answered: Answered | None = None,
) -> str:
    """Return one line of JSON, with the fields of the table columns; explained are the emotions that were found."""
    found: dict[str, Any] = {
        "text": text,
        "emotions": [{"label": label, "score": score} for label, score in emotions.items()],
        "truncated": truncated,
    }
    if answered is not None:
        found |= answered._asdict()
    if explained is not None:
        found["explanation"] = explained.as_json(list(emotions))
    if scores is not None:
        found["scores"] = dict(scores)
    return json.dumps(found, ensure_ascii=False)


def as_line(
    text: str,
    emotions: Mapping[str, float],
    none: str,
    scores: Mapping[str, float] | None,
    explained: Explanation | None = None,
    answered: Answered | None = None,
) -> str:
    """Return ``text <tab> label score, …``; white space in the text is folded so that a text is one line.

    Args:
        answered: how the text was answered, for three columns more.
    """
    shown = scores if scores is not None else emotions
    found = ", ".join(
        f"{label} {score:.4f}{f' ({why(explained, label)})' if explained and label in emotions else ''}"
        for label, score in shown.items()
    )
    return "\t".join([" ".join(text.split()), found or none, *map(str, answered or ())])


def why(explained: Explanation, label: str) -> str:
    """Return the words that decide a label, strongest first, with what they add; those that add next to nothing not."""
    reasons = explained.strongest(label, REASONS)
    told = [reason for reason in reasons if abs(reason.effect) >= NOTHING] or reasons[:1]
    return ", ".join(f"{' '.join(reason.text.split())} {reason.effect:+.2f}" for reason in told)


def marked(text: str, explained: Explanation | None, label: str | None) -> Text:
    """Return a text with the words that speak for a label, and those that speak against it, in colours of their own."""
    shown = plain(text, style="bold")
    if explained is not None and label is not None and shown.plain == text:
        for reason in explained.strongest(label, len(explained.words)):
            if abs(reason.effect) >= MARKED:
                shown.stylize("reverse green" if reason.effect > 0 else "reverse red", reason.start, reason.end)
    return shown


def print_bars(
    console: Console,
    text: str,
    emotions: Mapping[str, float],
    none: str,
    scores: Mapping[str, float] | None,
    explained: Explanation | None = None,
    answered: Answered | None = None,
) -> None:
    """Print the text, then a bar per label; labels shown but not accepted are dim.

    If it is explained, the words that decide its first emotion are marked, and each emotion's stand below its bar.
    """
    console.print(marked(text, explained, next(iter(emotions), None)))
    for label, score in (scores if scores is not None else emotions).items():
        colour = COLOURS.get(SENTIMENT_OF.get(label, ""), "cyan")
        filled = round(score * BAR_WIDTH)
        line = plain(f"  {label:<15} ")
        line.append("█" * filled, style=colour)
        line.append("░" * (BAR_WIDTH - filled), style="bright_black")
        line.append(f" {score:.4f}")
        if label not in emotions:
            line.stylize("dim")
        console.print(line)
        if explained is not None and label in emotions:
            console.print(plain(f"  {'':<15} {why(explained, label)}", style="italic"))
    if not emotions:
        console.print(plain(f"  {none}", style="italic"))
    if answered is not None:
        console.print(plain(f"  language {answered.language}, {answered.model}, thresholds of {answered.thresholds}"))
    console.print()
