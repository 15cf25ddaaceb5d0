"""Labelled rows to fit on, checked as a whole: every problem is said at once, before work starts."""

from __future__ import annotations

import difflib
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goemotions.data.corpus import normalise
from goemotions.data.label_cells import NO_VALUE, two_in_one
from goemotions.data.tables import WITHOUT_TEXT, Columns, assume, read_table
from goemotions.errors import DataError, counted, counted_of, nearest, some
from goemotions.fitting.learner import Targets
from goemotions.labels import LABELS
from goemotions.predictions import check_texts, is_blank
from goemotions.tables.source import ReadOptions

LEAST_ROWS = 8
SHOWN = 5
IN_PYTHON = "labels"  # the source of rows that no file has
LIKE = 0.75  # of two names' letters: the rarer is taken for a misspelling of the commoner


@dataclass(frozen=True)
class LabelledRows:
    """Texts with labels.

    Attributes:
        labels: in the order of the columns of ``targets``.
        targets: uint8 [n, labels].
        single: each text has exactly one label.
        ids: of the rows, for people: their numbers, from 1.
        source: where they come from, for people.
        sha256: of the file; empty where there is none.
    """

    texts: list[str]
    labels: tuple[str, ...]
    targets: Targets
    single: bool
    ids: list[str]
    source: str
    sha256: str = ""

    def __len__(self) -> int:
        return len(self.texts)


def read_rows(
    path: Path,
    columns: Columns | None = None,
    single: bool | None = None,
    measure_only: bool = False,
    reading: ReadOptions | None = None,
) -> LabelledRows:
    """Read a table of labelled texts.

    Args:
        columns: where texts and labels are; None for columns ``text`` and ``labels``.
        single: each text has one label; None to tell from the rows.
        measure_only: nothing is learnt from them, so that they may be few, of one label, or contradict each other.
        reading: what is said of the file, instead of being found out.

    Raises:
        DataError: a file or columns that cannot be read, or rows that cannot be learnt from: all problems.
    """
    columns = columns or Columns()
    table = read_table(path, columns, reading)
    if table.without_text:
        assume(f"{path.name}: {counted(table.without_text, *WITHOUT_TEXT)}")
    names = [[str(label) for label in row] for row in table.labels]
    missing = 0 if columns.each else _empty_missing(names)
    if missing:
        one, many = (
            "label is nan, as pandas writes an empty cell, and is",
            "labels are nan, as pandas writes an empty cell, and are",
        )
        assume(f"{path.name}: {counted(missing, one, many)} read as one")
    known = columns.each
    if measure_only:
        return as_rows(table.texts, names, known or order_of(names), bool(single), table.ids, path.name, table.sha256)
    none = 0 if columns.each else sum(not row for row in names)
    if 0 < none < len(names):
        one = "has no label, and is taken for a text that has none: leave it out if nobody has labelled it"
        many = "have no label, and are taken for texts that have none: leave them out if nobody has labelled them"
        assume(f"{path.name}: {counted_of(none, len(names), 'row', one, many)}")
    for together in () if columns.each else always_together(names):
        shown = " and ".join(map(repr, together))
        assume(f"{path.name}: {shown} are only ever together: if they are one name, say what separates (--separator)")
    return check_rows(table.texts, names, known, single, table.ids, path.name, table.sha256)


def always_together(names: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return groups of labels that have the same rows, two or more: perhaps one name that a separator cut."""
    places: dict[str, list[int]] = defaultdict(list)
    for row, found in enumerate(names):
        for label in dict.fromkeys(found):
            places[label].append(row)
    groups: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for label, rows in places.items():
        groups[tuple(rows)].append(label)
    return [labels for rows, labels in groups.items() if len(rows) > 1 and len(labels) > 1]


def _empty_missing(names: list[list[str]]) -> int:
    """Take the only label of rows away where it stands for a missing one; return of how many."""
    missing = [row for row in names if len(row) == 1 and row[0].casefold() in NO_VALUE]
    for row in missing:
        row.clear()
    return len(missing)


def rows_of(
    texts: Iterable[str],
    labels: Iterable[Any],
    names: Sequence[str] | None = None,
    single: bool | None = None,
) -> LabelledRows:
    """Return rows given in Python; arguments as :func:`goemotions.fit`.

    Raises:
        DataError: rows that cannot be learnt from: all problems.
        TypeError, ValueError: labels of another kind, or as many as texts are not.
    """
    checked = check_texts(texts)
    if isinstance(labels, (str, bytes, set, frozenset, Mapping)):
        raise TypeError(f"labels must be a list with an entry for each text, got a {type(labels).__name__}")
    if hasattr(labels, "columns") and hasattr(labels, "to_numpy"):  # a frame, which would be iterated by column
        names = list(labels.columns) if names is None else names
        labels = labels.to_numpy()
    given = list(labels)
    if len(given) != len(checked):
        raise ValueError(f"{len(checked)} texts, but {len(given)} labels: give one entry of labels per text")
    found = [_names_of(row, names, index) for index, row in enumerate(given)]
    if single is None and given and all(isinstance(row, (list, tuple, set, frozenset)) for row in given):
        single = False  # a list is no single label, whatever its length
    ids = [str(number) for number in range(1, len(checked) + 1)]
    return check_rows(checked, found, tuple(names or ()), single, ids, IN_PYTHON)


def _names_of(row: Any, names: Sequence[str] | None, index: int) -> list[str]:
    """Return the labels of one row: a name, several, or 0 and 1 for each of ``names``.

    Raises:
        TypeError, ValueError: something else.
    """
    if isinstance(row, str):
        return [row]
    if isinstance(row, (bool, int, np.integer, np.bool_)):
        return [str(row)]
    if not isinstance(row, Iterable) or isinstance(row, (Mapping, bytes)):
        wanted = "a name or a list of names, [] for none"
        raise TypeError(f"labels[{index}] must be {wanted}, got {row!r:.60} ({type(row).__name__})")
    values = list(row)
    if all(isinstance(value, str) for value in values):
        return [name for value in values if (name := value.strip())]  # "".split(",") is one empty name
    if names is None:
        raise TypeError(f"labels[{index}] is {row!r:.60}: for 0 and 1 say which labels they are of, label_names=[...]")
    if len(values) != len(names) or any(value not in (0, 1) for value in values):
        raise ValueError(f"labels[{index}] must be 0 or 1 for each of the {len(names)} label_names, got {row!r:.60}")
    return [name for name, value in zip(names, values, strict=True) if value]


def check_rows(
    texts: list[str],
    names: list[list[str]],
    known: tuple[str, ...],
    single: bool | None,
    ids: list[str],
    source: str,
    sha256: str = "",
) -> LabelledRows:
    """Return the rows as one, if they can be learnt from.

    Args:
        known: the labels, in their order; empty for those that occur, in the order of :func:`order_of`.

    Raises:
        DataError: all problems.
    """
    labels = known or order_of(names)
    alone = all(len(set(row)) == 1 for row in names) and len(labels) > 1
    chosen = (alone and len(texts) >= LEAST_ROWS) if single is None else single
    problems = [*_row_problems(texts, names, labels, chosen, ids), *_label_problems(names, labels, ids)]
    if len(texts) < LEAST_ROWS:
        problems.insert(0, f"{counted(len(texts), 'row')} with a text, expected at least {LEAST_ROWS}")
    if problems:
        raise DataError(f"{source}: {'; '.join(problems)}")
    if not known and (pair := two_in_one(labels)):
        whole, first, between, second = pair
        how = (
            "give lists of names"
            if source == IN_PYTHON
            else f"say what separates them (--separator {shlex.quote(between)})"
        )
        assume(f"{source}: the label {whole!r} looks like {first!r} and {second!r}: if it is both, {how}")
    if single is None and chosen:
        option = "single=False" if source == IN_PYTHON else "--multi"
        only = f"every row has exactly one label, so each text is given exactly one ({option} says otherwise)"
        assume(f"{source}: {only}")
    return as_rows(texts, names, labels, chosen, ids, source, sha256)


def as_rows(
    texts: list[str],
    names: list[list[str]],
    labels: tuple[str, ...],
    single: bool,
    ids: list[str],
    source: str,
    sha256: str,
) -> LabelledRows:
    """Return checked rows with their labels as targets."""
    column = {label: place for place, label in enumerate(labels)}
    targets = np.zeros((len(texts), len(labels)), np.uint8)
    for row, found in enumerate(names):
        targets[row, [column[label] for label in found]] = 1
    return LabelledRows(texts, labels, targets, single, ids, source, sha256)


def order_of(names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the labels that occur: numbers by size, GoEmotions' in its order, any others as they first appear."""
    found = list(dict.fromkeys(label for row in names for label in row))
    if all(label.lstrip("-").isdecimal() for label in found):
        return tuple(sorted(found, key=int))
    if all(label in LABELS for label in found):
        return tuple(label for label in LABELS if label in found)
    return tuple(found)


def _row_problems(
    texts: Sequence[str], names: Sequence[Sequence[str]], labels: Sequence[str], single: bool, ids: Sequence[str]
) -> list[str]:
    problems = []
    blank = [number for number, text in zip(ids, texts, strict=True) if is_blank(text)]
    if blank:
        problems.append(f"rows without a text: {some(blank)}")
    places: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        places[normalise(text)].append(row)
    for rows in places.values():
        sets = {frozenset(names[row]) for row in rows}
        if len(sets) > 1 and not is_blank(texts[rows[0]]):
            shown = " and ".join("none" if not one else "+".join(sorted(one)) for one in sorted(sets, key=sorted)[:2])
            problems.append(
                f"rows {some([ids[row] for row in rows])} have the same text with other labels ({shown}): keep one"
            )
    if single:
        wrong = [number for number, row in zip(ids, names, strict=True) if len(set(row)) != 1]
        if wrong:
            problems.append(f"rows without exactly one label, as --single asks: {some(wrong)}")
    return at_most(problems)


def at_most(problems: list[str]) -> list[str]:
    """Return the first few problems, and how many there are beside them."""
    left = len(problems) - SHOWN
    return [*problems[:SHOWN], f"and {counted(left, 'more such row')}"] if left > 0 else problems


def _label_problems(names: Sequence[Sequence[str]], labels: Sequence[str], ids: Sequence[str]) -> list[str]:
    if not labels:
        return ["no row has a label"]
    if len(labels) > len(names):
        many = f"{counted(len(labels), 'label')} in {counted(len(names), 'row')}"
        return [f"{many}, such as {labels[0]!r:.60}: is the separator right?"]
    where: dict[str, list[str]] = {label: [] for label in labels}
    problems = []
    for number, row in zip(ids, names, strict=True):
        for label in set(row):
            if label in where:
                where[label].append(number)
            else:
                problems.append(f"row {number} has the label {label!r}, which is none of them{nearest(label, labels)}")
    never = [label for label, rows in where.items() if not rows]
    always = [label for label, rows in where.items() if len(rows) == len(names)]
    problems += [f"no row has {', '.join(never)}: leave out what cannot be learnt"] if never else []
    problems += [f"every row has {', '.join(always)}: rows without are needed too"] if always else []
    written: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        written[" ".join(label.casefold().split())].append(label)
    for alike in written.values():
        if len(alike) > 1:
            problems.append(f"{' and '.join(map(repr, alike))} are one label, written differently: write one")
    common = [label for label, rows in where.items() if len(rows) > 1]
    strange = []
    for label, rows in where.items():
        like = difflib.get_close_matches(label.lower(), [name.lower() for name in common], n=1, cutoff=LIKE)
        right = next((name for name in common if like and name.lower() == like[0]), label)
        if len(rows) == 1 and right.casefold() != label.casefold():
            strange.append(f"row {rows[0]}: the label {label!r:.60} stands nowhere else; did you mean {right!r:.60}?")
    return [*problems, *at_most(strange)]
