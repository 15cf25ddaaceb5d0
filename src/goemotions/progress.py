"""One progress bar for all long work: share done, rate and time left, on a terminal's standard error."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text


class RateColumn(ProgressColumn):
    """Rows per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} rows/s" if speed else "", style="progress.data.speed")


class Progress:
    """A bar over ``total`` rows (None: unknown). Draws nothing when not shown or when stderr is no terminal."""

    def __init__(self, what: str, total: int | None, show: bool = True) -> None:
        console = Console(stderr=True)
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            RateColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not (show and console.is_terminal),
            speed_estimate_period=60,
        )
        self._task = self._bar.add_task(what, total=total, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, rows: int, note: str | None = None, total: float | None = None) -> None:
        """Count ``rows`` more as done; ``note`` replaces the text at the bar's end, ``total`` a former estimate."""
        self._bar.update(self._task, advance=rows, total=total)
        if note is not None:
            self._bar.update(self._task, note=note)
