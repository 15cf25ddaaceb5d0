"""The corpora of ``benchmarks/few_shot.py``: rows to draw from, other rows to measure on, and the draws."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import normalise, read_split
from goemotions.labels import EKMAN, LABELS

MOST_TEST = 3000
XED_CHOSEN_ON = 3000  # the first rows, on which the method's settings were chosen
Targets = npt.NDArray[np.uint8]
Labelled = tuple[list[str], Targets, tuple[str, ...]]
"""Texts, their targets, and the labels."""


@dataclass(frozen=True)
class Rows:
    """A corpus.

    Attributes:
        english: whether the texts are; others need a base that reads them.
        label_map: from its labels to the 28.
        texts, targets: rows to draw from.
        test_texts, test_targets: rows to measure on.
    """

    name: str
    english: bool
    label_map: str
    labels: tuple[str, ...]
    texts: list[str]
    targets: Targets
    test_texts: list[str]
    test_targets: Targets


def brighter(path: Path) -> Labelled:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["text"].strip()]
    labels = tuple(name for name in rows[0] if name not in ("id", "text"))
    targets = np.array([[int(float(row[label] or 0)) for label in labels] for row in rows], np.uint8)
    return [row["text"] for row in rows], targets, labels


def tab_separated(path: Path) -> Labelled:
    lines = [line.rpartition("\t")[::2] for line in path.read_text(encoding="utf-8").split("\n")[1:] if "\t" in line]
    found = [(text, names.split(",")) for text, names in lines if text.strip()]
    labels = tuple(sorted({name for _, names in found for name in names if name}))
    targets = np.array([[int(label in names) for label in labels] for _, names in found], np.uint8)
    return [text for text, _ in found], targets, labels


def parted(path: Path, left_out: int) -> tuple[Labelled, Labelled]:
    """Return two random parts of a file, to draw from and to measure on, without its first rows."""
    texts, targets, labels = tab_separated(path)
    order = left_out + np.random.default_rng(0).permutation(len(texts) - left_out)
    parts = order[:-MOST_TEST], order[-MOST_TEST:]
    first, second = (([texts[row] for row in rows], targets[rows], labels) for rows in parts)
    return first, second


def ekman(path: Path) -> Labelled:
    split = read_split(path)
    columns = [split.targets[:, [LABELS.index(one) for one in members]].max(1) for members in EKMAN.values()]
    return split.texts, np.stack(columns, 1).astype(np.uint8), tuple(EKMAN)


def corpora(data: Path, only: str) -> Iterator[Rows]:
    """Yield the corpora that are there and begin with ``only``."""
    for language in ("eng", "esp", "deu"):
        parts = [data / "brighter" / f"{language}-{part}.csv" for part in ("train", "test")]
        if all(part.is_file() for part in parts) and f"BRIGHTER {language}".startswith(only):
            english = language == "eng"
            groups = "brighter" if english else "ekman"
            yield rows_of(f"BRIGHTER {language}", english, groups, brighter(parts[0]), brighter(parts[1]))
    if (path := data / "xed" / "en.tsv").is_file() and "XED en".startswith(only):
        yield rows_of("XED en", True, "plutchik", *parted(path, XED_CHOSEN_ON))
    if (path := data / "italian" / "xdailydialog-it-test.tsv").is_file() and "XDailyDialog it".startswith(only):
        yield rows_of("XDailyDialog it", False, "dailydialog", *parted(path, 0))
    if (data / "goemotions" / "test.tsv").is_file() and "GoEmotions, Ekman".startswith(only):
        folder = data / "goemotions"
        yield rows_of("GoEmotions, Ekman", True, "ekman", ekman(folder / "dev.tsv"), ekman(folder / "test.tsv"))


def rows_of(name: str, english: bool, label_map: str, train: Labelled, test: Labelled) -> Rows:
    """Return a corpus; of texts that stand several times the first is kept."""
    keys = [normalise(text) for text in train[0]]
    kept = sorted({key: row for row, key in reversed(list(enumerate(keys)))}.values())[: 2 * MOST_TEST]
    texts, targets = [train[0][row] for row in kept], train[1][kept]
    return Rows(name, english, label_map, train[2], texts, targets, test[0][:MOST_TEST], test[1][:MOST_TEST])


def draw(targets: Targets, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Return rows drawn at random; again where a label occurs in none or all of them, up to a hundred times."""
    generator = np.random.default_rng(seed)
    for _ in range(100):
        rows = generator.permutation(len(targets))[:size]
        share = targets[rows].mean(0)
        if ((share > 0) & (share < 1)).all():
            break
    return rows
