"""Intervals: against a plain bootstrap, and how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from figures import numbers
from scipy.special import logit
from scipy.stats import norm, t
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from goemotions.evaluation.bootstrap import interval, log_odds_interval, resample, weights
from goemotions.evaluation.figures import Difference, Figure
from goemotions.evaluation.formatting import format_difference, format_figure, format_interval, format_number
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.metrics import counts, overall

FREQUENCIES = [504, 264, 198, 320, 351, 135, 153, 284, 83, 151, 267, 123, 37, 103, 78, 352, 6, 161, 238, 23, 186, 16]
FREQUENCIES += [145, 11, 56, 156, 141, 1787]


def drawn(generator: np.random.Generator, rows: int, frequency: float, shift: float = 2.0) -> Predictions:
    """One label; its positives score higher by ``shift`` standard deviations."""
    targets = (generator.random((rows, 1)) < frequency).astype(np.uint8)
    log_odds = generator.normal(size=(rows, 1)) + shift * targets - 1.6
    probabilities = (1 / (1 + np.exp(-log_odds))).astype(np.float32)
    return Predictions(("a",), targets, probabilities, {"own": probabilities >= 0.5})


def test_weights_are_resamples() -> None:
    blocks = list(weights(50, 1100, seed=1))
    assert sum(map(len, blocks)) == 1100
    everything = np.concatenate(blocks)
    assert (everything.sum(1) == 50).all()
    assert everything.mean(0) == pytest.approx(np.ones(50), abs=0.15)
    assert everything.var(0).mean() == pytest.approx(0.98, abs=0.03)  # binomial: 50 draws of chance 1/50
    assert np.array_equal(everything, np.concatenate(list(weights(50, 1100, seed=1))))


def test_interval_is_numpys_and_leaves_undefined_samples_out() -> None:
    samples = np.random.default_rng(0).normal(size=(500, 3))
    assert np.stack(interval(samples)) == pytest.approx(np.percentile(samples, [2.5, 97.5], axis=0), abs=1e-12)
    samples[:100, 0] = np.nan
    samples[:400, 1] = np.nan
    low, high = interval(samples)
    assert [low[0], high[0]] == pytest.approx(np.nanpercentile(samples[:, 0], [2.5, 97.5]), abs=1e-12)
    assert np.isnan([low[1], high[1]]).all()  # defined in too few


def test_sums_are_exact() -> None:
    values = np.random.default_rng(0).integers(0, 2, (40, 2, 3))
    sums, _ = resample({"a": values, "rows": np.ones(40)}, [], 40, resamples=600, seed=3)
    times = np.concatenate(list(weights(40, 600, seed=3)))
    assert np.array_equal(sums["a"], np.einsum("br,rij->bij", times, values))
    assert (sums["rows"] == 40).all()


def test_as_a_plain_bootstrap() -> None:
    generator = np.random.default_rng(2)
    made = drawn(generator, 400, 0.2)
    truth, scores = made.targets[:, 0], made.probabilities[:, 0]
    samples: dict[str, list[float]] = {"f1": [], "average_precision": []}
    for _ in range(600):
        rows = generator.integers(0, 400, 400)
        samples["f1"].append(f1_score(truth[rows], scores[rows] >= 0.5))
        samples["average_precision"].append(average_precision_score(truth[rows], scores[rows]))
    found = measure_predictions(made, resamples=4000).labels
    figures = {"f1": found.own.labels["a"].f1, "average_precision": found.ranking.labels["a"].average_precision}
    for name, ours in figures.items():
        assert (ours.low, ours.high) == pytest.approx(np.percentile(samples[name], [2.5, 97.5]), abs=0.02)


def test_an_interval_of_roc_auc_is_wider_by_students_t() -> None:
    samples = np.random.default_rng(0).uniform(0.7, 0.9, (500, 3))
    positives = np.array([4, 30, 300])
    low, high = log_odds_interval([0.8] * 3, samples, positives, 1000)
    plain = np.subtract(*interval(logit(samples))[::-1])
    expected = t.ppf(0.975, positives - 1) / norm.ppf(0.975) * np.sqrt(positives / (positives - 1))
    assert (logit(high) - logit(low)) / plain == pytest.approx(expected, abs=1e-12)


def test_intervals_narrow_with_rows() -> None:
    made = drawn(np.random.default_rng(3), 200, 0.3)
    many = Predictions(
        made.labels,
        np.tile(made.targets, (9, 1)),
        np.tile(made.probabilities, (9, 1)),
        {"own": np.tile(made.decisions["own"], (9, 1))},
    )
    widths = []
    for predictions in (made, many):
        found = measure_predictions(predictions, resamples=1000).labels
        figures = [numbers(found.own.labels["a"].f1), numbers(found.ranking.labels["a"].roc_auc)]
        assert all(figure.low <= figure.value <= figure.high for figure in figures)
        widths.append([figure.high - figure.low for figure in figures])
    assert np.divide(widths[0], widths[1]) == pytest.approx([3, 3], rel=0.35)


def test_how_a_figure_reads() -> None:
    assert format_figure(Figure(0.5, 0.41234, 0.6)) == "0.500 (0.412 to 0.600)"
    assert format_figure(Figure(0.5, 0.41234, 0.6), 2) == "0.50 (0.41 to 0.60)"
    assert format_figure(Figure(None)) == format_number(None) == "undefined"
    assert format_figure(Figure(0.25)) == format_number(0.25) == "0.250"
    assert format_difference(Difference(0.1, -0.05, 0.2)) == "+0.100 (-0.050 to +0.200)"
    assert format_difference(Difference(None)) == "undefined"
    assert format_interval(Figure(None)) == format_interval(Figure(0.25)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("positives", [10, 25, 50, 100])
def test_coverage(positives: int) -> None:
    """Of 1,000 draws, how many 95 % intervals hold the figure of a very large sample. Printed for each size."""
    rows, draws, generator = 1000, 1000, np.random.default_rng(positives)
    large = drawn(generator, 2_000_000, positives / rows)
    truth, decided = large.targets[:, 0].astype(bool), large.decisions["own"][:, 0]
    hits = (truth & decided).sum()
    expected = {
        "precision": hits / decided.sum(),
        "recall": hits / truth.sum(),
        "f1": 2 * hits / (decided.sum() + truth.sum()),
        "average_precision": average_precision_score(truth, large.probabilities[:, 0]),
        "roc_auc": norm.cdf(2 / np.sqrt(2)),
    }
    assert expected["roc_auc"] == pytest.approx(roc_auc_score(truth, large.probabilities[:, 0]), abs=2e-3)
    held: dict[str, list[bool]] = {name: [] for name in expected}
    for _ in range(draws):
        seed = int(generator.integers(2**31))
        found = measure_predictions(drawn(generator, rows, positives / rows), resamples=1000, seed=seed).labels
        single, ranking = found.own.labels["a"], found.ranking.labels["a"]
        figures = (single.precision, single.recall, single.f1, ranking.average_precision, ranking.roc_auc)
        for (name, value), figure in zip(expected.items(), figures, strict=True):
            held[name].append(figure.low is not None and figure.low <= value <= numbers(figure).high)
    coverage = {name: float(np.mean(holds)) for name, holds in held.items()}
    print(f"{positives} positives: {coverage}")
    if positives >= 50:
        assert min(coverage.values()) >= 0.93


@pytest.mark.slow
def test_coverage_of_macro_and_micro_f1() -> None:
    """28 labels as frequent as in the official test, the rarest with 6 positives of 5,427. Printed."""
    frequency = np.array(FREQUENCIES) / 5427
    cut = 0.3 + 0.8 * norm.isf(frequency)
    found, false = frequency * norm.sf(cut - 2), (1 - frequency) * norm.sf(cut)
    expected = {
        "macro_f1": (2 * found / (found + false + frequency)).mean(),
        "micro_f1": 2 * found.sum() / (found + false + frequency).sum(),
    }
    generator = np.random.default_rng(0)
    held: dict[str, list[bool]] = {name: [] for name in expected}
    for _ in range(500):
        truth = generator.random((5427, 28)) < frequency
        decided = generator.normal(size=truth.shape) + 2 * truth >= cut
        sums, _ = resample({"counts": counts(truth, decided)}, [], 5427, 1000, int(generator.integers(2**31)))
        samples = overall(sums["counts"])
        for name, value in expected.items():
            low, high = interval(samples[name])
            held[name].append(bool(low <= value <= high))
    coverage = {name: float(np.mean(holds)) for name, holds in held.items()}
    print(coverage)
    assert min(coverage.values()) >= 0.92
