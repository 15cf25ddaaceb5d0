"""Is a rise found that was planted in a corpus, and nothing where none was? For ``estimate_coverage.py``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from goemotions.estimation.changes import trend
from goemotions.estimation.interval import FALSE_DISCOVERIES, Floats, adjusted
from goemotions.estimation.powered import Moments, model_shares


def moments_by(cells: npt.NDArray[np.intp], probabilities: Floats, number: int) -> dict[int, Moments]:
    """Return the sums of each cell."""
    member = (cells == np.arange(number)[:, None]).astype(float)
    sums, squares, rows = member @ probabilities, member @ probabilities**2, member.sum(1)
    return {cell: Moments(int(rows[cell]), sums[cell], squares[cell]) for cell in range(number) if rows[cell]}


def planted(
    truth: Floats, probabilities: Floats, column: int, size: int, months: int, rise: float, draws: int, seed: int
) -> dict[str, float]:
    """Return the share of draws without labels in which the planted rise of a label, anger, is found, and any other's.

    Args:
        truth, probabilities: of a corpus, [texts, labels].
        size, months: of a corpus that is drawn from it.
        rise: of the share, a month.
    """
    generator = np.random.default_rng(seed)
    angry, others = np.flatnonzero(truth[:, column]), np.flatnonzero(truth[:, column] == 0)
    hits = false = 0
    for _ in range(draws):
        times = generator.integers(0, months, size)
        share = truth[:, column].mean() + rise * times
        chosen = generator.random(size) < share
        rows = np.where(chosen, generator.choice(angry, size), generator.choice(others, size))
        cells = moments_by(times, probabilities[rows], months)
        every = sum(list(cells.values())[1:], cells[0])
        tested = trend(cells, model_shares(every, comparing=True))
        if tested:
            found = adjusted(tested.p) <= FALSE_DISCOVERIES
            hits += bool(found[column])
            false += bool(np.delete(found, column).any()) if rise else bool(found.any())
    return {"anger": round(hits / draws, 4), "any" if not rise else "other_labels": round(false / draws, 4)}
