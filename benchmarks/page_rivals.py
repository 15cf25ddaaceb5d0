"""The table of ``benchmarks/rivals.py``, for README and ``docs/rivals.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from goemotions.evaluation.formatting import Markdown, Table

RESULTS = Path(__file__).parent / "results" / "rivals.json"
TITLES = {
    "compact": "**`compact`**",
    "tfidf": "bag of words: TF-IDF and logistic regression, trained on the same texts",
    "vader": "VADER",
    "nrclex": "NRCLex",
}
LACKS = {
    "compact": "languages other than English; where a word's meaning is all that is asked, a lexicon explains itself",
    "tfidf": "words it has not seen, the order of words; it must be trained first",
    "vader": "emotions: it says how positive or negative a text is",
    "nrclex": "negation, context, emoji; it counts words",
}
LEVELS = {"labels": "28 labels", "emotions": "five emotions", "sentiment": "positive, negative, neutral"}
NOT_RUN = """## What was not run

- **pysentimiento** and the models that people use by **transformers'** `pipeline("text-classification")`: their weights
  come from a hub alone, which the machine of these figures cannot reach. [Quality](quality.md#beside-other-models)
  quotes what the most used one for these labels says of itself.
- **text2emotion** (0.0.5, of 2020) answers no text with what pip installs beside it today: with emoji 2.16 each ends in
  `AttributeError: module 'emoji' has no attribute 'UNICODE_EMOJI'`. With `emoji<1` it asks today's NLTK for a resource
  (`punkt_tab`) that it does not download itself; with `nltk<3.8.2` too it needs the corpora that it downloads each time
  that it is imported, which that machine cannot reach either.
- **SetFit** trains a sentence encoder on pairs of some dozen rows, which says nothing here: it stands beside
  `goemotions fit` in [your own labels](own-labels.md).
"""


def stored() -> dict[str, Any]:
    """Return what the last run found."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def rivals_table() -> str:
    """Return a row per system."""
    rows = []
    for name, figures in stored()["systems"].items():
        quality = figures["quality"]
        rows.append(
            [
                Markdown(TITLES[name]),
                *(interval(quality.get(level)) for level in LEVELS),
                f"{rounded(figures['texts_per_s']):,}",
                f"{figures['install_mb']:.0f} MB",
            ]
        )
    return Table("", ["", *LEVELS.values(), "texts/s of one core", "installs"], rows).markdown()


def short(name: str) -> str:
    """Return a system's title without what it is made of."""
    return TITLES[name].partition(":")[0]


def interval(figure: dict[str, float] | None) -> str:
    """Return a figure with its interval; nothing for a system that does not say."""
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})" if figure else ""


def rounded(number: float) -> int:
    """Return a number with two figures that count."""
    digits = len(str(int(number))) - 2
    return int(round(number, -digits)) if digits > 0 else round(number)


def rivals_page(made: str) -> str:
    """Return the whole page."""
    found = stored()
    lines = [f"- {short(name)}: {LACKS[name]}." for name in found["systems"]]
    maps = [f"- {short(name)}: {figures['map']}." for name, figures in found["systems"].items()]
    return "\n\n".join(
        [
            "# Beside the alternatives",
            made,
            f"Macro F1 on the official test split, {found['rows']:,} comments, with 95 % intervals. All systems got "
            "the same texts, and their answers were grouped by the same maps: into five emotions that most lexicons of "
            "emotions have, and into sentiment. `python benchmarks/rivals.py` makes this; texts/s are of one core's "
            "processor time, on a machine that others used too: good for telling tens from thousands.",
            rivals_table(),
            "The lexicons were made for other texts and other labels, and need no training data at all: a model that "
            "learnt from this data set has it easier on it. Where each answer must be explained word by word they are "
            "a fair choice, and VADER is small and quick.",
            "## What each cannot do",
            "\n".join(lines),
            "## How their answers became labels",
            "\n".join(maps),
            NOT_RUN,
        ]
    )
