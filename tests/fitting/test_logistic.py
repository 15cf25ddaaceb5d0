"""The regression is scikit-learn's, to 1e-6."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from goemotions.fitting.logistic import Floats, find_axes, fit_logistic
from goemotions.predictions import sigmoid


def draw(seed: int, rows: int, width: int, labels: int) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(rows, width)) / np.sqrt(width) + generator.normal(size=width)
    chances = sigmoid(features @ generator.normal(size=(width, labels)) * 3 - 1)
    targets = (generator.random((rows, labels)) < chances).astype(float)
    targets[0], targets[1] = 0, 1  # both values occur
    return features, targets


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(4, 60),
    width=st.integers(1, 50),
    strength=st.sampled_from([0.03, 0.3, 1.0, 10.0]),
)
def test_it_finds_what_scikit_learn_finds(seed: int, rows: int, width: int, strength: float) -> None:
    features, targets = draw(seed, rows, width, 3)
    found = fit_logistic(features, targets, np.full(3, strength))
    for label in range(3):
        oracle = LogisticRegression(C=1 / strength, tol=1e-12, max_iter=100_000, solver="newton-cholesky")
        oracle.fit(features, targets[:, label])
        assert np.abs(found.weights[:, label] - oracle.coef_[0]).max() < 1e-6
        assert abs(found.intercepts[label] - oracle.intercept_[0]) < 1e-6


def test_every_column_is_a_regression_of_its_own() -> None:
    features, targets = draw(1, 80, 20, 2)
    offsets = np.random.default_rng(2).normal(size=(80, 2))
    strengths = np.array([0.1, 5.0])
    together = fit_logistic(features, targets, strengths, offsets)
    for label in range(2):
        one = slice(label, label + 1)
        alone = fit_logistic(find_axes(features), targets[:, one], strengths[one], offsets[:, one])
        assert np.allclose(alone.weights, together.weights[:, one], atol=1e-7)


def test_an_offset_is_a_feature_whose_weight_is_given() -> None:
    """With the offset of a fitted model, nothing is left to learn: weights are 0 without a pull towards them."""
    features, targets = draw(3, 300, 4, 1)
    first = fit_logistic(features, targets, np.array([1e-4]))
    again = fit_logistic(features, targets, np.array([1e-4]), first(features))
    assert np.abs(again.weights).max() < 1e-3
    assert np.abs(again.intercepts).max() < 1e-3


def test_equal_rows_and_labels_without_a_positive_are_no_obstacle() -> None:
    features = np.ones((6, 5))
    found = fit_logistic(features, np.array([[1.0, 0.0]] * 3 + [[0.0, 0.0]] * 3), np.ones(2))
    chances = sigmoid(found(features))
    assert np.allclose(chances[:, 0], 0.5)
    assert (chances[:, 1] < 1e-6).all()
    with pytest.raises(ValueError, match="above 0"):
        fit_logistic(features, np.ones((6, 1)), np.zeros(1))
