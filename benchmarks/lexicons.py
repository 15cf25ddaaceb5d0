"""Lexicons beside models: what their scores mean in the 28 labels, by a stated map, and how they are run.

They run in an environment of their own (``pip install vaderSentiment NRCLex``), by :mod:`lexicon_scores`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goemotions.evaluation.label_groups import read_label_map
from goemotions.labels import LABELS, SENTIMENT

VADER_CUT = 0.05  # its authors' limit between neutral and either sentiment
MADE = {
    "vader": "compound score ≥ 0.05: every label of the sentiment group positive; ≤ -0.05: negative; else neutral",
    "nrclex": "the emotions with the highest count, each every label of its group in the map plutchik; else, with more "
    "positive or negative words, every label of that sentiment group; else neutral",
}


def lexicon_scores(python: Path, texts: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Return what ``lexicon_scores.py`` says, run by another environment's Python."""
    script = Path(__file__).with_name("lexicon_scores.py")
    command = [str(python), str(script), *names]
    done = subprocess.run(command, input=json.dumps(list(texts)), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def labels_of(name: str, score: Any) -> tuple[str, ...]:
    """Return the labels that a lexicon's score of a text stands for; none is neutral."""
    if name == "vader":
        return () if abs(score) < VADER_CUT else SENTIMENT["positive" if score > 0 else "negative"]
    return strongest(score) or balance(score)


def strongest(counts: dict[str, int]) -> tuple[str, ...]:
    """Return every label of the emotions with the highest count."""
    groups = read_label_map("plutchik", LABELS).groups
    emotions = {name: count for name, count in counts.items() if name in groups}
    most = max(emotions.values(), default=0)
    return tuple(label for name, count in emotions.items() if count == most for label in groups[name])


def balance(counts: dict[str, int]) -> tuple[str, ...]:
    """Return every label of the sentiment of which there are more words."""
    more = counts.get("positive", 0) - counts.get("negative", 0)
    return SENTIMENT["positive" if more > 0 else "negative"] if more else ()
