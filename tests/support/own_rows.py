"""Rows with labels of one's own, as a shop might have them: made from parts, each different from the others."""

from __future__ import annotations

import csv
import itertools
import random
from pathlib import Path

PARTS = {
    "delivery": ["the parcel came {} days late", "it arrived {} days after it was promised", "{} days of waiting"],
    "price": ["{} euros is far too much", "cheaper by {} euros elsewhere", "they charged me {} euros twice"],
    "praise": ["I love it, {} stars", "great service, {} thumbs up", "thank you so much, {} out of five"],
}
LABELS = tuple(PARTS)
OTHER = ["size {} fits as it should", "it is the model number {}", "we ordered {} of them for the office"]


def own_rows(count: int, seed: int = 0) -> tuple[list[str], list[list[str]]]:
    """Return texts and the labels of each: none, one or two."""
    generator = random.Random(seed)
    kinds = [(), *((label,) for label in LABELS), *itertools.combinations(LABELS, 2)]
    texts, labels = [], []
    for row in range(count):
        chosen = kinds[row % len(kinds)]
        number = 2 + seed * count + row  # so that no text stands twice
        parts = [generator.choice(PARTS[label]).format(number) for label in chosen] or [
            generator.choice(OTHER).format(number)
        ]
        texts.append(", ".join(parts))
        labels.append(list(chosen))
    return texts, labels


def single_rows(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return texts with one label each."""
    generator = random.Random(seed)
    labels = [LABELS[row % len(LABELS)] for row in range(count)]
    return [generator.choice(PARTS[label]).format(2 + row) for row, label in enumerate(labels)], labels


def write_rows(path: Path, texts: list[str], labels: list[list[str]], separator: str = ",") -> Path:
    """Write a CSV file with a column of texts and one of labels."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "labels"])
        writer.writerows([text, separator.join(row)] for text, row in zip(texts, labels, strict=True))
    return path
