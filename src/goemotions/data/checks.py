"""Problems of a corpus, found before any work starts and reported together."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError

ROOM_LEFT = 64 << 20  # bytes that stay free on the disk


def together(problems: Sequence[str]) -> DataError:
    """Return one error whose message holds all problems."""
    if len(problems) == 1:
        return DataError(problems[0])
    return DataError(f"{len(problems)} problems: " + "; ".join(f"({n}) {p}" for n, p in enumerate(problems, 1)))


def raise_together(problems: Sequence[str]) -> None:
    """Refuse to go on if there are problems.

    Raises:
        DataError: there are some; the message holds all of them.
    """
    if problems:
        raise together(problems)


def room_problems(folder: Path, needed: int, what: str) -> list[str]:
    """A problem if ``what``, estimated at ``needed`` bytes, does not fit on the disk that ``folder`` is to be on."""
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if needed + ROOM_LEFT <= free:
        return []
    return [f"no room for {what}: about {needed / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB free on {existing}"]


def split_problems(targets: Mapping[str, npt.NDArray[np.uint8]], labels: Sequence[str]) -> list[str]:
    """Empty splits, and labels without a positive in train, by name.

    A rare label may be missing from dev or test; without a positive in train it cannot be learnt.

    *Shape:* targets [n, labels] each.
    """
    problems = [f"the {name} split is empty" for name, bits in targets.items() if not len(bits)]
    train = targets.get("train")
    if train is not None and len(train):
        absent = [label for label, count in zip(labels, train.sum(0, dtype=np.int64), strict=True) if not count]
        if absent:
            problems.append(f"labels without a positive in train: {', '.join(absent)}")
    return problems
