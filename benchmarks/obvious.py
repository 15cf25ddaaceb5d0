"""Run ``multilingual`` on texts whose emotion is obvious: ten in each of the sixteen languages that it reads.

``benchmarks/obvious_texts.tsv`` was written for this, with one label a text, and nothing was chosen or tuned on it. A
text is right if its label is among the answers, or another of the label's Ekman group. Run from the repository:
``python benchmarks/obvious.py``.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import harness

from goemotions import EmotionClassifier
from goemotions.evaluation.label_groups import ROLL_UPS

TEXTS = Path(__file__).parent / "obvious_texts.tsv"
MODEL = "multilingual"


def main() -> None:
    harness.parser(__doc__).parse_args()
    with TEXTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    classifier = EmotionClassifier(MODEL)
    group = {label: set(labels) for labels in ROLL_UPS["ekman"].values() for label in labels}
    texts, exact, right = Counter[str](), Counter[str](), Counter[str]()
    wrong = []
    for row in rows:
        (found,) = classifier.predictions([row["text"]])  # alone, as someone types it
        given = found.emotions.keys()
        texts[row["language"]] += 1
        exact[row["language"]] += row["label"] in given
        right[row["language"]] += bool(group[row["label"]] & given)
        if row["label"] not in given:
            wrong.append({**row, "given": found.emotions})
    by_language = {tag: {"texts": texts[tag], "label": exact[tag], "label_or_group": right[tag]} for tag in texts}
    together = {"texts": texts.total(), "label": exact.total(), "label_or_group": right.total()}
    harness.write("obvious", {"together": together, "by_language": by_language, "without_the_label": wrong})


if __name__ == "__main__":
    main()
