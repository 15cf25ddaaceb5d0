"""Look for test rows in train by their embeddings: near copies, and points interpolated from test rows.

Oversampling in embedding space before the split leaves points ``x + c·(x - x_j)`` around test rows ``x`` in train
(SMOTE and its kin). Equal texts do not show it; geometry does, in two ways:

* **on a line**: ``x``, such a point and ``x_j`` lie on one straight line, which three independent points of many
  dimensions never do. Looked for among each test row's nearest neighbours;
* **near copy**: the nearest train row is less than half as far as the nearest other test row. Train has more rows, so
  it is nearer by chance too, but not so much nearer: in many dimensions distances to neighbours are much alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating]

MAX_ROWS = 2000
NEIGHBOURS = 24
STRAIGHT = 0.9999
"""|cosine| of the directions to two neighbours from which three points count as on a line."""

DISTINCT = 0.1
"""Of their distance to the test row: two neighbours nearer to each other than that are not looked at as a line."""

NEAR = 0.5
"""Share of the distance to the nearest other test row below which a train row is a near copy."""

ALLOWED = 0.05
"""Share of test rows that may be found. Of honest GoEmotions splits at most 1.7 % are, equal texts among them, and of
the leaky corpus 37 % (``docs/experiments.md``)."""

EQUAL = 1e-3
"""Of the usual distance between neighbours: vectors nearer than that are the same."""

BLOCK = 256


@dataclass(frozen=True)
class LeakCheck:
    """Shares of the checked test rows, from 0 to 1.

    Attributes:
        checked: test rows looked at, drawn at random.
        copies: have an equal vector in train.
        near_copies: have a vector in train nearer than chance explains, copies included.
        on_a_line: lie on a straight line with two other rows, at least one of them of train.
    """

    checked: int
    copies: float
    near_copies: float
    on_a_line: float

    @property
    def leaks(self) -> bool:
        """Return whether more rows are found than chance explains."""
        return max(self.near_copies, self.on_a_line) > ALLOWED

    def as_dict(self) -> dict[str, float]:
        """Return the shares, what is allowed, and the verdict, for JSON."""
        return asdict(self) | {"allowed": ALLOWED, "leaks": self.leaks}

    def __str__(self) -> str:
        verdict = (
            "LEAKS: train holds points made from test rows, or near copies of them" if self.leaks else "no leak found"
        )
        return (
            f"{verdict} (of {self.checked:,} test rows: {self.copies:.1%} have an equal vector in train, "
            f"{self.near_copies:.1%} a near copy, {self.on_a_line:.1%} lie on a line through train rows)"
        )


def check_vectors(train: Vectors, test: Vectors, seed: int = 0) -> LeakCheck:
    """Check two splits of embeddings, [n, dimensions] and [m, dimensions].

    Raises:
        ValueError: other shapes, fewer than two rows, or values that are not finite.
    """
    train, test = np.asarray(train), np.asarray(test)
    if train.ndim != 2 or test.ndim != 2 or train.shape[1] != test.shape[1] or min(len(train), len(test)) < 2:
        raise ValueError(
            f"expected two or more vectors of one width in each split, got shapes {train.shape} and {test.shape}"
        )
    if not (np.isfinite(train).all() and np.isfinite(test).all()):
        raise ValueError("vectors must be finite")
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(test))[:MAX_ROWS]
    pool = np.concatenate([train, test]).astype(np.float32)
    pool -= pool.mean(0)  # distances stay, and the rounding of a large common part goes
    rows = len(train) + chosen
    near, distance = neighbours(pool, rows)
    of_train = near < len(train)
    to_train = np.where(of_train, distance, np.inf).min(1)
    to_test = neighbours(pool[len(train) :], chosen)[1].min(1)
    equal = to_train < EQUAL * np.median(distance[:, -1])
    straight = [on_a_line(pool[row], pool[found], mine) for row, found, mine in zip(rows, near, of_train, strict=True)]
    return LeakCheck(
        checked=len(chosen),
        copies=float(equal.mean()),
        near_copies=float((equal | (to_train < NEAR * to_test)).mean()),
        on_a_line=float(np.mean(straight)),
    )


def neighbours(pool: Vectors, rows: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Return the nearest others of some rows of ``pool``, and distances, nearest first: [rows, NEIGHBOURS] twice."""
    wanted = min(NEIGHBOURS, len(pool) - 1)
    square = np.einsum("nd,nd->n", pool, pool)
    found = np.empty((len(rows), wanted), np.int64)
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        distance = square - 2 * (pool[part] @ pool.T)
        distance[np.arange(len(part)), part] = np.inf
        found[start : start + BLOCK] = np.argpartition(distance, wanted - 1, axis=1)[:, :wanted]
    exact = np.stack([np.linalg.norm(pool[near] - pool[row], axis=1) for row, near in zip(rows, found, strict=True)])
    order = np.argsort(exact, axis=1, kind="stable")
    return np.take_along_axis(found, order, 1), np.take_along_axis(exact, order, 1)


def on_a_line(point: Vectors, near: Vectors, of_train: npt.NDArray[np.bool_]) -> bool:
    """Return whether two of the neighbours, not both of test, lie on one straight line with ``point``."""
    way = near - point
    length = np.linalg.norm(way, axis=1)
    apart = length > EQUAL * length.max()  # an equal vector has no direction
    length, of_train = length[apart], of_train[apart]
    cosine = (way[apart] @ way[apart].T) / np.outer(length, length)
    between = np.sqrt(np.maximum(length**2 + length[:, None] ** 2 - 2 * cosine * np.outer(length, length), 0))
    # Two points beside each other are in one direction from anywhere.
    distinct = between > DISTINCT * np.maximum(length, length[:, None])
    return bool(((np.abs(cosine) > STRAIGHT) & distinct & (of_train[:, None] | of_train)).any())
