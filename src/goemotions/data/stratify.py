"""Splitting rows with several labels so that each part has its share of every label."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt


def stratify(
    targets: npt.NDArray[np.uint8],
    groups: npt.NDArray[np.int64],
    shares: Mapping[str, float],
    seed: int,
) -> dict[str, npt.NDArray[np.int64]]:
    """Iterative stratification (Sechidis, Tsoumakas, Vlahavas, 2011), of groups of rows instead of single rows.

    Labels are dealt with from the one with the fewest positives left: its groups, in random order with the larger ones
    first, go to the part that lacks most of that label, at a tie to the one that lacks most rows. Groups without a
    label come last, by rows alone.

    *Shape:* targets [n, labels], groups [n] -> row numbers of each part, ascending.

    Args:
        groups: rows with the same number stay together.
        shares: of the rows, by name; they add up to 1.
    """
    generator = np.random.default_rng(seed)
    names = list(shares)
    portions = np.array([shares[name] for name in names])
    _, unit_of = np.unique(groups, return_inverse=True)
    sizes = np.bincount(unit_of)
    counts = np.zeros((len(sizes), targets.shape[1]), dtype=np.int64)
    np.add.at(counts, unit_of, targets)
    lacking = portions[:, None] * counts.sum(0)
    room = portions * len(targets)
    part_of = np.full(len(sizes), -1)

    def place(unit: int, label: int | None) -> None:
        order = np.lexsort((room,) if label is None else (room, lacking[:, label]))
        part = order[-1]
        part_of[unit] = part
        lacking[part] -= counts[unit]
        room[part] -= sizes[unit]

    while (label := rarest(counts[part_of < 0])) is not None:
        units = generator.permutation(np.flatnonzero((part_of < 0) & (counts[:, label] > 0)))
        for unit in units[np.argsort(-counts[units, label], kind="stable")]:
            place(unit, label)
    rest = generator.permutation(np.flatnonzero(part_of < 0))
    for unit in rest[np.argsort(-sizes[rest], kind="stable")]:
        place(unit, None)
    return {name: np.flatnonzero(part_of[unit_of] == part) for part, name in enumerate(names)}


def rarest(counts: npt.NDArray[np.int64]) -> int | None:
    """The label with the fewest positives among those with any; None when none is left. *Shape:* [units, labels]."""
    left = counts.sum(0)
    present = np.flatnonzero(left)
    return int(present[np.argmin(left[present])]) if len(present) else None
