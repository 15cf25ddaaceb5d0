"""Paired differences: nothing between a model and itself, the better one found, order of the two only a sign."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from goemotions.evaluation.compare import Comparison, compare_predictions, shared_labels, sign_wrong
from goemotions.evaluation.figures import Difference
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.records import from_json, to_json

LABELS = ("a", "b", "never")


def model(noise: float, seed: int = 0, rows: int = 600) -> Predictions:
    targets = (np.random.default_rng(0).random((rows, 3)) < [0.4, 0.1, 0]).astype(np.uint8)
    drawn = np.random.default_rng(seed + 10).random((rows, 3))
    probabilities = ((1 - noise) * targets + noise * drawn).astype(np.float32)
    return Predictions(LABELS, targets, probabilities, {"own": probabilities >= 0.5})


def test_a_model_and_itself() -> None:
    found = compare_predictions(model(0.6), model(0.6), "own", resamples=300)
    for difference in (*overall(found).values(), found.labels["a"].f1):
        assert (difference.value, difference.low, difference.high, difference.sign_wrong) == (0, 0, 0, 0.5)
    assert found.labels["never"].f1.value is None
    assert found.labels["never"].f1.sign_wrong is None


def overall(found: Comparison) -> dict[str, Difference]:
    """Return the differences of figures of all labels by name."""
    return {field.name: getattr(found.overall, field.name) for field in fields(found.overall)}


def test_differences_as_json() -> None:
    found = compare_predictions(model(0.6), model(0.7), "own", resamples=100)
    assert list(to_json(found)["overall"]["macro_f1"]) == ["value", "low", "high", "first", "second", "sign_wrong"]
    assert from_json(Comparison, to_json(found)) == found


def test_the_better_one() -> None:
    good, bad = model(0.55), model(0.8, seed=1)
    found = compare_predictions(good, bad, "own", resamples=2000)
    turned = compare_predictions(bad, good, "own", resamples=2000)
    for name, difference in overall(found).items():
        assert difference.value is not None
        assert difference.first is not None
        assert difference.second is not None
        assert difference.low is not None
        assert difference.high is not None
        assert difference.value == pytest.approx(difference.first - difference.second, abs=2e-6)
        assert 0 < difference.low < difference.value < difference.high
        assert difference.sign_wrong is not None
        assert difference.sign_wrong < 0.01
        assert overall(turned)[name].value == -difference.value
        assert overall(turned)[name].sign_wrong == difference.sign_wrong
    alone = measure_predictions(good, resamples=200).labels
    macro_f1 = alone.own.overall.macro_f1.value
    assert found.overall.macro_f1.first == pytest.approx(macro_f1, abs=1e-6)
    precision = alone.ranking.overall.macro_average_precision.value
    assert found.overall.macro_average_precision.first == pytest.approx(precision, abs=1e-6)


def test_paired_is_narrower_than_apart() -> None:
    """Two models of like errors differ less, from resample to resample, than two of unlike ones."""
    first = model(0.7)
    like = Predictions(LABELS, first.targets, first.probabilities, {"own": first.probabilities >= 0.45})
    unlike = model(0.7, seed=5)

    def width(other: Predictions) -> float:
        difference = compare_predictions(first, other, "own", resamples=500).overall.micro_f1
        assert difference.low is not None
        assert difference.high is not None
        return difference.high - difference.low

    assert width(like) < 0.8 * width(unlike)


def test_sign_wrong_by_hand() -> None:
    samples = np.array([[0.1], [-0.1], [0.0], [0.2], [np.nan]])
    assert sign_wrong(np.array([0.1]), samples) == pytest.approx([(1 + 0.5) / 4])
    assert sign_wrong(np.array([-0.1]), samples) == pytest.approx([(2 + 0.5) / 4])


def test_what_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same rows and labels"):
        compare_predictions(model(0.5), model(0.5, rows=10), "own")
    with pytest.raises(ValueError, match="only in the first: joy; only in the second: none"):
        shared_labels(["joy", "fear"], ["fear"])
