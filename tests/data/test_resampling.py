"""The formulas of synthetic points, checked row by row against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from goemotions.data.resampling import Points, ismote, mlsmote, nearest_rows, undersample
from goemotions.errors import DataError


def corpus(seed: int = 0, rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Rows with four labels of very different frequency; the last two often go with the first."""
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(size=(rows, 6)).astype(np.float32)
    targets = (generator.random((rows, 4)) < [0.6, 0.3, 0.06, 0.04]).astype(np.uint8)
    return embeddings, targets


def own_nearest(embeddings: np.ndarray, row: int, among: np.ndarray, k: int = 5) -> set[int]:
    """By brute force: the k nearest to ``row`` among some rows, without itself."""
    others = among[among != row]
    distances = np.linalg.norm(embeddings[others].astype(float) - embeddings[row].astype(float), axis=1)
    return set(others[np.argsort(distances)[:k]].tolist())


def share_along(point: np.ndarray, start: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return np.asarray((point.astype(float) - start) / direction)


def points_by_label(points: Points, targets: np.ndarray, target: int) -> list[tuple[int, slice]]:
    """Points come label by label, as many as each lacks."""
    found, start = [], 0
    for label, lacking in enumerate(np.maximum(0, target - targets.sum(0, dtype=int))):
        found.append((label, slice(start, start + lacking)))
        start += lacking
    assert start == len(points)
    return found


def test_ismote_points_lie_where_they_should() -> None:
    embeddings, targets = corpus()
    points = ismote(embeddings, targets, 100, np.random.default_rng(1))
    factors = []
    for label, part in points_by_label(points, targets, 100):
        rows = np.flatnonzero(targets[:, label])
        for point, bits, (x, x_j) in zip(
            points.embeddings[part], points.targets[part], points.parents[part], strict=True
        ):
            assert targets[x, label] == targets[x_j, label] == 1
            assert x_j in own_nearest(embeddings, x, rows)
            assert np.array_equal(bits, targets[x])  # the whole label vector of x
            shares = share_along(point, embeddings[x], embeddings[x].astype(float) - embeddings[x_j])
            assert np.ptp(shares) < 1e-3  # one factor for all dimensions
            factors.append(shares.mean())
    assert -0.5 <= min(factors) < -0.4
    assert 1.4 < max(factors) <= 1.5
    assert np.mean(factors) == pytest.approx(0.5, abs=0.1)
    assert (targets.sum(0, dtype=int) + points.targets.sum(0, dtype=int) >= 100).all()


def test_ismote_targets_by_label_and_seed() -> None:
    embeddings, targets = corpus()
    lacking = 40 - int(targets[:, 3].sum())
    one = ismote(embeddings, targets, {3: 40}, np.random.default_rng(5))
    assert len(one) == lacking
    again = ismote(embeddings, targets, {3: 40}, np.random.default_rng(5))
    assert np.array_equal(one.embeddings, again.embeddings)
    assert len(ismote(embeddings, targets, 1, np.random.default_rng(5))) == 0


def test_mlsmote_points_lie_between_and_take_the_ranked_labels() -> None:
    embeddings, targets = corpus()
    points = mlsmote(embeddings, targets, 60, np.random.default_rng(1))
    for label, part in points_by_label(points, targets, 60):
        rows = np.flatnonzero(targets[:, label])
        for point, bits, (x, reference) in zip(
            points.embeddings[part], points.targets[part], points.parents[part], strict=True
        ):
            near = own_nearest(embeddings, x, rows)
            assert reference in near
            shares = share_along(point, embeddings[x], embeddings[reference].astype(float) - embeddings[x])
            assert shares.min() > -1e-3
            assert shares.max() < 1 + 1e-3
            assert np.ptp(shares) > 1e-3  # a share of its own in each dimension
            votes = targets[[x, *near]].sum(0, dtype=int)
            assert np.array_equal(bits, votes > 3)  # more than half of six
            assert bits[label] == 1


def test_mlsmote_without_a_target_makes_one_point_a_minority_row() -> None:
    embeddings, targets = corpus()
    counts = targets.sum(0, dtype=int)
    ratios = counts.max() / counts
    minority = np.flatnonzero(ratios > ratios.mean())
    assert len(minority) == 2
    points = mlsmote(embeddings, targets, None, np.random.default_rng(1))
    expected = [row for label in minority for row in np.flatnonzero(targets[:, label])]
    assert sorted(points.parents[:, 0].tolist()) == sorted(expected)


def test_undersampling_spares_rare_labels() -> None:
    _, targets = corpus(rows=2000)
    before = targets.sum(0, dtype=int)
    keep = undersample(targets, 200, np.random.default_rng(0))
    after = targets[keep].sum(0, dtype=int)
    assert (np.diff(keep) > 0).all()
    assert (after >= np.minimum(before, 200)).all()
    assert after[2:].tolist() == before[2:].tolist()
    assert after[0] < before[0] / 2
    unlabelled = np.flatnonzero(targets.sum(1) == 0)
    assert set(unlabelled) <= set(keep)
    # What is left above the target stands in rows that have a rarer label too.
    rest = targets[keep].astype(bool)
    assert not ((rest <= (after > 200)).all(1) & rest.any(1)).any()


def test_few_rows_have_fewer_neighbours() -> None:
    embeddings, _ = corpus()
    assert nearest_rows(embeddings[:2]).tolist() == [[1], [0]]
    assert nearest_rows(np.repeat(embeddings[:1], 4, axis=0)).shape == (4, 3)
    with pytest.raises(DataError, match="at least two"):
        nearest_rows(embeddings[:1])
