"""The training loop on a task small enough to check by hand: resuming, selection, and what stops it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from goemotions.errors import DataError, GoEmotionsError
from goemotions.training import loop
from goemotions.training.loop import LoopSettings, fit
from goemotions.training.optimisation import cosine_schedule, decay_groups, linear_schedule

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
        loss: Tensor = (self.model(self.x[batch]) - self.y[batch]).square().mean()
        return loss * float("nan") if self.steps == self.poison else loss

    def rows(self, batch: np.ndarray) -> int:
        return len(batch)

    def evaluate(self) -> dict[str, float]:
        assert not self.model.training
        return {"error": float((self.model(self.x) - self.y).square().mean())}

    def selection_metric(self, epoch: int, metrics: dict[str, float]) -> float:
        return -metrics["error"]


def weights(task: Regression) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in task.model.parameters()])


@pytest.mark.parametrize("stop_before", [1, 2, 6, 7, 15, 24])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_before: int
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    monkeypatch.setattr(loop, "LOG_EVERY", 5)
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
    rows = [json.loads(line) for line in logs[1].splitlines()]
    assert [row["epoch"] for row in rows if "epoch" in row] == [1, 2, 3, 4]
    assert [row["step"] for row in rows if "loss" in row] == [5, 10, 15, 20]


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


def test_training_stops_when_patience_is_out(tmp_path: Path) -> None:
    class Unlucky(Regression):
        def selection_metric(self, epoch: int, metrics: dict[str, float]) -> float:
            return -abs(epoch - 2)

    patient = dataclasses.replace(SETTINGS, epochs=9, patience=3)
    position = fit(Unlucky(), patient, tmp_path, show_progress=False)
    assert (position.best_epoch, position.epoch - 1) == (2, 5)
    assert fit(Unlucky(), patient, tmp_path, show_progress=False) == position


class Whole(Regression):
    """Without dropout, in float32; batches of a size, the last one short."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        self.batch_size = batch_size

    def batches(self, epoch: int) -> list[np.ndarray]:
        order = np.random.default_rng(epoch).permutation(45)
        return [order[start : start + self.batch_size] for start in range(0, 45, self.batch_size)]


def test_accumulated_gradients_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    """45 rows as 32 + 13, and as 4 x 8 + 8 + 5: each row counts the same, in the last short group too."""
    settings = dataclasses.replace(SETTINGS, autocast=None)
    whole, parts = Whole(32), Whole(8)
    expected = fit(whole, settings, tmp_path / "whole", show_progress=False)
    got = fit(parts, dataclasses.replace(settings, accumulation=4), tmp_path / "parts", show_progress=False)
    assert (got.step, got.rows) == (expected.step, expected.rows) == (8, 180)
    assert torch.allclose(weights(parts), weights(whole), atol=1e-5, rtol=0)


def test_curves_are_written_for_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 5)
    fit(Regression(), SETTINGS, tmp_path, show_progress=False)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [5, 10, 15, 20]
    assert [event.step for event in events.Scalars("dev/error")] == [6, 12, 18, 24]


def test_no_room_for_checkpoints_is_said_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(DataError, match="no room for the checkpoints"):
        fit(Regression(), SETTINGS, tmp_path / "run", show_progress=False)
    assert not (tmp_path / "run").exists()


def test_the_8_bit_optimiser_learns_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    settings = dataclasses.replace(SETTINGS, optimizer="adamw-8bit")
    whole = Regression()
    position = fit(whole, settings, tmp_path / "whole", show_progress=False)
    assert position.history[-1]["error"] < position.history[0]["error"]
    with pytest.raises(InterruptedRunError):
        fit(Regression(15), settings, tmp_path / "cut", show_progress=False)
    resumed = Regression()
    fit(resumed, settings, tmp_path / "cut", show_progress=False)
    assert torch.equal(weights(resumed), weights(whole))


def test_cosine_schedule() -> None:
    rates = [cosine_schedule(step, 100, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == max(rates) == 1
    assert rates[54] == pytest.approx(0.5, abs=0.02)
    assert 0 < rates[99] < 0.001
    assert all(a > b for a, b in itertools.pairwise(rates[9:]))


def test_schedule() -> None:
    rates = [linear_schedule(step, 100, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == max(rates) == 1
    assert rates[99] == pytest.approx(1 / 90)
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))


DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "zeroed": lambda content: bytes(len(content)),
    "text": lambda content: b"not a checkpoint",
    "one byte": lambda content: flipped(content, 0.5),
}


def flipped(content: bytes, where: float) -> bytes:
    place = int(len(content) * where)
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("name", ["checkpoint.pt", "best.pt"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_checkpoint_is_one_clear_line(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    """Fault 21: it ended in a traceback of torch, or was believed."""
    fit(Regression(), SETTINGS, tmp_path / "run", show_progress=False)
    path = tmp_path / "run" / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(GoEmotionsError) as caught:
        fit(Regression(), SETTINGS, tmp_path / "run", show_progress=False)
    assert str(caught.value).startswith(f"{path} is damaged (")
    assert f"delete the folder {path.parent}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_byte_of_a_checkpoint_is_never_believed(tmp_path: Path) -> None:
    """Fault 21: torch compares no checksums, so that a run went on from other weights than it had left."""
    expected = fit(Regression(), SETTINGS, tmp_path / "run", show_progress=False)
    path = tmp_path / "run" / "checkpoint.pt"
    content = path.read_bytes()
    for place in np.random.default_rng(0).random(60):
        path.write_bytes(flipped(content, float(place)))
        task = Regression()
        try:
            got = fit(task, SETTINGS, tmp_path / "run", show_progress=False)
        except GoEmotionsError:
            continue
        assert got == expected  # a byte that says nothing: padding
    path.write_bytes(content)


@pytest.mark.parametrize(
    "state", [[], {}, {"fingerprint": "one"}, {"fingerprint": "one", "generators": [{}], "model": {}, "optimiser": {}}]
)
def test_a_checkpoint_of_another_form_is_damaged(tmp_path: Path, state: object) -> None:
    torch.save(state, tmp_path / "checkpoint.pt")
    with pytest.raises(GoEmotionsError, match=r"checkpoint\.pt is damaged"):
        fit(Regression(), SETTINGS, tmp_path, show_progress=False)
