"""The texts of a table, read twice: once to find what is wrong with it before work starts, then to score them.

Nothing of a text is kept: memory grows with the number of groups and periods alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.data.tables import assume, check_columns
from goemotions.errors import DataError, counted, some
from goemotions.estimation.interval import Floats
from goemotions.grouping import Grouping
from goemotions.odd_texts import OddTexts
from goemotions.predictions import accepted, is_blank
from goemotions.progress import Progress
from goemotions.tables.table import Group, Table

SHOWN = 5
FEWEST_ROWS = 30
"""Texts of a group: smaller ones are put together as :data:`OTHER`."""
MOST_GROUPS, MOST_PERIODS = 200, 1000
MOST_REMEMBERED = 100_000
"""Different texts that are known again, so that memory is bounded; of later ones nothing is said."""
OTHER = "(other)"


@dataclass
class Survey:
    """Facts of a table before its texts are scored.

    Attributes:
        rows: with a text; ``blank`` ones have none.
        odd: counts of odd texts.
        repeated: rows whose text stands in a row before.
        groups: the number of rows with a text in each group.
        kept: the groups that are shown by themselves; others are one.
    """

    rows: int = 0
    blank: int = 0
    odd: OddTexts = field(default_factory=OddTexts)
    repeated: int = 0
    groups: Counter[str] = field(default_factory=Counter)
    periods: set[str] = field(default_factory=set)
    kept: frozenset[str] = frozenset()
    _seen: set[int] = field(default_factory=set)

    def count(self, text: str, group: str, period: str) -> None:
        """Count a row with a text."""
        self.rows += 1
        self.groups[group] += 1
        self.periods.add(period)
        self.odd.add([text])
        mark = hash(text)
        self.repeated += mark in self._seen
        if len(self._seen) < MOST_REMEMBERED:
            self._seen.add(mark)

    def group(self, name: str) -> str:
        """Return the group under which a row is shown."""
        return name if name in self.kept else OTHER

    def largest(self, most: int) -> list[str]:
        """Return the names of the largest groups that are shown by themselves; none where there is one group."""
        return [name for name, _ in self.groups.most_common(most) if name and name in self.kept]


@dataclass(frozen=True)
class ScoredRows:
    """Some rows with a text.

    Attributes:
        numbers: of the rows in the file, from 1.
        probabilities: of the model's labels, [rows, labels].
        given: which labels ``predict`` gives each text, bool [rows, labels].
        tags: the language of each text; None where it was not told.
    """

    numbers: list[int]
    texts: list[str]
    groups: list[str]
    periods: list[str]
    probabilities: Floats
    truncated: int
    given: npt.NDArray[np.bool_]
    tags: list[str | None]

    @property
    def languages(self) -> Counter[str]:
        """Return the number of texts in each language that was told."""
        return Counter(tag for tag in self.tags if tag is not None)


def survey(table: Table, grouping: Grouping, progress: Progress) -> Survey:
    """Read every row once.

    Raises:
        DataError: columns that are not there, dates that are none (rows are named), no text at all, or groups of which
            none has enough rows.
    """
    advice = "" if table.text_column in table.columns else table.absent
    check_columns(table.path, table.columns, [table.text_column, *grouping.columns], advice)
    found, shown = Survey(), list[str]()
    undated = number = 0
    for rows in table.groups(wanted(table, grouping)):
        whole = zip(rows.column(table.text_column), groups_of(rows, grouping), periods_of(rows, grouping), strict=True)
        dates = rows.column(grouping.time) if grouping.time else [None] * len(rows)
        for (text, group, period), given in zip(whole, dates, strict=True):
            number += 1
            if text is None or is_blank(text):
                found.blank += 1
            elif period is None:
                undated += 1
                shown += [f"row {number}: {given!r:.40}"] if len(shown) < SHOWN else []
            else:
                found.count(text, group, period)
        check_few(table, grouping, found)
        progress.update(table.fraction_read, number)
    if undated:
        raise DataError(undated_message(table, grouping, undated, shown))
    if not found.rows:
        raise DataError(
            f"{table.path}: column {table.text_column!r} has no text in any of its {counted(number, 'row')}"
        )
    for note in found.odd.notes():
        assume(f"{table.path.name}: {note}")
    found.kept = large_groups(table, grouping, found.groups)
    return found


def wanted(table: Table, grouping: Grouping) -> list[str]:
    """Return the columns to read."""
    return list(dict.fromkeys([table.text_column, *grouping.columns]))


def groups_of(rows: Group, grouping: Grouping) -> list[str]:
    """Return the group of each row; empty names where there is one group."""
    return [""] * len(rows) if grouping.by is None else grouping.groups_of(rows.column(grouping.by))


def periods_of(rows: Group, grouping: Grouping) -> Sequence[str | None]:
    """Return the period of each row; None where its date cannot be read, empty where there is one period."""
    return [""] * len(rows) if grouping.time is None else grouping.periods_of(rows.column(grouping.time))


def undated_message(table: Table, grouping: Grouping, undated: int, shown: Sequence[str]) -> str:
    """Return the message for dates that are none."""
    more = f" and {undated - len(shown):,} more" if undated > len(shown) else ""
    without = f"{counted(undated, 'row has', 'rows have')} no date in {grouping.time!r}"
    return (
        f"{table.path}: {without}: {', '.join(shown)}{more}; expected dates as 2026-03-31 or 31.3.2026, as 3/31/2026 "
        "with --month-first or 31/3/2026 with --day-first, or numbers with --time-unit: correct or leave out these rows"
    )


def check_few(table: Table, grouping: Grouping, found: Survey) -> None:
    """Check that the columns tell groups and periods apart, and not rows.

    Raises:
        DataError: so many groups or periods that they are none.
    """
    if len(found.groups) > MOST_GROUPS * 50:
        raise DataError(
            f"{table.path}: {grouping.by!r} has over {MOST_GROUPS * 50:,} values, so that it tells rows apart"
        )
    if len(found.periods) > MOST_PERIODS:
        raise DataError(
            f"{table.path}: {grouping.time!r} has over {MOST_PERIODS:,} times of a {grouping.period}: give a longer "
            "--period, such as month or year"
        )


def large_groups(table: Table, grouping: Grouping, groups: Mapping[str, int]) -> frozenset[str]:
    """Return the groups that have enough rows; it is said which others are put together.

    Raises:
        DataError: none has, or too many have.
    """
    if grouping.by is None:
        return frozenset(groups)
    large = frozenset(name for name, rows in groups.items() if rows >= FEWEST_ROWS)
    small = sorted(set(groups) - large)
    if not large:
        raise DataError(
            f"{table.path}: none of the {counted(len(groups), 'group')} in {grouping.by!r} has {FEWEST_ROWS} texts, "
            f"the largest has {max(groups.values())}: name a column with fewer, larger groups"
        )
    if len(large) > MOST_GROUPS:
        raise DataError(f"{table.path}: {grouping.by!r} has {len(large):,} groups, at most {MOST_GROUPS} can be shown")
    if small:
        assume(f"groups with fewer than {FEWEST_ROWS} texts are put together as {OTHER}: {some(small)}")
    return large


def scored_rows(
    classifier: EmotionClassifier, table: Table, grouping: Grouping, found: Survey, progress: Progress
) -> Iterator[ScoredRows]:
    """Yield the rows that have a text, in order, with the model's probabilities."""
    before = done = 0
    own = classifier.thresholds
    for rows in table.groups(wanted(table, grouping)):
        texts: list[str | None] = rows.column(table.text_column)
        groups, periods = groups_of(rows, grouping), periods_of(rows, grouping)
        here = [(place, text) for place, text in enumerate(texts) if text is not None and not is_blank(text)]
        before += len(rows)
        if not here:
            continue
        kept = [text for _, text in here]
        scored = classifier.score(kept)
        done += len(here)
        yield ScoredRows(
            [before - len(rows) + place + 1 for place, _ in here],
            kept,
            [found.group(groups[place]) for place, _ in here],
            [periods[place] or "" for place, _ in here],
            scored.probabilities.astype(np.float64),
            int(scored.truncated.sum()),
            accepted(scored.probabilities, own, classifier.chooses_one(own), scored.languages),
            scored.tags,
        )
        progress.update(table.fraction_read, done)


def pool(probabilities: npt.NDArray[np.floating], labels: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Floats:
    """Return the probability that a text has any label of each group. *Shape:* [n, labels] -> [n, groups].

    As if labels were independent within a text: on the official dev split the shares of Ekman's groups are 2 % off in
    the mean; by the highest member, which is for decisions, 14 % too low, and 5 % too high by the sum.
    """
    column = {label: place for place, label in enumerate(labels)}
    missing = 1 - np.asarray(probabilities, np.float64)
    return np.stack([1 - missing[:, [column[name] for name in names]].prod(1) for names in groups.values()], axis=1)
