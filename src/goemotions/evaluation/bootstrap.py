"""Bootstrap intervals: rows are drawn again with replacement, and figures computed again (Efron & Tibshirani, 1993).

A resample is a weight per row, the number of times it was drawn, so that many resamples are one matrix. What is a sum
over rows (counts, row means) is then a matrix product; rankings are cumulative sums of weights in the order of the
scores, which a sparse product gives where they count (:class:`Ranking`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from goemotions.evaluation.figures import Figure
from goemotions.evaluation.metrics import divide

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float32]

RESAMPLES = 10_000
LEVEL = 0.95
BLOCK = 512
FEW_RESAMPLES = 0.5  # of the resamples; an interval from fewer is not given


def weights(rows: int, resamples: int, seed: int) -> Iterator[Weights]:
    """Yield the number of times each row is drawn, float32 [block, rows]; each line adds up to ``rows``."""
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, BLOCK):
        size = min(BLOCK, resamples - start)
        drawn = generator.integers(0, rows, (size, rows)) + rows * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float32)


class Ranking:
    """Average precision and ROC AUC of one ranking under any weights of its rows.

    Rows are taken from the highest score down, rows of equal score together. Let g run over the scores that positives
    have, and let TP(g) and N(g) be the weights of the positives and of all rows down to and including g. Average
    precision is the sum of (TP(g) - TP(g - 1)) / TP · TP(g) / N(g), scikit-learn's definition; ROC AUC is the share
    of pairs ordered rightly, ties counting half (Mann & Whitney, 1947).
    """

    def __init__(self, scores: npt.NDArray[np.floating], targets: npt.NDArray[Any], rows: npt.NDArray[Any]) -> None:
        """
        Args:
            scores, targets: [k], what is ranked.
            rows: [k], the row whose weight each has; several may belong to one row, as in a micro average.
        """
        order = np.argsort(-scores, kind="stable")
        truth, numbers = np.asarray(targets, bool)[order], np.asarray(rows)[order]
        tie = np.append(0, np.cumsum(np.diff(scores[order]) != 0))  # rows of equal score have equal numbers
        found = np.bincount(tie, weights=truth) > 0  # of each score: whether a positive has it
        group = np.append(0, np.cumsum(found)[:-1])[tie]  # the next score that positives have, from each row down
        width, groups = int(numbers.max()) + 1, int(found.sum())

        def adder(chosen: npt.NDArray[np.bool_]) -> sparse.csr_array:
            """Return the matrix that adds up the weights of the chosen rows in each group."""
            ones = np.ones(int(chosen.sum()), np.float32)
            return sparse.csr_array((ones, (group[chosen], numbers[chosen])), (groups + 1, width))

        self._all = adder(np.ones(len(truth), bool))
        self._hits = adder(truth)
        tied = found[tie] & ~truth
        self._tied = adder(tied) if tied.any() else None

    def sample(self, times: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        """Return both figures under each of b weightings, NaN where undefined. *Shape:* [rows, b] -> [b], [b]."""
        times = times[: self._all.shape[1]]
        # The last group is what follows the last positive; it counts only in the total.
        ranked, hits = running_sum(self._all @ times), (self._hits @ times)[:-1]
        total, ranked = ranked[-1].astype(np.float64), ranked[:-1]
        positives = running_sum(hits.copy())
        whole = hits.sum(0, dtype=np.float64)
        precision = positives / np.maximum(ranked, 1e-30)  # 0 / 0 while nothing so far was drawn
        below = total - whole - (ranked - positives)
        if self._tied is not None:
            below += (self._tied @ times)[:-1] / 2
        area = np.einsum("gb,gb->b", hits, below, dtype=np.float64)
        gain = np.einsum("gb,gb->b", hits, precision, dtype=np.float64)
        return divide(gain, whole), divide(area, whole * (total - whole))


def running_sum(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the cumulative sum over the first axis, in place: several times as fast as numpy's."""
    for row in range(1, len(values)):
        values[row] += values[row - 1]
    return values


def resample(
    columns: Mapping[str, npt.NDArray[Any]],
    rankings: Sequence[Ranking],
    rows: int,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[dict[str, npt.NDArray[np.float32]], Floats]:
    """Return sums of per-row values, and rankings' figures, over the same resamples.

    Args:
        columns: per-row values by name, each [rows, ...].

    Returns:
        The sums by name, float32 [resamples, ...]; and average precision and ROC AUC, [resamples, 2, rankings].
    """
    flat = [np.asarray(values, np.float32).reshape(rows, -1) for values in columns.values()]
    matrix = np.concatenate(flat, axis=1)
    sums = np.empty((resamples, matrix.shape[1]), np.float32)
    ranked = np.empty((resamples, 2, len(rankings)))
    done = 0
    for block in weights(rows, resamples, seed):
        here = slice(done, done + len(block))
        sums[here] = block @ matrix
        times = np.ascontiguousarray(block.T) if rankings else block
        for number, ranking in enumerate(rankings):
            ranked[here, 0, number], ranked[here, 1, number] = ranking.sample(times)
        done += len(block)
    ends = np.cumsum([part.shape[1] for part in flat])[:-1]
    parts = np.split(sums, ends, axis=1)
    shaped = {
        name: part.reshape(resamples, *values.shape[1:])
        for (name, values), part in zip(columns.items(), parts, strict=True)
    }
    return shaped, ranked


def interval(samples: npt.NDArray[np.floating], level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the percentile interval over the first axis, of the samples that are not NaN; NaN where they are too few.

    *Shape:* [resamples, ...] -> [...], [...].
    """
    ordered = np.sort(np.moveaxis(samples, 0, -1), axis=-1)  # NaN comes last
    defined = (~np.isnan(ordered)).sum(-1)
    enough = defined >= max(1, FEW_RESAMPLES * ordered.shape[-1])

    def quantile(share: float) -> Floats:
        position = share * (np.maximum(defined, 1) - 1)
        low = np.floor(position).astype(int)
        high = np.minimum(low + 1, np.maximum(defined, 1) - 1)
        left, right = (np.take_along_axis(ordered, i[..., None], -1)[..., 0].astype(np.float64) for i in (low, high))
        return np.where(enough, left + (right - left) * (position - low), np.nan)

    return quantile((1 - level) / 2), quantile((1 + level) / 2)


def log_odds_interval(
    value: npt.ArrayLike, samples: Floats, positives: npt.ArrayLike, rows: int
) -> tuple[Floats, Floats]:
    """Return the interval of ROC AUC, whose samples are skew near 1 and cover too seldom as they are.

    The basic bootstrap interval of the log odds, widened by Student's t as for a mean of as many values as there are
    positives or negatives, whichever are fewer (the "expanded" interval of Hesterberg, *What Teachers Should Know
    About the Bootstrap*, 2015).

    Args:
        value: the figure, [...].
        samples: [resamples, ...].
        positives: among ``rows``, [...].
    """
    value, positives = np.asarray(value, np.float64), np.asarray(positives, np.float64)
    few = np.maximum(np.minimum(positives, rows - positives), 2)
    margin = 0.5 / (few * np.maximum(rows - few, 1))  # half a pair ordered wrongly: keeps the odds finite

    def odds(share: Floats) -> Floats:
        clipped = np.clip(share, margin, 1 - margin)
        return np.log(clipped / (1 - clipped))

    low, high = interval(odds(samples))
    centre = odds(value)
    tail = (1 + LEVEL) / 2
    wider = stats.t.ppf(tail, few - 1) / stats.norm.ppf(tail) * np.sqrt(few / (few - 1))
    return 1 / (1 + np.exp(wider * (high - centre) - centre)), 1 / (1 + np.exp(wider * (low - centre) - centre))


def proportion_interval(share: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the exact interval of a share of 0 or 1 (Clopper & Pearson, 1934), of which every resample is the same.

    Args:
        share: 0 or 1, [...].
        trials: how many were all or none, [...].
    """
    bound = ((1 - LEVEL) / 2) ** (1 / np.maximum(np.asarray(trials, np.float64), 1))
    ones = np.asarray(share) == 1
    return np.where(ones, bound, 0.0), np.where(ones, 1.0, 1 - bound)


def to_figures(values: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> list[Figure]:
    """Return a figure for each value, None for NaN. *Shape:* [k] three times."""

    def known(number: float) -> float | None:
        return None if np.isnan(number) else float(number)

    return [
        Figure(None) if np.isnan(v) else Figure(float(v), known(a), known(b))
        for v, a, b in zip(np.ravel(values), np.ravel(low), np.ravel(high), strict=True)
    ]
