"""The training loop on a task small enough to check by hand: resuming, selection, and what stops it."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from goemotions.errors import GoEmotionsError
from goemotions.training import loop
from goemotions.training.loop import LoopSettings, decay_groups, fit, linear_schedule

SETTINGS = LoopSettings(
    epochs=4,
    learning_rate=0.05,
    warmup_ratio=0.1,
    max_grad_norm=1.0,
    seed=3,
    device=torch.device("cpu"),
    fingerprint="one",
)


class InterruptedRunError(Exception):
    pass


class Regression:
    """A noisy line learnt with dropout, so that the random state matters; may be interrupted before a step."""

    def __init__(self, stop_before: int | None = None, poison: int | None = None) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.x = torch.randn(60, 4)
        self.y = self.x.sum(1, keepdim=True)
        self.steps = 0
        self.stop_before = stop_before
        self.poison = poison
        self.begun: list[int] = []

    def parameter_groups(self) -> list[dict[str, Any]]:
        return decay_groups(self.model, weight_decay=0.01)

    def begin_epoch(self, epoch: int) -> None:
        self.begun.append(epoch)

    def batches(self, epoch: int) -> list[np.ndarray]:
        return np.array_split(np.random.default_rng(epoch).permutation(60), 6)

    def loss(self, batch: np.ndarray) -> Tensor:
        self.steps += 1
        if self.steps == self.stop_before:
            raise InterruptedRunError
        loss = (self.model(self.x[batch]) - self.y[batch]).square().mean()
        return loss * float("nan") if self.steps == self.poison else loss

    def rows(self, batch: np.ndarray) -> int:
        return len(batch)

    def evaluate(self) -> dict[str, float]:
        assert not self.model.training
        return {"error": float((self.model(self.x) - self.y).square().mean())}

    def score(self, epoch: int, metrics: dict[str, float]) -> float:
        return -metrics["error"]


def weights(task: Regression) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in task.model.parameters()])


@pytest.mark.parametrize("stop_before", [1, 2, 6, 7, 15, 24])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_before: int
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    whole = Regression()
    expected = fit(whole, SETTINGS, tmp_path / "whole", show_progress=False)
    with pytest.raises(InterruptedRunError):
        fit(Regression(stop_before), SETTINGS, tmp_path / "cut", show_progress=False)
    resumed = Regression()
    got = fit(resumed, SETTINGS, tmp_path / "cut", show_progress=False)
    assert torch.equal(weights(resumed), weights(whole))
    assert got == expected
    assert resumed.steps <= 24 - (stop_before - 1) + 4
    logs = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("whole", "cut")]
    assert logs[0] == logs[1]
    assert [json.loads(line)["epoch"] for line in logs[1].splitlines()] == [1, 2, 3, 4]


def test_the_best_epoch_is_kept(tmp_path: Path) -> None:
    task = Regression()
    position = fit(task, SETTINGS, tmp_path, show_progress=False)
    errors = [row["error"] for row in position.history]
    assert position.best_epoch == int(np.argmin(errors)) + 1
    task.model.eval()
    with torch.inference_mode():
        assert task.evaluate()["error"] == pytest.approx(min(errors), rel=1e-5)


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    fit(Regression(), SETTINGS, tmp_path, show_progress=False)
    again = Regression()
    fit(again, SETTINGS, tmp_path, show_progress=False)
    assert again.steps == 0
    assert again.begun == []


def test_a_loss_that_is_not_finite_names_the_step(tmp_path: Path) -> None:
    with pytest.raises(GoEmotionsError, match="loss is nan at step 9"):
        fit(Regression(poison=9), SETTINGS, tmp_path, show_progress=False)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    fit(Regression(), SETTINGS, tmp_path, show_progress=False)
    with pytest.raises(GoEmotionsError, match="other settings or data"):
        fit(Regression(), dataclasses.replace(SETTINGS, fingerprint="two"), tmp_path, show_progress=False)


def test_schedule() -> None:
    rates = [linear_schedule(step, 100, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == max(rates) == 1
    assert rates[99] == pytest.approx(1 / 90)
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
