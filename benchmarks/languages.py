"""Measure how well the language of a text is told, by its length, and what that costs.

Dev texts of BRIGHTER in eight languages, the first lines of subtitles in eleven (each side of ``parallel/en-*.tsv``),
and the English of GoEmotions' dev split; cut to their first words. The rule was chosen on these. Measured once after
it: BRIGHTER's test parts, further lines of the subtitles, and GoEmotions' test split, in English and in the others. The
subtitles hold lines in other languages than they should: no figure reaches 1. Run from the repository:
``python benchmarks/languages.py --data DIR``, where the folders ``brighter`` and ``parallel`` stand beside DIR.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import harness
import numpy as np

from goemotions import EmotionClassifier
from goemotions.architectures import load_model
from goemotions.architectures.base import LoadOptions
from goemotions.catalog import find_model
from goemotions.checkpoint import read_config
from goemotions.data.corpus import read_split
from goemotions.languages import CONFIDENCE, IDENTIFIED, identifier, identify

BRIGHTER = {
    **{"eng": "en", "esp": "es", "ptbr": "pt", "ron": "ro"},
    **{"deu": "de", "rus": "ru", "chn": "zh", "hin": "hi"},
}
WORDS = (1, 2, 3, 5, 8, None)
CHARACTERS_PER_WORD = 3  # of languages written without spaces
ROUNDS, TIMED = 3, 2000
LINES, HELD_OUT = slice(1, 401), slice(401, 1401)
"""Of each side of the subtitles: those that the rule was chosen on, and others."""
Sets = dict[str, tuple[str, list[str]]]


def brighter(folder: Path, part: str) -> Sets:
    """Return the texts of each language in a part, ``dev`` or ``test``."""
    found = {}
    for code, language in BRIGHTER.items():
        with (folder / f"{code}-{part}.csv").open(encoding="utf-8", newline="") as file:
            found[f"brighter-{code}"] = language, [row["text"] for row in csv.DictReader(file)]
    return found


def subtitles(folder: Path, lines: slice) -> Sets:
    """Return lines of each language, and English ones."""
    found = {}
    english: list[str] = []
    for path in sorted(folder.glob("en-*.tsv")):
        language = path.stem.removeprefix("en-")
        with path.open(encoding="utf-8") as file:
            pairs = [line.rstrip("\n").split("\t") for line in islice(file, lines.start, lines.stop)]
        if pairs:
            english += [pair[0] for pair in pairs[: LINES.stop // 10]]
            found[f"subtitles-{language}"] = language, [pair[1] for pair in pairs]
    return found | {"subtitles-en": ("en", english)}


def by_own_length(texts: Sequence[str], language: str) -> dict[str, dict[str, float]]:
    """Return figures for texts of so many words, those of more than the last at ``all``."""
    groups: dict[str, list[str]] = {str(words or "all"): [] for words in WORDS}
    for text in texts:
        length = len(text.split())
        groups[next(name for name in groups if name == "all" or length <= int(name))].append(text)
    return {name: rate(group, language) for name, group in groups.items()}


def held_out(data: Path) -> dict[str, Any]:
    """Return figures on texts that nothing was chosen on: English ones as they are, others cut to their first words."""
    sets = brighter(data.parent / "brighter", "test") | subtitles(data.parent / "parallel", HELD_OUT)
    others = {
        str(words or "all"): together(
            [rate([first_words(t, words) for t in texts], tag) for tag, texts in sets.values() if tag != "en"]
        )
        for words in WORDS
    }
    english = by_own_length(read_split(data / "test.tsv").texts, "en")
    return {"english_by_own_length": english, "others_by_first_words": others}


def first_words(text: str, words: int | None) -> str:
    """Return the beginning of a text, all of it for None."""
    if words is None:
        return text
    return " ".join(text.split()[:words]) if " " in text.strip() else text[: words * CHARACTERS_PER_WORD]


def rate(texts: Sequence[str], language: str) -> dict[str, float]:
    """Return figures for texts in one language."""
    found = identify(texts)
    right = found.tags == language
    return {
        "texts": len(texts),
        "right": round(float(right.mean()), 4),
        "sure": round(float(found.sure.mean()), 4),
        "sure_and_right": round(float((found.sure & right).mean()), 4),
        "sure_and_wrong": round(float((found.sure & ~right).mean()), 4),
    }


def together(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean over languages."""
    names = ("right", "sure", "sure_and_right", "sure_and_wrong")
    return {name: round(float(np.mean([each[name] for each in figures])), 4) for name in names}


def microseconds(texts: Sequence[str]) -> dict[str, float]:
    """Return the processor time per text: all of the way, and py3langid's part if it were asked about each."""
    identify(texts[:100])
    found = {}
    for name, work in (
        ("identify", identify),
        ("py3langid", lambda many: [identifier().classify(one) for one in many]),
    ):
        start = time.process_time()
        work(texts)
        found[name] = round((time.process_time() - start) / len(texts) * 1e6, 1)
    return found


def cost_of_auto(texts: Sequence[str]) -> dict[str, float]:
    """Return the processor time per English text of compact alone, which knows nothing of languages, and of auto.

    On one thread, in turns, the least of several. Telling languages is work for one core, so that on two cores it takes
    at most twice that share of the time that passes.
    """
    options = LoadOptions(threads=1)
    where = find_model("compact")
    alone, auto = load_model(where, read_config(where), options), EmotionClassifier("auto", threads=1)
    least = {"compact": float("inf"), "auto": float("inf")}
    for _ in range(ROUNDS):
        for name, score in (("compact", alone.score), ("auto", auto.score)):
            start = time.process_time()
            score(texts)
            least[name] = min(least[name], time.process_time() - start)
    share = least["auto"] / least["compact"] - 1
    figures = {name: round(seconds / len(texts) * 1e6, 1) for name, seconds in least.items()}
    return figures | {"cost_on_one_core": round(share, 4), "most_on_two_cores": round(2 * share, 4)}


def main() -> None:
    parser = harness.parser(__doc__)
    data = harness.data_of(parser, parser.parse_args())
    english = read_split(data / "dev.tsv").texts
    sets = brighter(data.parent / "brighter", "dev") | subtitles(data.parent / "parallel", LINES)
    sets["goemotions-dev"] = "en", english
    start = time.process_time()
    identifier()
    load = time.process_time() - start
    by_set: dict[str, Any] = {
        name: {
            str(words or "all"): rate([first_words(text, words) for text in texts], language)
            for words in (WORDS if len(texts) < 5000 else (None,))
        }
        for name, (language, texts) in sets.items()
    }
    lengths = {
        str(words or "all"): together([rates[str(words or "all")] for rates in by_set.values() if len(rates) > 1])
        for words in WORDS
    }
    harness.write(
        "languages",
        {
            "confidence": CONFIDENCE,
            "candidates": IDENTIFIED,
            "seconds_to_load": round(load, 2),
            "cost_of_auto": cost_of_auto(english[:TIMED]),
            "microseconds_per_english_text": microseconds(english),
            "by_words": lengths,
            "sets": by_set,
            "goemotions_dev_by_own_length": by_own_length(english, "en"),
            "held_out": held_out(data),
        },
    )


if __name__ == "__main__":
    main()
