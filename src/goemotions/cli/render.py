"""Show emotions: coloured bars on a terminal, a line per text in a pipe, a line of JSON per text for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from goemotions.cli.terminal import plain
from goemotions.labels import SENTIMENT

BAR_WIDTH = 24
COLOURS = {"positive": "green", "negative": "red", "ambiguous": "yellow"}
SENTIMENT_OF = {label: group for group, labels in SENTIMENT.items() for label in labels}


def none_found(probabilities: Mapping[str, float], thresholds: Mapping[str, float]) -> str:
    """Return that nothing was found, and the label that came nearest to its threshold, as a share of it."""
    label = max(probabilities, key=lambda name: probabilities[name] / max(thresholds[name], 1e-9))
    return (
        f"nothing above its threshold (nearest: {label} {probabilities[label]:.4f}, threshold {thresholds[label]:.4f})"
    )


def as_json(text: str, emotions: Mapping[str, float], truncated: bool, scores: Mapping[str, float] | None) -> str:
    """Return one line of JSON, with the fields of the table columns."""
    found: dict[str, Any] = {
        "text": text,
        "emotions": [{"label": label, "score": score} for label, score in emotions.items()],
        "truncated": truncated,
    }
    if scores is not None:
        found["scores"] = dict(scores)
    return json.dumps(found, ensure_ascii=False)


def as_line(text: str, emotions: Mapping[str, float], none: str, scores: Mapping[str, float] | None) -> str:
    """Return ``text <tab> label score, …``; white space in the text is folded so that a text is one line."""
    shown = scores if scores is not None else emotions
    found = ", ".join(f"{label} {score:.4f}" for label, score in shown.items())
    return f"{' '.join(text.split())}\t{found or none}"


def print_bars(
    console: Console, text: str, emotions: Mapping[str, float], none: str, scores: Mapping[str, float] | None
) -> None:
    """Print the text, then a bar per label; labels shown but not accepted are dim."""
    console.print(plain(text, style="bold"))
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
    if not emotions:
        console.print(plain(f"  {none}", style="italic"))
    console.print()
