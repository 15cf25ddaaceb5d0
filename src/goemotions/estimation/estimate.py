"""Estimates of a table: the share of texts with each label, by group and period, and what changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.data.tables import Columns
from goemotions.estimation.changes import Change, Tested, compare, sift, trend
from goemotions.estimation.corpus import ScoredRows, Survey, pool, scored_rows, survey
from goemotions.estimation.familiarity import DRAWN_TEXTS, distance_of
from goemotions.estimation.interval import Floats
from goemotions.estimation.labelled import Finder, LabelledSample, asked_labels, read_labelled_sample, truth_of
from goemotions.estimation.powered import Moments, Sample, Shares, model_shares, powered_shares
from goemotions.estimation.results import Estimates, Share
from goemotions.evaluation.label_groups import Groups, LabelMap, read_label_map
from goemotions.grouping import Grouping
from goemotions.periods import positions
from goemotions.progress import Progress
from goemotions.reservoir import Reservoir
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import Table

Cell = tuple[str, str]
"""A group and a period; empty where there is one."""
Mask = npt.NDArray[np.bool_]


@dataclass
class Tally:
    """Sums of each cell, and how texts are pooled into labels.

    Attributes:
        labels: that are estimated; ``groups`` says which of the model's each has, or is None for the model's own.
        finder: of labelled rows, if there are any.
    """

    model_labels: Sequence[str]
    labels: tuple[str, ...]
    groups: Groups | None = None
    finder: Finder | None = None
    cells: dict[Cell, Moments] = field(default_factory=dict)
    truncated: int = 0

    def add(self, scored: ScoredRows) -> Floats:
        """Count some rows, and return the probabilities of the labels that are estimated, [rows, labels]."""
        groups = self.groups or {label: (label,) for label in self.labels}
        probabilities = pool(scored.probabilities, self.model_labels, groups)
        where: dict[Cell, list[int]] = {}
        for place, cell in enumerate(zip(scored.groups, scored.periods, strict=True)):
            where.setdefault(cell, []).append(place)
        for cell, rows in where.items():
            here = Moments.of(probabilities[rows])
            self.cells[cell] = self.cells[cell] + here if cell in self.cells else here
        self.truncated += scored.truncated
        if self.finder is not None:
            self.finder.see(scored, probabilities)
        return probabilities


@dataclass(frozen=True)
class Sampled:
    """Labelled rows with the cell of each."""

    sample: Sample
    groups: npt.NDArray[np.str_]
    periods: npt.NDArray[np.str_]

    def inside(self, group: str | None, period: str | None) -> Mask:
        """Return which rows are of a group, or any, and a period, or any."""
        every = np.ones(len(self.sample), bool)
        return every & (group is None or self.groups == group) & (period is None or self.periods == period)


def estimate(
    classifier: EmotionClassifier,
    path: Path,
    text_column: str = "text",
    grouping: Grouping | None = None,
    labelled: Path | None = None,
    columns: Columns | None = None,
    weights: str | None = None,
    label_map: str | None = None,
    assume_random: bool = False,
    reading: ReadOptions | None = None,
    show_progress: bool = False,
) -> Estimates:
    """Estimate the shares of the labels in a table of any size.

    Args:
        grouping: by what texts are told apart.
        labelled: some of the rows with people's labels, in the forms that ``fit`` reads; without them the shares are
            the means of the model's probabilities.
        columns: of the labelled rows.
        weights: their column with the number of rows that each stands for; None for ``weight``, if it is there.
        label_map: a shipped one or a file: the coarser labels to estimate.
        assume_random: do not check that the labelled rows can have been drawn by chance.
        reading: what is said of the files, instead of being found out.

    Raises:
        DataError: what cannot be estimated, all of it before texts are scored, but for labelled rows that were not
            drawn by chance.
    """
    table = open_table(path, text_column, reading)
    grouping = grouping or Grouping()
    rows = read_labelled_sample(labelled, columns or Columns(text_column), weights, reading) if labelled else None
    tally, truth, found = begin(classifier, table, grouping, rows, label_map, show_progress)
    drawn = Reservoir[str](DRAWN_TEXTS)
    with Progress("scoring", show_progress) as progress:
        for scored in scored_rows(classifier, table, grouping, found, progress):
            tally.add(scored)
            drawn.extend(scored.texts)
    made = finish(tally, found, truth, assume_random)
    return made if made.labelled else replace(made, distance=distance_of(drawn.kept, classifier))


def begin(
    classifier: EmotionClassifier,
    table: Table,
    grouping: Grouping,
    rows: LabelledSample | None,
    label_map: str | None,
    show_progress: bool,
) -> tuple[Tally, Floats | None, Survey]:
    """Check everything before work starts, and return the empty tally, the rows' truth, and facts of the table."""
    chosen: LabelMap | None = read_label_map(label_map, classifier.labels) if label_map else None
    labels: Iterable[str] = chosen.groups if chosen else classifier.labels
    known = tuple(labels)
    truth, finder = None, None
    if rows is not None:
        whole = truth_of(rows, known, chosen.ignored if chosen else ())
        asked = asked_labels(rows, known)
        truth, known = whole[:, [known.index(label) for label in asked]], tuple(asked)
    with Progress("checking", show_progress) as progress:
        found = survey(table, grouping, progress)
    if rows is not None:
        finder = Finder(rows, table, grouping)
    groups = {label: chosen.groups[label] for label in known} if chosen else None
    return Tally(classifier.labels, known, groups, finder), truth, found


def finish(tally: Tally, found: Survey, truth: Floats | None, assume_random: bool = False) -> Estimates:
    """Return the estimates of what was counted.

    Raises:
        DataError: labelled rows that were not drawn by chance.
    """
    sampled = None
    if tally.finder is not None and truth is not None:
        sample = tally.finder.sample(truth, found.rows)
        if not assume_random:
            tally.finder.check_chance(sample, total(tally.cells))
        where = [tally.finder.cells[place] for place in range(len(sample))]
        sampled = Sampled(sample, np.array([group for group, _ in where]), np.array([period for _, period in where]))
    return Estimates(
        tally.labels,
        tuple(every_share(tally.labels, tally.cells, sampled)),
        tuple(every_change(tally.labels, tally.cells, sampled)),
        found.rows,
        found.blank,
        tally.truncated,
        len(sampled.sample) if sampled else 0,
        repeated=found.repeated,
    )


def total(cells: dict[Cell, Moments], group: str | None = None, period: str | None = None) -> Moments:
    """Return the sums of all texts, or those of a group or a period."""
    chosen = [
        moments
        for (name, when), moments in cells.items()
        if (group is None or name == group) and (period is None or when == period)
    ]
    return sum(chosen[1:], chosen[0])


def names_of(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """Return the groups and the periods, sorted; none where there is one without a name."""
    groups, periods = ({cell[part] for cell in cells} - {""} for part in (0, 1))
    return sorted(groups), sorted(periods)


def every_share(labels: Sequence[str], cells: dict[Cell, Moments], sampled: Sampled | None) -> Iterable[Share]:
    """Yield the shares of all texts, groups, periods, and groups in periods."""
    groups, periods = names_of(cells)
    there: list[tuple[str | None, str | None]] = [
        (None, None),
        *((group, None) for group in groups),
        *((None, period) for period in periods),
        *((group, period) for group in groups for period in periods if (group, period) in cells),
    ]
    for group, period in there:
        every = total(cells, group, period)
        inside = sampled.inside(group, period) if sampled else None
        known = int(inside.sum()) if inside is not None else 0
        if inside is not None and not known:
            for label in labels:
                yield Share(label, group, period, None, 0.0, 1.0, every.rows, 0)
            continue
        shares = shares_of(every, sampled, inside)
        for label, share, low, high in zip(labels, shares.share, *shares.interval(), strict=True):
            yield Share(label, group, period, float(share), float(low), float(high), every.rows, known)


def shares_of(every: Moments, sampled: Sampled | None, inside: Mask | None, comparing: bool = False) -> Shares:
    """Return shares from labels where there are any, and from the model alone where there are none at all."""
    if sampled is None or inside is None:
        return model_shares(every, comparing)
    return powered_shares(every, sampled.sample, inside)


def every_change(labels: Sequence[str], cells: dict[Cell, Moments], sampled: Sampled | None) -> list[Change]:
    """Return the differences of groups and the trends, those of all texts sifted by themselves."""
    groups, periods = names_of(cells)
    when = dict(zip(periods, positions(periods), strict=True))
    differences: dict[str | None, Tested] = {}
    for group in groups if len(groups) > 1 else []:
        rest = {cell: moments for cell, moments in cells.items() if cell[0] != group}
        found = difference_of(total(cells, group), total(rest), sampled, group)
        if found:
            differences[group] = found
    overall: dict[str | None, Tested] = {}
    trends: dict[str | None, Tested] = {}
    for name in [None, *groups] if periods else []:
        rising = trend_of(cells, when, sampled, name)
        if rising:
            (overall if name is None else trends)[name] = rising
    return [*sift("difference", labels, differences), *sift("trend", labels, overall), *sift("trend", labels, trends)]


def difference_of(mine: Moments, other: Moments, sampled: Sampled | None, group: str) -> Tested | None:
    """Return the differences of a group from all others; None where too few are labelled to tell."""
    if sampled is None:
        return compare(model_shares(mine, comparing=True), model_shares(other, comparing=True))
    inside = sampled.inside(group, None)
    if inside.sum() < 2 or (~inside).sum() < 2:
        return None
    one, rest = powered_shares(mine, sampled.sample, inside), powered_shares(other, sampled.sample, ~inside)
    return compare(one, rest, 1 / mine.rows, 1 / other.rows)


def trend_of(
    cells: dict[Cell, Moments], when: dict[str, int], sampled: Sampled | None, group: str | None
) -> Tested | None:
    """Return the trends of a group, or of all texts; None where there are too few times."""
    mine = {period: total(cells, group, period) for period in when if group is None or (group, period) in cells}
    by_time = {when[period]: moments for period, moments in mine.items()}
    inside = sampled.inside(group, None) if sampled else None
    if inside is not None and not inside.any():
        return None
    shares = shares_of(total(cells, group), sampled, inside, comparing=True)
    if sampled is None:
        return trend(by_time, shares)
    return trend(by_time, shares, sampled.sample, np.array([when[period] for period in sampled.periods]), inside)
