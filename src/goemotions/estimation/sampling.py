"""Draw the rows to label: by chance, so that what people say of them says something of all texts."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.errors import DataError, counted
from goemotions.estimation.corpus import Survey, groups_of, scored_rows, survey, wanted
from goemotions.estimation.extra_columns import FEWEST, ROW, STRATUM, WEIGHT
from goemotions.estimation.interval import Floats
from goemotions.files import new_file
from goemotions.grouping import Grouping
from goemotions.predictions import is_blank
from goemotions.progress import Progress
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import Table

STRATA = 4
"""Parts of a group by how unsure the model is, at most."""
ROWS_OF_STRATUM, FEWEST_OF_STRATUM = 15, 5
"""Rows that are drawn of each stratum on average, and at least: variances are known from them."""
EVERY = "all"


@dataclass(frozen=True)
class Drawn:
    """Rows to label, in the order in which they are to be labelled: the first of them are a smaller sample.

    Attributes:
        rows: their numbers in the table, from 1.
        strata: the part of the texts that each was drawn from.
        weights: the number of texts that each stands for.
        texts: of the rows.
        of: the number of rows with a text in the table.
    """

    rows: list[int]
    strata: list[str]
    weights: list[float]
    texts: list[str]
    of: int

    def write(self, output: Path, text_column: str = "text") -> None:
        """Write a CSV with a line per row: ``row``, ``stratum``, ``weight`` and the text."""
        with new_file(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([ROW, STRATUM, WEIGHT, text_column])
            writer.writerows(zip(self.rows, self.strata, self.weights, self.texts, strict=True))


def draw(
    path: Path,
    rows: int,
    text_column: str = "text",
    by: str | None = None,
    classifier: EmotionClassifier | None = None,
    seed: int = 0,
    reading: ReadOptions | None = None,
    show_progress: bool = False,
) -> Drawn:
    """Draw rows of a table, each text of a stratum as probable as any other of it.

    Args:
        by: a column with groups, of which each gets enough rows: their number grows with the square root of its size.
        classifier: for strata by how unsure this model is, of which unsure ones get more rows; None for none.
        seed: the same one draws the same rows of the same file again.

    Raises:
        DataError: a table that cannot be read, or fewer texts than are to be drawn.
    """
    table = open_table(path, text_column, reading)
    grouping = Grouping(by)
    with Progress("checking", show_progress) as progress:
        found = survey(table, grouping, progress)
    if rows < FEWEST:
        raise DataError(f"{rows} rows to label, expected at least {FEWEST}: fewer say next to nothing")
    if found.rows < rows:
        raise DataError(f"{path} has {counted(found.rows, 'text')}, fewer than the {rows:,} to be drawn")
    numbers, groups, doubt = listed(table, grouping, found, classifier, show_progress)
    strata, sizes = layers(groups, doubt, rows)
    generator = np.random.default_rng(seed)
    chosen = [
        (numbers[place], stratum, round(members.size / size, 6))
        for stratum, size in sizes.items()
        for members in [np.flatnonzero(strata == stratum)]
        for place in generator.choice(members, size, replace=False)
    ]
    chosen = [chosen[place] for place in generator.permutation(len(chosen))]
    drawn = [row for row, _, _ in chosen]
    texts = texts_of(path, text_column, set(drawn), reading)
    weights = [weight for _, _, weight in chosen]
    return Drawn(drawn, [stratum for _, stratum, _ in chosen], weights, [texts[row] for row in drawn], found.rows)


def listed(
    table: Table, grouping: Grouping, found: Survey, classifier: EmotionClassifier | None, show_progress: bool
) -> tuple[list[int], list[str], Floats | None]:
    """Return the number and group of every row with a text and, where a model is given, how unsure it is of each."""
    numbers: list[int] = []
    groups: list[str] = []
    if classifier is not None:
        doubt: list[Floats] = []
        sums = np.zeros(len(classifier.labels))
        with Progress("scoring", show_progress) as progress:
            for scored in scored_rows(classifier, table, grouping, found, progress):
                numbers += scored.numbers
                groups += scored.groups
                # Shares are those of all rows so far: of the last few rows alone they would be luck.
                sums += scored.probabilities.sum(0)
                doubt.append(doubt_of(scored.probabilities, sums / len(numbers)))
        return numbers, groups, np.concatenate(doubt)
    start = 0
    for group in table.groups(wanted(table, grouping)):
        names = groups_of(group, grouping)
        for place, text in enumerate(group.column(table.text_column)):
            if text is not None and not is_blank(text):
                numbers.append(start + place + 1)
                groups.append(found.group(names[place]))
        start += len(group)
    return numbers, groups, None


def doubt_of(probabilities: Floats, shares: Floats) -> Floats:
    """Return how unsure the model is of each text: the standard deviations of its labels, rare ones counting more.

    *Shape:* [n, labels], and the labels' shares, [labels] -> [n].
    """
    deviations = np.sqrt(probabilities * (1 - probabilities))
    return np.asarray((deviations / np.sqrt(np.maximum(shares, 1e-3))).mean(1))


def layers(groups: Sequence[str], doubt: Floats | None, rows: int) -> tuple[npt.NDArray[np.str_], dict[str, int]]:
    """Return the stratum of each text, and how many are drawn of each stratum."""
    names = np.array(groups)
    kinds, sizes = np.unique(names, return_counts=True)
    share = dict(zip(kinds, allotted(np.sqrt(sizes), sizes, rows), strict=True))
    strata = np.where(names == "", EVERY, names).astype(object)
    if doubt is None:
        return strata.astype(np.str_), {name or EVERY: int(size) for name, size in share.items()}
    drawn: dict[str, int] = {}
    for name in kinds:
        members = np.flatnonzero(names == name)
        number = max(1, min(STRATA, share[name] // ROWS_OF_STRATUM))
        ordered = members[np.argsort(doubt[members], kind="stable")]
        heights = np.cumsum(np.sqrt(doubt[ordered]))  # Dalenius & Hodges, 1959
        level = np.minimum((heights / heights[-1] * number).astype(int), number - 1)
        label = name or EVERY
        strata[ordered] = [f"{label}, doubt {step + 1} of {number}" if number > 1 else label for step in level]
        inner, counts = np.unique(strata[members].astype(np.str_), return_counts=True)
        spread = np.array([doubt[members[strata[members] == kind]].sum() for kind in inner])
        drawn |= {str(k): int(s) for k, s in zip(inner, allotted(spread, counts, share[name]), strict=True)}
    return strata.astype(np.str_), drawn


def allotted(wanted_shares: Floats, sizes: npt.NDArray[np.int_], rows: int) -> npt.NDArray[np.int_]:
    """Return how many of ``rows`` each part gets: in proportion, but some of each, and no more than it has."""
    least = np.minimum(sizes, min(FEWEST_OF_STRATUM, max(rows // len(sizes), 1)))
    given = least.copy()
    while given.sum() < rows:
        open_parts = np.where(given < sizes, wanted_shares / (given + 0.5), -1)
        given[np.argmax(open_parts)] += 1
    return given


def texts_of(path: Path, text_column: str, rows: set[int], reading: ReadOptions | None) -> dict[int, str]:
    """Return the texts of some rows, by their numbers."""
    texts: dict[int, str] = {}
    number = 0
    for group in open_table(path, text_column, reading).groups([text_column]):
        for text in group.column(text_column):
            number += 1
            if number in rows:
                texts[number] = text
    return texts
