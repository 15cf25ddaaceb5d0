"""Brings a corpus into the form that training reads, with its own splits or with new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goemotions.data.checks import raise_together, room_problems, split_problems
from goemotions.data.corpus import LABEL_FILE, SPLITS, Split, read_corpus, write_split
from goemotions.data.duplicates import duplicate_groups, shared_groups
from goemotions.data.origin import PREPARED
from goemotions.data.stratify import stratify
from goemotions.data.tables import Columns, LabelledTable, collect_labels, read_table
from goemotions.errors import DataError
from goemotions.files import check_replaceable, new_directory
from goemotions.tables.formats import endings
from goemotions.tables.source import ReadOptions

ALIASES = {"train": ("train",), "dev": ("dev", "validation", "valid", "val"), "test": ("test",)}


@dataclass(frozen=True)
class PrepareOptions:
    """Options by which a corpus is read and split.

    Attributes:
        merge: put all splits together and split them again.
        shares: of train, dev and test in a new split.
        seed: of a new split.
        columns: where tables keep what.
        labels: the label set; None takes what occurs.
        reading: what is said of tables, instead of being found out.
    """

    merge: bool = False
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    seed: int = 0
    columns: Columns = field(default_factory=Columns)
    labels: tuple[str, ...] | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)


def prepare(source: Path, output: Path, options: PrepareOptions) -> dict[str, Any]:
    """Write ``output`` with train.tsv, dev.tsv, test.tsv, labels.txt and prepared.json, which is also returned.

    ``source`` is a folder with the three splits, as the official TSV files or as tables, or one table, which is always
    split. Splits that a corpus has are kept; with ``merge`` they are split again, by labels, and texts that are nearly
    the same (:mod:`goemotions.data.duplicates`) stay on one side.

    Raises:
        DataError: a source that cannot be read, empty splits, labels without a positive in train, no room.
        ValueError: shares that are not positive or do not add up to 1.
    """
    if min(options.shares) <= 0 or abs(sum(options.shares) - 1) > 1e-6:
        raise ValueError(f"shares must be positive and add up to 1, got {', '.join(map(str, options.shares))}")
    check_replaceable(output, lambda folder: (folder / PREPARED).exists())
    labels, given, without_text = read_source(source, options)
    renew = options.merge or len(given) == 1
    splits = split_again(given, options) if renew else given
    problems = split_problems({name: split.targets for name, split in splits.items()}, labels)
    size = sum(len(text.encode("utf-8", "replace")) + 32 for split in splits.values() for text in split.texts)
    raise_together(problems + room_problems(output, size, "the prepared corpus"))
    with new_directory(output) as folder:
        for name, split in splits.items():
            write_split(folder / f"{name}.tsv", split)
        (folder / LABEL_FILE).write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
        description = {
            "source": {name: split.sha256 for name, split in given.items()},
            "split": {"shares": options.shares, "seed": options.seed} if renew else "as given",
            "labels": len(labels),
            "rows": {name: len(split) for name, split in splits.items()},
            "rows_without_text": without_text,
            "near_duplicates": near_duplicates(splits),
        }
        (folder / PREPARED).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    return description


def read_source(source: Path, options: PrepareOptions) -> tuple[tuple[str, ...], dict[str, Split], int]:
    """Return labels, splits by name (one of them, "all", from a single table), and how many rows had no text."""
    if source.is_dir() and all((source / f"{name}.tsv").exists() for name in SPLITS):
        corpus = read_corpus(source, trainable=False)
        return corpus.labels, dict(corpus.splits), 0
    if source.is_dir():
        tables = read_tables(find_tables(source), options)
    else:
        tables = {"all": read_table(source, options.columns, options.reading)}
    every = list(tables.values())
    labels = options.labels or options.columns.each or collect_labels(every)
    if not labels:
        raise DataError(f"{source}: no row has a label")
    splits = {name: table.split(labels) for name, table in tables.items()}
    return labels, splits, sum(table.without_text for table in every)


def find_tables(folder: Path) -> dict[str, Path]:
    """Return the table of each split in a folder.

    Raises:
        DataError: splits without one, all of them.
    """
    if not folder.exists():
        raise DataError(f"no file or folder {folder}")
    found: dict[str, Path] = {}
    for name, aliases in ALIASES.items():
        paths = (folder / f"{alias}{ending}" for alias in aliases for ending in endings())
        path = next(filter(Path.is_file, paths), None)
        if path is not None:
            found[name] = path
    absent = [name for name in SPLITS if name not in found]
    raise_together(
        [f"{folder} has no file for {name}: expected {name} with one of {', '.join(endings())}" for name in absent]
    )
    return found


def read_tables(paths: Mapping[str, Path], options: PrepareOptions) -> dict[str, LabelledTable]:
    """Read the table of each split.

    Raises:
        DataError: what is wrong with any of them.
    """
    problems: list[str] = []
    tables: dict[str, LabelledTable] = {}
    for name, path in paths.items():
        try:
            tables[name] = read_table(path, options.columns, options.reading)
        except DataError as error:
            problems.append(str(error))
    raise_together(problems)
    return tables


def split_again(given: Mapping[str, Split], options: PrepareOptions) -> dict[str, Split]:
    """Return all rows in new splits, each in the order given."""
    merged = merge(list(given.values()))
    groups = duplicate_groups(merged.texts)
    shares = dict(zip(SPLITS, options.shares, strict=True))
    parts = stratify(merged.targets, groups, shares, options.seed)
    return {
        name: Split([merged.texts[i] for i in rows], merged.targets[rows], [merged.ids[i] for i in rows], "")
        for name, rows in parts.items()
    }


def merge(splits: Sequence[Split]) -> Split:
    """Return splits as one, one after the other."""
    return Split(
        [text for split in splits for text in split.texts],
        np.concatenate([split.targets for split in splits]),
        [comment_id for split in splits for comment_id in split.ids],
        "",
    )


def near_duplicates(splits: Mapping[str, Split]) -> dict[str, int]:
    """Count rows of one split that are nearly the same as a row of an earlier one: ``{"dev in train": rows, …}``."""
    groups = groups_by_split(splits)
    names = list(splits)
    return {
        f"{later} in {earlier}": int(shared_groups(groups[later], groups[earlier]).sum())
        for position, earlier in enumerate(names)
        for later in names[position + 1 :]
    }


def groups_by_split(splits: Mapping[str, Split]) -> dict[str, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the duplicate group of each row, numbered over all splits together."""
    groups = duplicate_groups([text for split in splits.values() for text in split.texts])
    ends = np.cumsum([len(split) for split in splits.values()])[:-1]
    return dict(zip(splits, np.split(groups, ends), strict=True))
