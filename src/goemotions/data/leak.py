"""The corpus behind the published figures, rebuilt: its synthetic points are made before it is split.

What the published system's notebook does, to measure what it is worth (``docs/experiments.md``). Never train on it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from goemotions.data.augmentation import Rows
from goemotions.data.resampling import ismote

TARGET = 4000  # positives a label
SEED = 42
NEUTRAL_KEPT = 6  # of so many neutral rows, the first is kept
TEST_SHARE = 0.4  # dev and test together; the published sizes are 60/20/20


def kept_rows(targets: npt.NDArray[np.uint8], neutral: int) -> npt.NDArray[np.int64]:
    """Row numbers left when of the rows with the label ``neutral``, alone or not, only every sixth is kept.

    Of the official splits, merged in the order train, dev, test: 39,453 of 54,263.
    """
    rows = np.flatnonzero(targets[:, neutral])
    dropped = np.delete(rows, np.arange(0, len(rows), NEUTRAL_KEPT))
    return np.delete(np.arange(len(targets)), dropped)


def split_rows(rows: int, seed: int = SEED) -> dict[str, npt.NDArray[np.int64]]:
    """Row numbers of train, dev and test: scikit-learn's random 60/40, and the 40 halved."""
    from sklearn.model_selection import train_test_split

    train, rest = train_test_split(np.arange(rows), test_size=TEST_SHARE, random_state=seed)
    dev, test = train_test_split(rest, test_size=0.5, random_state=seed)
    return {"train": train, "dev": dev, "test": test}


def rebuild_leaky_corpus(
    embeddings: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], target: int = TARGET, seed: int = SEED
) -> dict[str, Rows]:
    """Train, dev and test as published: ISMOTE on all rows, then the real rows split, every point put into train.

    Dev and test rows are real, but most of their rare ones have copies a short way off in train.

    *Shape:* embeddings [n, dim], targets [n, labels]: the rows that :func:`kept_rows` leaves.
    """
    merged = Rows.real(embeddings, targets)
    points = ismote(embeddings, targets, target, np.random.default_rng(seed))
    splits = {name: merged.take(numbers) for name, numbers in split_rows(len(merged), seed).items()}
    return splits | {"train": splits["train"].with_points(points)}
