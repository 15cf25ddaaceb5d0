"""Paired differences: nothing between a model and itself, the better one found, order of the two only a sign."""

from __future__ import annotations

import numpy as np
import pytest

from goemotions.evaluation.compare import compare_predictions, shared_labels, sign_wrong
from goemotions.evaluation.measure import Predictions, measure

LABELS = ("a", "b", "never")


def model(noise: float, seed: int = 0, rows: int = 600) -> Predictions:
    targets = (np.random.default_rng(0).random((rows, 3)) < [0.4, 0.1, 0]).astype(np.uint8)
    drawn = np.random.default_rng(seed + 10).random((rows, 3))
    probabilities = ((1 - noise) * targets + noise * drawn).astype(np.float32)
    return Predictions(LABELS, targets, probabilities, {"own": probabilities >= 0.5})


def test_a_model_and_itself() -> None:
    found = compare_predictions(model(0.6), model(0.6), "own", resamples=300)
    for figures in (*found["overall"].values(), found["labels"]["a"]["f1"]):
        assert (figures["value"], figures["low"], figures["high"], figures["sign_wrong"]) == (0, 0, 0, 0.5)
    assert found["labels"]["never"]["f1"]["value"] is None
    assert found["labels"]["never"]["f1"]["sign_wrong"] is None


def test_the_better_one() -> None:
    good, bad = model(0.55), model(0.8, seed=1)
    found = compare_predictions(good, bad, "own", resamples=2000)
    turned = compare_predictions(bad, good, "own", resamples=2000)
    for name, figures in found["overall"].items():
        assert figures["value"] == pytest.approx(figures["first"] - figures["second"], abs=2e-6)
        assert figures["low"] < figures["value"] < figures["high"]
        assert figures["low"] > 0
        assert figures["sign_wrong"] < 0.01
        assert turned["overall"][name]["value"] == -figures["value"]
        assert turned["overall"][name]["sign_wrong"] == figures["sign_wrong"]
    alone = measure(good, resamples=200)["labels"]
    macro_f1 = alone["at"]["own"]["overall"]["macro_f1"]["value"]
    assert found["overall"]["macro_f1"]["first"] == pytest.approx(macro_f1, abs=1e-6)
    ranked = alone["ranking"]["overall"]["macro_average_precision"]["value"]
    assert found["overall"]["macro_average_precision"]["first"] == pytest.approx(ranked, abs=1e-6)


def test_paired_is_narrower_than_apart() -> None:
    """Two models of like errors differ less, from resample to resample, than two of unlike ones."""
    first = model(0.7)
    like = Predictions(LABELS, first.targets, first.probabilities, {"own": first.probabilities >= 0.45})
    unlike = model(0.7, seed=5)

    def width(other: Predictions) -> float:
        figures = compare_predictions(first, other, "own", resamples=500)["overall"]["micro_f1"]
        return float(figures["high"] - figures["low"])

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
