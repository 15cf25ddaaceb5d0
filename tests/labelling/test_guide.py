"""A model is fitted between two answers: in less than a second, also with many labels."""

from __future__ import annotations

import time

import numpy as np
import pytest

from goemotions.architectures.prepared import Features
from goemotions.fitting.base import Answers
from goemotions.labelling.choosing import Pool, worth
from goemotions.labelling.guide import LEAST_ASIDE, Guide


def guide(rows: int, labels: int) -> tuple[Guide, np.ndarray]:
    """Return a guide to random states, and labels that a part of each state decides."""
    generator = np.random.default_rng(0)
    states = generator.normal(size=(rows, 384)).astype(np.float32)
    answers = Answers((), (None,) * labels, np.full(labels, 0.5))
    texts = [" ".join(map(str, generator.integers(0, 9999, 8))) for _ in range(rows)]
    features = Features(states[:, :28].copy(), states)
    return Guide(texts, features, answers, np.zeros((0, 28)), False), (states[:, :labels] > 1).astype(np.uint8)


@pytest.mark.parametrize(("rows", "labels"), [(500, 5), (300, 28), (1000, 6)])
def test_a_fit_takes_less_than_four_seconds_of_computation(rows: int, labels: int) -> None:
    made, targets = guide(rows, labels)
    begun = time.process_time()
    found = made.fit(range(rows), targets, [False] * rows, seed=0)
    assert time.process_time() - begun < 4  # one to two and a half where nothing else computes
    assert found is not None
    assert found.left_out.value is not None


def test_nothing_is_learnt_from_what_is_set_aside() -> None:
    made, targets = guide(60, 3)
    aside = [place % 10 == 0 for place in range(60)]
    one = made.fit(range(60), targets, aside, seed=0)
    wrong = np.where(np.array(aside)[:, None], 1 - targets, targets)
    other = made.fit(range(60), wrong, aside, seed=0)
    assert one is not None
    assert other is not None
    assert np.array_equal(one.decider.head.weights, other.decider.head.weights)
    assert one.left_out == other.left_out
    assert sum(aside) >= LEAST_ASIDE
    assert one.aside != other.aside


def test_too_few_answers_make_no_model() -> None:
    made, targets = guide(10, 2)
    assert made.fit(range(5), targets[:5], [False] * 5, seed=0) is None


def test_texts_that_are_unsure_and_apart_are_drawn_first() -> None:
    generator = np.random.default_rng(0)
    centres = np.eye(4, 16, dtype=np.float32)
    states = np.repeat(centres, 25, axis=0) + generator.normal(scale=0.01, size=(100, 16)).astype(np.float32)
    pool = Pool(states)
    drawn = pool.draw(np.arange(100), np.ones(100), 4, generator)
    assert sorted(place // 25 for place in drawn) == [0, 1, 2, 3]
    weights = np.zeros(100)
    weights[40:50] = 1
    assert set(pool.draw(np.arange(100), weights, 10, generator)) == set(range(40, 50))
    assert len(set(pool.draw(np.arange(100), weights, 20, generator))) == 20  # the certain ones after those
    probabilities = np.array([[0.5, 0.01], [0.01, 0.5], [0.01, 0.01]])
    first, second, third = worth(probabilities, np.array([0, 30]))
    assert first > second > third
