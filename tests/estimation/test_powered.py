"""The statistics of shares: equal to ppi-python where it does the same, and right where draws can be counted."""

from __future__ import annotations

import numpy as np
import pytest
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
from scipy import stats

from goemotions.estimation.changes import compare, trend
from goemotions.estimation.interval import adjusted, p_value, quantile, wilson
from goemotions.estimation.powered import Moments, Sample, model_shares, powered_shares, prediction_powered_mean


def corpus(rows: int, share: float, seed: int, skill: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and probabilities [rows, 1] of a label, where ``skill`` says how well the model tells it."""
    generator = np.random.default_rng(seed)
    truth = (generator.random((rows, 1)) < share).astype(float)
    return truth, 1 / (1 + np.exp(-(np.log(share) + skill * truth + generator.normal(size=(rows, 1)))))


def sample_of(truth: np.ndarray, predicted: np.ndarray, rows: np.ndarray) -> Sample:
    each = np.full(len(rows), len(truth) / len(rows))
    return Sample(truth[rows], predicted[rows], each, np.zeros(len(rows), np.intp))


@pytest.mark.parametrize(
    ("size", "share", "skill"), [(30, 0.3, 2.0), (100, 0.05, 3.0), (300, 0.5, 0.0), (80, 0.4, -2.0)]
)
def test_the_mean_and_its_interval_are_those_of_ppi_python(size: int, share: float, skill: float) -> None:
    truth, predicted = (values[:, 0] for values in corpus(1000, share, seed=size, skill=skill))
    known, model, others = truth[:size], predicted[:size], predicted[size:]
    for factor in (None, 0.0, 0.7, 1.0):
        mine = prediction_powered_mean(known, model, others, factor)
        low, high = ppi_mean_ci(known, model, others, alpha=0.05, lam=factor)
        assert abs(mine.low - low.item()) < 1e-9
        assert abs(mine.high - high.item()) < 1e-9


def test_the_share_of_a_table_is_ppi_pythons_but_for_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table's share is of all rows, ppi-python's mean of labelled and other rows: with tuned λ they are the same."""
    monkeypatch.setattr("goemotions.estimation.powered.PRIOR_POSITIVES", 0.0)
    truth, predicted = corpus(600, 0.2, seed=1)
    sample = sample_of(truth, predicted, np.arange(120))
    shares = powered_shares(Moments.of(predicted), sample, np.ones(120, bool))
    expected = ppi_mean_pointestimate(truth[:120], predicted[:120], predicted[120:])
    assert abs(shares.share[0] - expected.item()) < 1e-9


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected truth \[n\], predicted \[n\] and others \[m\].*got \[3\], \[2\]"):
        prediction_powered_mean([1, 0, 1], [0.5, 0.5], [0.1, 0.2])


def test_wilson_is_wilson_but_for_a_handful() -> None:
    share, texts = np.array([0.1, 0.5, 0.0]), 200
    low, high = wilson(share, np.full(3, 1 / texts))
    for place, value in enumerate(share):
        expected = stats.binomtest(round(value * texts), texts).proportion_ci(method="wilson")
        assert abs(low[place] - expected.low) < 1e-9
        assert abs(high[place] - expected.high) < 1e-9
    assert wilson([0.02], [1 / 50])[0][0] < stats.binomtest(1, 50).proportion_ci(method="wilson").low
    assert np.allclose(wilson([0.3], [0.0]), 0.3)  # every text is labelled


def test_quantiles_p_values_and_false_discoveries_are_scipys() -> None:
    assert abs(quantile() - stats.norm.ppf(0.975)) < 1e-12
    deviations = np.array([-3.0, 0.0, 1.5])
    assert np.abs(p_value(deviations) - 2 * stats.norm.sf(np.abs(deviations))).max() < 1e-15
    values = np.random.default_rng(0).random(28) ** 3
    assert np.abs(adjusted(values) - stats.false_discovery_control(values)).max() < 1e-15


@pytest.mark.parametrize(("size", "share"), [(50, 0.02), (50, 0.3), (100, 0.05), (300, 0.01), (300, 0.9)])
def test_intervals_cover_and_are_never_wider_than_those_of_the_labels_alone(size: int, share: float) -> None:
    truth, predicted = corpus(3000, share, seed=3)
    every, true, generator, held = Moments.of(predicted), truth.mean(), np.random.default_rng(4), 0
    for _ in range(600):
        sample = sample_of(truth, predicted, generator.choice(3000, size, replace=False))
        shares = powered_shares(every, sample, np.ones(size, bool))
        low, high = shares.interval()
        alone_low, alone_high = wilson(shares.alone, shares.alone_spread)
        assert high - low <= alone_high - alone_low + 1e-12
        assert low <= shares.share <= high
        held += bool(low[0] <= true <= high[0])
    assert 0.925 <= held / 600 <= 1


def test_rows_that_stand_for_unequally_many_are_weighted() -> None:
    """Of two strata, one of 100 texts that all have the label and one of 900 that have not, ten are labelled each."""
    truth = np.repeat([1.0, 0.0], [10, 10])[:, None]
    strata = np.repeat([0, 1], 10)
    sample = Sample(truth, np.full((20, 1), 0.5), np.repeat([10.0, 90.0], 10), strata)
    shares = powered_shares(Moments.of(np.full((1000, 1), 0.5)), sample, np.ones(20, bool))
    assert abs(shares.share[0] - 0.1) < 1e-12
    low, high = shares.interval()
    assert high[0] - low[0] < 0.2  # within a stratum nothing varies; what is left is the prior


def test_all_rows_labelled_leave_nothing_uncertain() -> None:
    truth, predicted = corpus(200, 0.2, seed=5)
    shares = powered_shares(Moments.of(predicted), sample_of(truth, predicted, np.arange(200)), np.ones(200, bool))
    low, high = shares.interval()
    assert low[0] == pytest.approx(truth.mean(), abs=1e-9) == high[0]


def test_a_planted_rise_is_found_and_nothing_in_nothing() -> None:
    generator = np.random.default_rng(6)
    times = generator.integers(0, 24, 5000)
    truth = (generator.random(5000) < 0.03 + 0.003 * times).astype(float)
    model = np.clip(0.02 + 0.6 * truth + generator.normal(0, 0.02, 5000), 0, 1)
    two = np.stack([model, generator.permutation(model)], axis=1)  # the second label's texts are all over the months
    cells = {month: Moments.of(two[times == month]) for month in range(24)}
    found = trend(cells, model_shares(Moments.of(two), comparing=True))
    assert found is not None
    assert found.p[0] < 1e-6
    assert found.p[1] > 0.01
    assert found.low[0] < 0.6 * 0.003 < found.high[0]
    assert trend({0: cells[0], 1: cells[1]}, model_shares(cells[0])) is None


def test_a_difference_of_groups_has_newcombes_interval() -> None:
    one = Moments.of(np.repeat([1.0, 0.0], [56, 14])[:, None])
    other = Moments.of(np.repeat([1.0, 0.0], [48, 32])[:, None])
    found = compare(model_shares(one), model_shares(other))
    assert abs(found.low[0] - 0.0524) < 1e-4  # table II of Newcombe (1998), 56/70 - 48/80, method 10
    assert abs(found.high[0] - 0.3339) < 1e-4


def test_moments_add_up() -> None:
    values = np.random.default_rng(7).random((50, 3))
    parts = Moments.of(values[:20]) + Moments.of(values[20:])
    assert np.allclose(parts.mean, values.mean(0))
    assert np.allclose(parts.variance, values.var(0, ddof=1))
    assert parts.rows == 50
