"""The mean of two networks' weights: right on average where it is rounded, exact elsewhere."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch
from test_vocabulary import base  # noqa: F401  (a fixture)

from goemotions.training.averaging import average_with, on_steps
from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.quantisation import WEIGHT_MAX, weight_scale


def test_rounding_keeps_the_mean_and_the_scale() -> None:
    torch.manual_seed(0)
    scale = torch.rand(40, 1) + 0.1
    codes = torch.randint(-60, 61, (40, 500))
    codes[:, 3] = WEIGHT_MAX
    grid = codes * scale
    moved = grid + 0.3 * scale
    rounded = on_steps(moved, grid, WEIGHT_MAX, torch.Generator().manual_seed(1))
    steps = (rounded / scale - codes)[:, torch.arange(500) != 3]
    assert set(steps.round().flatten().tolist()) == {0.0, 1.0}
    assert abs(steps.mean().item() - 0.3) < 0.01
    torch.testing.assert_close(weight_scale(rounded, WEIGHT_MAX), scale[:, 0])


def test_a_mean_of_networks(base: Path) -> None:  # noqa: F811
    trained = MeanPooledEncoder(base, 4, 0.0, quantised=True)
    start = MeanPooledEncoder(base, 4, 0.0, quantised=False)
    with torch.no_grad():
        trained.head.weight.fill_(1.0)
        start.head.weight.fill_(3.0)
    expected = deepcopy(start.bert.encoder.layer[0].output.dense.weight)
    average_with(trained, start, 0.75, seed=0)
    assert torch.equal(trained.head.weight, torch.full_like(trained.head.weight, 2.5))
    moved = trained.bert.encoder.layer[0].output.dense.weight - expected
    assert (moved.abs().amax(1) <= weight_scale(expected, WEIGHT_MAX) * 1.001).all()
