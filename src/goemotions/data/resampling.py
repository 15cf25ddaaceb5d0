"""New points between the rows of rare labels, and rows to leave out of common ones. Formulas only.

These functions take any rows: nothing here knows what is train and what is test. Use
:mod:`goemotions.data.augmentation`, which does; the one place that augments before it splits is
:mod:`goemotions.data.leak`, to show what that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError, MissingExtraError

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Target = int | Mapping[int, int]

NEIGHBOURS = 5
ISMOTE_RANGE = (-0.5, 1.5)


@dataclass(frozen=True)
class Points:
    """Synthetic rows.

    Attributes:
        embeddings: float32 [m, dim].
        targets: uint8 [m, labels].
        parents: int64 [m, 2], the row each point was made around and the neighbour it was moved along.
    """

    embeddings: Floats
    targets: Bits
    parents: Ints

    def __len__(self) -> int:
        return len(self.embeddings)


def ismote(embeddings: Floats, targets: Bits, target: Target, generator: np.random.Generator) -> Points:
    """Points around the rows of every label with fewer than ``target`` positives.

    A label gets as many points as it lacks, counted on the rows given: ``x + c · (x - x_j)`` with ``c`` uniform in
    (-0.5, 1.5), one a point, ``x`` a random row with the label and ``x_j`` one of its 5 nearest with that label. The
    point takes the whole label vector of ``x``. So the published system's notebook does it; because of the whole label
    vectors, other labels end above the target.

    *Shape:* embeddings [n, dim], targets [n, labels].

    Raises:
        DataError: labels with fewer than two positives, which have no neighbours.
    """
    parts = []
    for label, lacking in shortfalls(targets, target).items():
        rows = np.flatnonzero(targets[:, label])
        neighbours = nearest_rows(embeddings[rows])
        chosen = generator.integers(0, len(rows), lacking)
        other = neighbours[chosen, generator.integers(0, neighbours.shape[1], lacking)]
        factor = generator.uniform(*ISMOTE_RANGE, (lacking, 1)).astype(np.float32)
        x, x_j = embeddings[rows[chosen]], embeddings[rows[other]]
        parents = np.stack([rows[chosen], rows[other]], axis=1)
        parts.append(Points(x + factor * (x - x_j), targets[rows[chosen]], parents))
    return joined(parts, embeddings, targets)


def mlsmote(embeddings: Floats, targets: Bits, target: Target | None, generator: np.random.Generator) -> Points:
    """Points between the rows of rare labels (MLSMOTE; Charte, Rivera, del Jesus, Herrera, 2015).

    A point lies between a row and one of its 5 nearest with the label, by a random share of its own in each dimension;
    it takes the labels that more than half of the row and its neighbours have (their "ranking").

    Without ``target``, as in the paper: one point for every row of every minority label, one whose imbalance ratio
    (positives of the commonest label over its own) is above the labels' mean, computed once. With one: every label
    below it gets the points that it lacks, its rows taken in turn.

    *Shape:* embeddings [n, dim], targets [n, labels].

    Raises:
        DataError: labels with fewer than two positives, which have no neighbours.
    """
    wanted = minority_counts(targets) if target is None else shortfalls(targets, target)
    parts = []
    for label, lacking in wanted.items():
        rows = np.flatnonzero(targets[:, label])
        neighbours = nearest_rows(embeddings[rows])
        chosen = np.resize(generator.permutation(len(rows)), lacking)
        other = neighbours[chosen, generator.integers(0, neighbours.shape[1], lacking)]
        share = generator.random((lacking, embeddings.shape[1]), dtype=np.float32)
        x, reference = embeddings[rows[chosen]], embeddings[rows[other]]
        votes = targets[rows].astype(np.int64)
        votes = votes + votes[neighbours].sum(1)
        ranked = (votes > (neighbours.shape[1] + 1) / 2).astype(np.uint8)
        parents = np.stack([rows[chosen], rows[other]], axis=1)
        parts.append(Points(x + share * (reference - x), ranked[chosen], parents))
    return joined(parts, embeddings, targets)


def undersample(targets: Bits, target: Target, generator: np.random.Generator) -> Ints:
    """The rows to keep so that common labels come down towards ``target`` positives, in their order.

    Rows are taken in random order; one is left out if every label it has is above its target. So no label falls below
    its target, and one may stay above where its rows have rarer labels too. Rows without a label are kept.

    *Shape:* targets [n, labels] -> int64 [kept].
    """
    limits = per_label(target, targets.shape[1])
    counts = targets.sum(0, dtype=np.int64)
    keep = np.ones(len(targets), dtype=bool)
    for row in generator.permutation(len(targets)):
        labels = np.flatnonzero(targets[row])
        if len(labels) and (counts[labels] > limits[labels]).all():
            counts[labels] -= 1
            keep[row] = False
    return np.flatnonzero(keep)


def per_label(target: Target, labels: int) -> Ints:
    """int64 [labels]; of a mapping, labels not in it get 0, which asks for no points."""
    if isinstance(target, int):
        return np.full(labels, target, dtype=np.int64)
    return np.array([target.get(label, 0) for label in range(labels)], dtype=np.int64)


def shortfalls(targets: Bits, target: Target) -> dict[int, int]:
    """Label to how many positives it lacks, for those below their target."""
    lacking = per_label(target, targets.shape[1]) - targets.sum(0, dtype=np.int64)
    return {label: int(count) for label, count in enumerate(lacking) if count > 0}


def minority_counts(targets: Bits) -> dict[int, int]:
    """Label to its positives, for labels with an imbalance ratio above the mean. Labels without one are left out."""
    counts = targets.sum(0, dtype=np.int64)
    present = np.flatnonzero(counts)
    ratios = counts.max() / counts[present]
    return {int(label): int(counts[label]) for label in present[ratios > ratios.mean()]}


def nearest_rows(embeddings: Floats) -> Ints:
    """Return the k nearest others of each row by Euclidean distance; k is 5, or n - 1 if that is less.

    *Shape:* [n, dim] -> int64 [n, k].

    Raises:
        DataError: fewer than two rows.
    """
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError as error:
        raise MissingExtraError("oversampling", "train") from error
    if len(embeddings) < 2:
        raise DataError(f"{len(embeddings)} rows with a label have no neighbours among them: at least two are needed")
    k = min(NEIGHBOURS, len(embeddings) - 1)
    index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(embeddings)
    # Asked without rows, it leaves each row itself out, also where others are equal to it.
    found: Ints = index.kneighbors(return_distance=False)
    return found


def check_neighbours(targets: Bits, target: Target | None, labels: Sequence[str]) -> list[str]:
    """Problems that would stop oversampling: labels to be raised that have no two positives, by name."""
    counts = targets.sum(0, dtype=np.int64)
    wanted = minority_counts(targets) if target is None else shortfalls(targets, target)
    few = [f"{labels[label]} ({counts[label]})" for label in wanted if counts[label] < 2]
    return (
        [f"labels with fewer than two positives have no neighbours to make points with: {', '.join(few)}"]
        if few
        else []
    )


def joined(parts: Sequence[Points], embeddings: Floats, targets: Bits) -> Points:
    """The points of all labels, one after the other."""
    nothing = Points(embeddings[:0], targets[:0], np.empty((0, 2), dtype=np.int64))
    every = [nothing, *parts]
    return Points(
        np.concatenate([part.embeddings for part in every]),
        np.concatenate([part.targets for part in every]),
        np.concatenate([part.parents for part in every]),
    )
