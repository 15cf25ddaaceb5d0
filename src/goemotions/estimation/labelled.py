"""Labelled rows of a table whose texts are estimated: read, found again in the table, and checked for chance."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import normalise
from goemotions.data.tables import Columns, assume, check_columns, read_table
from goemotions.errors import DataError, counted_of, nearest, some
from goemotions.estimation.corpus import SHOWN, ScoredRows, wanted
from goemotions.estimation.extra_columns import FEWEST, PART, ROW, STRATUM, WEIGHT, as_numbers, by_chance, extra_columns
from goemotions.estimation.interval import Floats, p_value
from goemotions.estimation.powered import Moments, Sample
from goemotions.grouping import Grouping
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import Table

SUSPICIOUS = 1e-5
"""The probability, were the rows drawn by chance, below which they are taken not to have been."""


@dataclass(frozen=True)
class LabelledSample:
    """Rows of a table that people labelled, to correct what a model says of all of it.

    Attributes:
        name: of the file.
        numbers: of the rows in that file, for messages.
        rows: their numbers in the estimated table; None where only texts tell.
        names: the labels of each.
        weights: None for rows of which each stands for as many.
        strata: a number for each row's stratum.
        labels: that were asked of people; None for all.
    """

    name: str
    numbers: list[str]
    texts: list[str]
    names: list[list[str]]
    rows: list[int] | None
    weights: Floats | None
    strata: npt.NDArray[np.intp]
    labels: tuple[str, ...] | None

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled_sample(
    path: Path, columns: Columns, weights: str | None = None, reading: ReadOptions | None = None
) -> LabelledSample:
    """Read labelled rows in the forms that ``fit`` reads.

    Args:
        weights: the column with the number of rows that each stands for; None for ``weight``, if it is there.

    Raises:
        DataError: what cannot be read, or fewer than 30 rows.
    """
    there = open_table(path, columns.text, reading).columns
    check_columns(path, there, [weights] if weights else [])
    found = read_table(path, columns, reading)
    if PART in there:
        found = by_chance(found, columns, reading)
    if len(found.texts) < FEWEST:
        raise DataError(
            f"{path}: {len(found.texts)} labelled rows, expected at least {FEWEST}: label more, or leave --labelled out"
        )
    numbers = [int(number) for number in found.ids]
    weight = weights or (WEIGHT if WEIGHT in there else None)
    numeric = {ROW, WEIGHT, weight} & set(there)
    every = extra_columns(path, columns, [name for name in (ROW, weight, STRATUM) if name in there], reading)
    values = {
        name: as_numbers(path, name, numbers, [cells[number - 1] for number in numbers])
        for name, cells in every.items()
        if name in numeric
    }
    strata = every.get(STRATUM)
    if strata is None:
        kinds = values[weight] if weight else np.zeros(len(numbers))
    else:
        kinds = np.array([str(strata[number - 1]) for number in numbers])
    empty = sum(not names for names in found.labels)
    if empty:
        one, many = "has no label, and counts as having none", "have no label, and count as having none"
        assume(f"{path.name}: {counted_of(empty, len(numbers), 'labelled row', one, many)}")
    return LabelledSample(
        path.name,
        found.ids,
        found.texts,
        [[str(label) for label in names] for names in found.labels],
        [int(value) for value in values[ROW]] if ROW in values else None,
        values[weight] if weight else None,
        np.unique(kinds, return_inverse=True)[1],
        columns.each or None,
    )


class Finder:
    """Finds labelled rows in the table that they are of."""

    def __init__(self, labelled: LabelledSample, table: Table, grouping: Grouping) -> None:
        """Find every labelled row.

        Raises:
            DataError: labelled rows that are not in the table; they are named.
        """
        self.labelled = labelled
        self.places: dict[int, int] = {}
        by_text: dict[str, list[int]] = defaultdict(list)
        for place in reversed(range(len(labelled))):
            by_text[normalise(labelled.texts[place])].append(place)
        at = {row: place for place, row in enumerate(labelled.rows or [])}
        if labelled.rows is not None and len(at) < len(labelled):
            twice = sorted({str(row) for row in labelled.rows if labelled.rows.count(row) > 1}, key=int)
            raise DataError(f"{labelled.name}: several labelled rows have the same row: {', '.join(twice[:SHOWN])}")
        number = 0
        for rows in table.groups(wanted(table, grouping)):
            for text in rows.column(table.text_column):
                number += 1
                key = normalise(text or "")
                if labelled.rows is None:
                    if by_text.get(key):
                        self.places[number] = by_text[key].pop()
                elif number in at and key == normalise(labelled.texts[at[number]]):
                    self.places[number] = at[number]
        lost = sorted(set(range(len(labelled))) - set(self.places.values()))
        if lost:
            raise DataError(self.lost_message(table, lost))
        self.total = number
        self.predicted: dict[int, Floats] = {}
        self.cells: dict[int, tuple[str, str]] = {}

    def again(self) -> Finder:
        """Return a finder of the same rows that has seen none yet."""
        other = copy.copy(self)
        other.predicted, other.cells = {}, {}
        return other

    def lost_message(self, table: Table, lost: Sequence[int]) -> str:
        """Return the message for labelled rows that are not of the table."""
        numbers = self.labelled.numbers
        shown = some([numbers[place] for place in lost])
        how = "by their text" if self.labelled.rows is None else f"with that text in the row that {ROW!r} names"
        return (
            f"{self.labelled.name}: rows {shown} are not in {table.path.name} ({how}): labelled rows must be some of "
            "the texts that are estimated, as goemotions sample draws them"
        )

    def see(self, scored: ScoredRows, probabilities: Floats) -> None:
        """Keep what the model says of labelled rows among these."""
        for place, number in enumerate(scored.numbers):
            if number in self.places:
                here = self.places[number]
                self.predicted[here] = probabilities[place]
                self.cells[here] = scored.groups[place], scored.periods[place]

    def sample(self, truth: Floats, rows: int) -> Sample:
        """Return the labelled rows as a sample of so many rows; ``truth`` as :func:`truth_of` gives it."""
        weights = self.labelled.weights if self.labelled.weights is not None else np.ones(len(self.labelled))
        predicted = np.stack([self.predicted[place] for place in range(len(self.labelled))])
        return Sample(truth, predicted, np.maximum(weights * rows / weights.sum(), 1), self.labelled.strata)

    def check_chance(self, sample: Sample, every: Moments) -> None:
        """Check that the labelled rows can have been drawn by chance.

        Raises:
            DataError: rows that were hardly drawn by chance: those of one part of the file, or others than the rest by
                what the model finds in them.
        """
        advice = (
            "an interval holds for rows drawn by chance alone: draw them with goemotions sample, or say that they were "
            "with --assume-random"
        )
        if len(set(sample.weights)) == 1 and len(sample) < self.total:
            where = (np.sort(np.array(list(self.places))) - 0.5) / self.total
            steps = np.arange(len(where) + 1) / len(where)
            apart = max(np.abs(where - steps[1:]).max(), np.abs(where - steps[:-1]).max()) * math.sqrt(len(where))
            if 2 * math.exp(-2 * apart**2) < SUSPICIOUS:  # Kolmogorov & Smirnov
                raise DataError(
                    f"{self.labelled.name}: the labelled rows do not lie all over the file (rows {min(self.places):,} "
                    f"to {max(self.places):,} of {self.total:,}, most in one part): {advice}"
                )
        share = sample.weights / sample.weights.sum()
        apart_by = (share @ sample.predicted - every.mean) / np.sqrt(every.variance * (share @ share) + 1e-12)
        if p_value(np.abs(apart_by).max()) * len(apart_by) < SUSPICIOUS:
            raise DataError(
                f"{self.labelled.name}: the model finds other emotions in the labelled rows than in the others, "
                f"{np.abs(apart_by).max():.0f} standard errors apart: {advice}"
            )


def truth_of(labelled: LabelledSample, labels: Sequence[str], ignored: Sequence[str] = ()) -> Floats:
    """Return 1 where a row has a label, [n, labels].

    Args:
        ignored: labels that say nothing.

    Raises:
        DataError: labels that are none of these; rows are named.
    """
    column = {label: place for place, label in enumerate(labels)}
    truth = np.zeros((len(labelled), len(labels)))
    problems: list[str] = []
    for place, names in enumerate(labelled.names):
        for name in names:
            if name in column:
                truth[place, column[name]] = 1
            elif name not in ignored:
                problems.append(f"row {labelled.numbers[place]}: {name!r}{nearest(name, labels)}")
    if problems:
        raise DataError(
            f"{labelled.name}: unknown labels: {some(problems)}; expected {', '.join(labels)} "
            "(--label-map says what other ones stand for)"
        )
    return truth


def asked_labels(labelled: LabelledSample, labels: Sequence[str]) -> list[str]:
    """Return those labels that people were asked for: all, unless there are columns of some; it is said if not all."""
    if labelled.labels is None:
        return list(labels)
    asked = [label for label in labels if label in labelled.labels]
    if asked and len(asked) < len(labels):
        assume(f"{labelled.name} has columns of {len(asked)} of {len(labels)} labels: only these are estimated")
    return asked or list(labels)
