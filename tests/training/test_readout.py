"""The least squares that a classifier begins with."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from goemotions.training.readout import start_readout


def test_log_odds_that_are_linear_in_the_states_are_found() -> None:
    generator = np.random.default_rng(0)
    states = generator.normal(size=(500, 12)) * np.linspace(1, 3, 12) + 5
    weights, bias = generator.normal(size=(3, 12)) / 6, np.array([-2.0, 0.5, 1.0])
    odds = (states - 5) @ weights.T + bias
    classifier = nn.Linear(12, 3)
    start_readout(classifier, torch.from_numpy(states).float(), 1 / (1 + np.exp(-odds)))
    with torch.no_grad():
        got = classifier(torch.from_numpy(states).float()).numpy()
    assert np.abs(got - odds).max() < 0.02


def test_states_that_say_nothing_leave_the_labels_frequencies() -> None:
    classifier = nn.Linear(4, 2)
    start_readout(classifier, torch.ones(10, 4), np.tile([0.2, 0.9], (10, 1)))
    with torch.no_grad():
        got = torch.sigmoid(classifier(torch.ones(1, 4)))[0].tolist()
    np.testing.assert_allclose(got, [0.2, 0.9], atol=1e-5)
