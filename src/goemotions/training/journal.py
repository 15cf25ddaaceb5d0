"""Record of a training run: ``metrics.jsonl`` for programs, TensorBoard's files for curves, a log for people."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

log = logging.getLogger("goemotions.training")


class Journal:
    """Journal of one run; TensorBoard's files only where it is installed."""

    def __init__(self, folder: Path, step: int, active: bool = True) -> None:
        """
        Args:
            step: where the run resumes: what an interrupted one wrote beyond it is hidden.
            active: False for all but one of several processes.
        """
        self._folder = folder
        self._active = active
        self._writer = _writer(folder / "tensorboard", step) if active else None
        self._last: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def step(self, row: Mapping[str, float], rows: int) -> None:
        """A step's loss, learning rate and gradient; ``rows`` trained on so far give the speed."""
        now = time.perf_counter()
        figures = {f"train/{name}": value for name, value in row.items() if name != "step"}
        if self._last is not None:
            figures["train/samples_per_second"] = (rows - self._last[1]) / (now - self._last[0])
        self._last = now, rows
        self._scalars(figures, int(row["step"]))

    def epoch(self, row: Mapping[str, float], best: bool) -> None:
        """An epoch's metrics."""
        metrics = {name: value for name, value in row.items() if name not in ("epoch", "step")}
        self._scalars({f"dev/{name.removeprefix('dev_')}": value for name, value in metrics.items()}, int(row["step"]))
        if self._active:
            figures = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
            log.info("epoch %d, step %d: %s%s", row["epoch"], row["step"], figures, " (best yet)" if best else "")
        self._last = None  # the evaluation's time is no training time

    def write(self, epochs: Sequence[Mapping[str, float]], steps: Sequence[Mapping[str, float]]) -> None:
        """``metrics.jsonl`` whole each time: what an interrupted run did twice stands in it once."""
        rows = sorted([*steps, *epochs], key=lambda row: row["step"])  # stable: an epoch's last step comes first
        path = self._folder / "metrics.jsonl"
        temporary = path.with_suffix(".tmp")
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        temporary.replace(path)

    def _scalars(self, figures: Mapping[str, float], step: int) -> None:
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(name, value, step)


def _writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1)
