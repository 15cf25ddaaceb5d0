"""The training loop: every architecture's, resumable to the step, with the best epoch chosen by a task's own score."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from goemotions.data.checks import raise_together, room_problems
from goemotions.errors import GoEmotionsError
from goemotions.progress import Progress
from goemotions.training.journal import Journal
from goemotions.training.optimisation import ParameterGroup, make_optimiser, schedule
from goemotions.training.processes import Processes
from goemotions.training.recipe import Recipe
from goemotions.training.state import BEST, CHECKPOINT, read_state, restoring, write_state

CHECKPOINT_EVERY = 400  # steps: a few minutes of work on a small CPU
LOG_EVERY = 25  # steps
TAKEN = (
    *("epochs", "learning_rate", "schedule", "warmup_ratio", "max_grad_norm", "seed"),
    *("optimizer", "accumulation", "patience"),
)
"""What the loop takes of a recipe as it is."""


class Task(Protocol):
    """Training task. The loop knows neither texts nor labels."""

    @property
    def model(self) -> nn.Module:
        """Module that is trained."""

    def parameter_groups(self) -> list[ParameterGroup]:
        """The optimiser's groups; ``lr_scale`` multiplies the learning rate of a group."""

    def begin_epoch(self, epoch: int) -> None:
        """Called before the first step of ``epoch`` (counted from 1)."""

    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch; the same for the same epoch in every process, and as many in every epoch."""

    def loss(self, batch: Any) -> Tensor:
        """Mean loss of a batch, a scalar."""

    def rows(self, batch: Any) -> int:
        """Return the number of samples in a batch."""

    def evaluate(self) -> dict[str, float]:
        """Metrics on the validation set."""

    def selection_metric(self, epoch: int, metrics: dict[str, float]) -> float:
        """Return the figure by which an epoch is kept, higher is better; -inf for an epoch that must not be."""


@dataclass(frozen=True)
class LoopSettings:
    """Settings of the loop.

    Attributes:
        accumulation: batches whose gradients make one optimizer step, each weighted by its rows.
        patience: epochs without a better score after which training stops; None for never.
        autocast: the type of the products that torch's autocast casts; None for those of the task's own tensors.
        fingerprint: of everything that decides the result: a checkpoint of another run is refused.
    """

    epochs: int
    learning_rate: float
    warmup_ratio: float
    max_grad_norm: float
    seed: int
    device: torch.device
    fingerprint: str
    schedule: str = "linear"
    optimizer: str = "adamw"
    accumulation: int = 1
    patience: int | None = None
    autocast: torch.dtype | None = None

    @classmethod
    def from_recipe(cls, recipe: Recipe, device: torch.device, *decisive: Any, **changes: Any) -> Self:
        """Return the settings that a recipe gives.

        Args:
            decisive: what decides the result beside the recipe, as JSON can hold it: data, base, precision.
            changes: settings other than the recipe's.
        """
        content = json.dumps([recipe.as_dict(), *decisive])
        taken = {name: getattr(recipe, name) for name in TAKEN} | changes
        return cls(device=device, fingerprint=hashlib.sha256(content.encode()).hexdigest(), **taken)


@dataclass
class Position:
    """Position of a run.

    Attributes:
        batch: of the epoch, next to be done.
        history: the metrics of every epoch.
        steps: the loss, learning rate and gradient's norm of every :data:`LOG_EVERY`-th step.
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    rows: int = 0
    best_score: float = float("-inf")
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)


def fit(
    task: Task, settings: LoopSettings, folder: Path, show_progress: bool, processes: Processes | None = None
) -> Position:
    """Train ``task`` and leave its model with the best epoch's weights.

    State is kept in ``folder``: ``checkpoint.pt`` (to resume from), ``best.pt`` (weights), ``metrics.jsonl`` and
    TensorBoard's files. A run that was interrupted resumes where it was and ends with the same weights as one that was
    not. Several processes share out the batches of each step, and hold the same weights after it.

    Raises:
        DataError: no room on the disk.
        GoEmotionsError: a loss that is not finite, with the step; a checkpoint of a run with other settings or data.
    """
    processes = processes or Processes()
    raise_together(room_problems(folder, state_bytes(task.model), "the checkpoints"))
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed + processes.rank)
    optimiser = make_optimiser(settings.optimizer, task.parameter_groups(), settings.learning_rate)
    position = resume(task.model, optimiser, folder, settings, processes)
    run = Run(task, settings, folder, optimiser, position, processes, Journal(folder, position.step, processes.main))
    with run.journal, Progress("training", show_progress and processes.main) as progress:
        while position.epoch <= settings.epochs and not run.patience_is_out:
            run.epoch(progress)
            run.finish_epoch()
            run.save_checkpoint()
    best = read_state(folder / BEST, settings.device)
    restoring(folder / BEST, lambda: task.model.load_state_dict(best))
    return position


@dataclass
class Run:
    """A training under way."""

    task: Task
    settings: LoopSettings
    folder: Path
    optimiser: torch.optim.Optimizer
    position: Position
    processes: Processes
    journal: Journal

    @property
    def patience_is_out(self) -> bool:
        position, patience = self.position, self.settings.patience
        return patience is not None and position.best_epoch > 0 and position.epoch - 1 - position.best_epoch >= patience

    def epoch(self, progress: Progress) -> None:
        """The steps left of the current epoch."""
        task, settings, position = self.task, self.settings, self.position
        if position.batch == 0:
            task.begin_epoch(position.epoch)
        task.model.train()
        batches = task.batches(position.epoch)
        total = settings.epochs * -(-len(batches) // settings.accumulation)
        while position.batch < len(batches):
            group = batches[position.batch : position.batch + settings.accumulation]
            rate = schedule(settings.schedule, position.step, total, settings.warmup_ratio)
            for parameters in self.optimiser.param_groups:
                parameters["lr"] = parameters["lr_scale"] * settings.learning_rate * rate
            loss, norm = self.step(group)
            position.batch += len(group)
            position.step += 1
            position.rows += sum(task.rows(batch) for batch in group)
            note = f"epoch {position.epoch}/{settings.epochs} loss {loss:.4f}"
            progress.update(position.step / total, position.rows, note)
            if position.step % LOG_EVERY == 0:
                row = {"step": position.step, "loss": loss, "lr": rate * settings.learning_rate, "grad_norm": norm}
                position.steps.append(row)
                self.journal.step(row, position.rows)
            if position.step % CHECKPOINT_EVERY == 0:
                self.save_checkpoint()

    def step(self, group: Sequence[Any]) -> tuple[float, float]:
        """One optimizer step; gives the mean loss of its rows, and the norm of the gradient before clipping."""
        task, settings, processes = self.task, self.settings, self.processes
        rows = sum(task.rows(batch) for batch in group)
        self.optimiser.zero_grad()
        total = torch.zeros((), device=settings.device)
        for batch in group[processes.rank :: processes.count]:
            with autocast(settings.device, settings.autocast):
                loss = task.loss(batch) * (task.rows(batch) / rows)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        processes.sum_gradients(task.model)
        found = nn.utils.clip_grad_norm_(task.model.parameters(), settings.max_grad_norm)
        value, norm = torch.stack((processes.sum(total), found)).tolist()  # together: a card is waited for once
        if not (math.isfinite(value) and math.isfinite(norm)):
            what = "gradient" if math.isfinite(value) else "loss"
            wrong = norm if math.isfinite(value) else value
            raise GoEmotionsError(f"the {what} is {wrong} at step {self.position.step + 1}: try a lower learning rate")
        self.optimiser.step()
        return value, norm

    def finish_epoch(self) -> None:
        """Evaluate, keep the weights if they are the best yet, log, and move to the next epoch."""
        task, position = self.task, self.position
        with evaluating(task.model):
            metrics = self.processes.agree(task.evaluate())
        score = task.selection_metric(position.epoch, metrics)
        if score > position.best_score:
            position.best_score, position.best_epoch = score, position.epoch
            if self.processes.main:
                write_state(self.folder / BEST, task.model.state_dict())
        position.history.append({"epoch": position.epoch, "step": position.step, **metrics})
        self.journal.epoch(position.history[-1], position.epoch == position.best_epoch)
        position.epoch += 1
        position.batch = 0

    def save_checkpoint(self) -> None:
        """Return everything a later process needs to resume as if nothing had happened."""
        device = self.settings.device
        generators = {"cpu": torch.get_rng_state()}
        if device.type == "cuda":
            generators["cuda"] = torch.cuda.get_rng_state(device)
        state = {
            "fingerprint": self.settings.fingerprint,
            "position": asdict(self.position),
            "model": self.task.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generators": self.processes.gather(generators),
        }
        if self.processes.main:
            write_state(self.folder / CHECKPOINT, state)
            self.journal.write(self.position.history, self.position.steps)
        self.processes.wait()


def autocast(device: torch.device, dtype: torch.dtype | None) -> torch.autocast:
    """Return the block in which torch casts products to ``dtype``; for None or float32 it casts nothing."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype not in (None, torch.float32))


def state_bytes(model: nn.Module) -> int:
    """Return the bytes of a run's files: weights and AdamW's two states, in an old checkpoint and a new."""
    return sum(4 * parameter.numel() for parameter in model.parameters()) * 7


def resume(
    model: nn.Module, optimiser: torch.optim.Optimizer, folder: Path, settings: LoopSettings, processes: Processes
) -> Position:
    """Restore the state in ``folder``, if there is one, and return how far it was.

    Raises:
        GoEmotionsError: a checkpoint of another run, or a damaged one.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return Position()
    state = read_state(path, settings.device)

    def restore() -> Position:
        if state["fingerprint"] != settings.fingerprint:
            raise GoEmotionsError(
                f"{path} is of a run with other settings or data: delete {folder} or name another folder"
            )
        if len(state["generators"]) != processes.count:
            raise GoEmotionsError(
                f"{path} is of a run with {len(state['generators'])} processes, this one has {processes.count}"
            )
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        generators = state["generators"][processes.rank]
        torch.set_rng_state(generators["cpu"].cpu())
        if settings.device.type == "cuda":
            torch.cuda.set_rng_state(generators["cuda"].cpu(), settings.device)
        return Position(**state["position"])

    return restoring(path, restore)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """No gradients and no dropout inside the block."""
    model.eval()
    with torch.inference_mode():
        yield
    model.train()
