"""The training loop: every architecture's, resumable to the step, with the best epoch chosen by a task's own score."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from goemotions.errors import GoEmotionsError
from goemotions.progress import Progress

CHECKPOINT_EVERY = 400  # steps: a few minutes of work on a small CPU


class Task(Protocol):
    """What is trained. The loop knows neither texts nor labels."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The optimiser's groups; ``lr_scale`` multiplies the learning rate of a group."""

    def begin_epoch(self, epoch: int) -> None:
        """Called before the first step of ``epoch`` (counted from 1)."""

    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch; the same for the same epoch in every process."""

    def loss(self, batch: Any) -> Tensor:
        """Mean loss of a batch, a scalar."""

    def rows(self, batch: Any) -> int:
        """How many samples a batch holds."""

    def evaluate(self) -> dict[str, float]:
        """Metrics on the validation set."""

    def score(self, epoch: int, metrics: dict[str, float]) -> float:
        """What decides which epoch is kept, higher is better; -inf for an epoch that must not be."""


@dataclass(frozen=True)
class LoopSettings:
    epochs: int
    learning_rate: float
    warmup_ratio: float
    max_grad_norm: float
    seed: int
    device: torch.device
    fingerprint: str  # of everything that decides the result: a checkpoint of another run is refused


@dataclass
class Position:
    """How far a run has come."""

    epoch: int = 1
    batch: int = 0  # of that epoch, next to be done
    step: int = 0
    rows: int = 0
    best_score: float = float("-inf")
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def fit(task: Task, settings: LoopSettings, folder: Path, show_progress: bool) -> Position:
    """Train ``task`` and leave its model with the best epoch's weights.

    State is kept in ``folder``: ``checkpoint.pt`` (to go on from), ``best.pt`` (weights), ``metrics.jsonl``. A run
    that was interrupted goes on where it was and ends with the same weights as one that was not.

    Raises:
        GoEmotionsError: a loss that is not finite, with the step; a checkpoint of a run with other settings or data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    optimiser = torch.optim.AdamW(task.parameter_groups(), lr=settings.learning_rate)
    position = resume(task.model, optimiser, folder, settings)
    total = settings.epochs * len(task.batches(1))
    with Progress("training", show_progress) as progress:
        while position.epoch <= settings.epochs:
            run_epoch(task, optimiser, position, total, settings, folder, progress)
            finish_epoch(task, position, folder)
            save(folder / "checkpoint.pt", snapshot(task.model, optimiser, position, settings))
    best = torch.load(folder / "best.pt", map_location=settings.device, weights_only=True)
    task.model.load_state_dict(best)
    return position


def run_epoch(
    task: Task,
    optimiser: torch.optim.Optimizer,
    position: Position,
    total: int,
    settings: LoopSettings,
    folder: Path,
    progress: Progress,
) -> None:
    """The steps left of the current epoch."""
    if position.batch == 0:
        task.begin_epoch(position.epoch)
    task.model.train()
    batches = task.batches(position.epoch)
    while position.batch < len(batches):
        batch = batches[position.batch]
        rate = linear_schedule(position.step, total, settings.warmup_ratio)
        for group in optimiser.param_groups:
            group["lr"] = group["lr_scale"] * settings.learning_rate * rate
        with torch.autocast(settings.device.type, dtype=torch.bfloat16):
            loss = task.loss(batch)
        if not torch.isfinite(loss):
            raise GoEmotionsError(f"the loss is {loss.item()} at step {position.step + 1}: try a lower learning rate")
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(task.model.parameters(), settings.max_grad_norm)
        optimiser.step()
        position.batch += 1
        position.step += 1
        position.rows += task.rows(batch)
        note = f"epoch {position.epoch}/{settings.epochs} loss {loss.item():.4f}"
        progress.update(position.step / total, position.rows, note)
        if position.step % CHECKPOINT_EVERY == 0:
            save(folder / "checkpoint.pt", snapshot(task.model, optimiser, position, settings))


def finish_epoch(task: Task, position: Position, folder: Path) -> None:
    """Evaluate, keep the weights if they are the best yet, log, and move to the next epoch."""
    with evaluating(task.model):
        metrics = task.evaluate()
    score = task.score(position.epoch, metrics)
    if score > position.best_score:
        position.best_score, position.best_epoch = score, position.epoch
        save(folder / "best.pt", task.model.state_dict())
    position.history.append({"epoch": position.epoch, "step": position.step, **metrics})
    # Written whole each time: an interrupted and resumed epoch stands in it once.
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in position.history), encoding="utf-8")
    position.epoch += 1
    position.batch = 0


def linear_schedule(step: int, total: int, warmup_ratio: float) -> float:
    """Linear warm-up to 1, then linear decay to 0 at ``total``. ``step`` counts from 0."""
    warmup = max(1, round(total * warmup_ratio))
    return min((step + 1) / warmup, (total - step) / max(1, total - warmup))


def decay_groups(module: nn.Module, weight_decay: float, lr_scale: float = 1.0) -> list[dict[str, Any]]:
    """AdamW's groups for a module: biases and normalisation weights are not decayed."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in parameters if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters if parameter.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay, "lr_scale": lr_scale},
        {"params": vectors, "weight_decay": 0.0, "lr_scale": lr_scale},
    ]


def snapshot(
    model: nn.Module, optimiser: torch.optim.Optimizer, position: Position, settings: LoopSettings
) -> dict[str, Any]:
    """Everything a later process needs to go on as if nothing had happened."""
    generators = {"cpu": torch.get_rng_state()}
    if settings.device.type == "cuda":
        generators["cuda"] = torch.cuda.get_rng_state(settings.device)
    return {
        "fingerprint": settings.fingerprint,
        "position": asdict(position),
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "generators": generators,
    }


def resume(model: nn.Module, optimiser: torch.optim.Optimizer, folder: Path, settings: LoopSettings) -> Position:
    """Restore the state in ``folder``, if there is one, and say where it was."""
    path = folder / "checkpoint.pt"
    if not path.exists():
        return Position()
    state = torch.load(path, map_location=settings.device, weights_only=True)
    if state["fingerprint"] != settings.fingerprint:
        raise GoEmotionsError(f"{path} is of a run with other settings or data: delete {folder} or name another folder")
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["generators"]["cpu"].cpu())
    if settings.device.type == "cuda":
        torch.cuda.set_rng_state(state["generators"]["cuda"].cpu(), settings.device)
    return Position(**state["position"])


def save(path: Path, state: Any) -> None:
    """Write ``state`` so that ``path`` is always either the old file or the new one."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """No gradients and no dropout inside the block."""
    model.eval()
    with torch.inference_mode():
        yield
    model.train()
