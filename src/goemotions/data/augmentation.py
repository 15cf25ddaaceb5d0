"""Augmentation of a train split, and of nothing else.

Synthetic rows made before the split put copies of test rows into train (:mod:`goemotions.data.leak` shows what that is
worth). So :func:`augment` takes only a :class:`TrainingSplit`, which only :func:`finish_split` gives, which takes no
synthetic rows; and every row names the rows it was made from, so that :func:`leaked` can check it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from goemotions.data.resampling import Points, Target, check_neighbours, ismote, mlsmote, undersample
from goemotions.errors import DataError

Oversampling = Literal["ismote", "mlsmote", "none"]
REAL = -1  # the second parent of a row that was not made from two

_FINISHED = object()


@dataclass(frozen=True)
class Rows:
    """Rows in embedding space.

    Attributes:
        embeddings: float32 [n, dim].
        targets: uint8 [n, labels].
        parents: int64 [n, 2], numbers of rows in the corpus: (its own, -1) for a real row, (the row it was made
            around, the neighbour it was moved along) for a synthetic one.
    """

    embeddings: npt.NDArray[np.float32]
    targets: npt.NDArray[np.uint8]
    parents: npt.NDArray[np.int64]

    @classmethod
    def real(cls, embeddings: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], first: int = 0) -> Self:
        """Rows of a corpus, numbered from ``first``.

        Raises:
            ValueError: not as many target rows as embeddings.
        """
        if len(embeddings) != len(targets):
            raise ValueError(f"{len(embeddings)} embeddings, but {len(targets)} rows of targets")
        numbers = np.arange(first, first + len(embeddings))
        return cls(embeddings, targets, np.stack([numbers, np.full_like(numbers, REAL)], axis=1))

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def synthetic(self) -> npt.NDArray[np.bool_]:
        """bool [n]: made from two others."""
        made: npt.NDArray[np.bool_] = self.parents[:, 1] != REAL
        return made

    def take(self, rows: npt.NDArray[np.int64]) -> Rows:
        """Some of the rows, by position; they keep their numbers."""
        return Rows(self.embeddings[rows], self.targets[rows], self.parents[rows])

    def with_points(self, points: Points) -> Rows:
        """These rows, then the points, whose parents are numbers in the corpus."""
        return Rows(
            np.concatenate([self.embeddings, points.embeddings]),
            np.concatenate([self.targets, points.targets]),
            np.concatenate([self.parents, points.parents]),
        )


@dataclass(frozen=True)
class TrainingSplit:
    """The train rows of a finished split. Only :func:`finish_split` makes one."""

    rows: Rows
    origin: object

    def __post_init__(self) -> None:
        if self.origin is not _FINISHED:
            raise TypeError("a TrainingSplit comes from finish_split(): split first, then augment")


@dataclass(frozen=True)
class FinishedSplit:
    """Train, and what is held out from it by name, all of them real rows."""

    train: TrainingSplit
    held_out: Mapping[str, Rows]


def finish_split(parts: Mapping[str, Rows]) -> FinishedSplit:
    """Declare a split finished: ``parts`` are "train" and at least one held-out part, usually "dev" and "test".

    Raises:
        DataError: no or empty parts, a row in two parts, or synthetic rows; all problems at once.
    """
    problems = [f"the {name} part is empty" for name, rows in parts.items() if not len(rows)]
    if "train" not in parts or len(parts) < 2:
        problems.append(f"expected a part 'train' and at least one held-out part, got {', '.join(parts) or 'none'}")
    for name, rows in parts.items():
        made = int(rows.synthetic.sum())
        if made:
            problems.append(f"the {name} part holds {made:,} synthetic rows: split the real rows first, then augment")
    numbers = np.concatenate([np.unique(rows.parents[:, 0]) for rows in parts.values()] or [np.empty(0, np.int64)])
    twice = len(numbers) - len(np.unique(numbers))
    if twice:
        problems.append(f"{twice:,} rows are in more than one part")
    if problems:
        raise DataError("; ".join(problems))
    return FinishedSplit(
        TrainingSplit(parts["train"], _FINISHED), {name: rows for name, rows in parts.items() if name != "train"}
    )


def augment(
    train: TrainingSplit,
    labels: Sequence[str],
    oversampling: Oversampling = "ismote",
    target: Target | None = None,
    undersampling_target: Target | None = None,
    seed: int = 0,
) -> Rows:
    """Balance the train rows of a finished split.

    Rows of labels above ``undersampling_target`` are left out first (:func:`~goemotions.data.resampling.undersample`);
    then labels below ``target`` get synthetic rows (:func:`~goemotions.data.resampling.ismote` or
    :func:`~goemotions.data.resampling.mlsmote`, which may go without a target). A target is one number, or label
    number to number.

    Raises:
        TypeError: ``train`` is not the train part of a finished split.
        ValueError: an unknown method, or ISMOTE without a target.
        DataError: labels with too few positives to make points from, by name.
    """
    if not isinstance(train, TrainingSplit):
        raise TypeError(f"expected the train part of a finished split, got {type(train).__name__}: see finish_split()")
    if oversampling not in get_args(Oversampling):
        raise ValueError(f"oversampling must be one of {', '.join(get_args(Oversampling))}, got {oversampling!r}")
    if oversampling == "ismote" and target is None:
        raise ValueError("ISMOTE needs a target: how many positives each label shall have")
    generator = np.random.default_rng(seed)
    rows = train.rows
    if undersampling_target is not None:
        rows = rows.take(undersample(rows.targets, undersampling_target, generator))
    if oversampling == "none":
        return rows
    problems = check_neighbours(rows.targets, target, labels)
    if problems:
        raise DataError("; ".join(problems))
    if oversampling == "ismote" and target is not None:
        points = ismote(rows.embeddings, rows.targets, target, generator)
    else:
        points = mlsmote(rows.embeddings, rows.targets, target, generator)
    return rows.with_points(Points(points.embeddings, points.targets, rows.parents[:, 0][points.parents]))


def leaked(train: Rows, held_out: Rows) -> npt.NDArray[np.bool_]:
    """bool [n of held_out]: rows that stand in ``train`` or that one of its synthetic rows was made from."""
    known = np.unique(train.parents[train.parents != REAL])
    return np.isin(held_out.parents[:, 0], known)
