"""One progress bar for all long work: share done, rate and time left, on a terminal's standard error."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from goemotions.escaping import one_line


class RateColumn(ProgressColumn):
    """Column of the rows per second, lately."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        rows_per_share = task.fields["rows"] / task.completed if task.completed else 0
        return Text(f"{speed * rows_per_share:,.0f} {self._unit}/s" if speed else "", style="progress.data.speed")


class Progress:
    """A bar of the share done; nothing is drawn when not shown or when stderr is no terminal.

    It counts in shares of the work, since the number of rows is often an estimate until the end.
    """

    def __init__(self, what: str, show: bool = True, unit: str = "rows") -> None:
        console = Console(stderr=True)
        self._bar = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} " + unit),
            RateColumn(unit),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            disable=not (show and console.is_terminal),
            speed_estimate_period=60,
        )
        self._task = self._bar.add_task(one_line(what), total=1.0, rows=0, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, share: float, rows: int, note: str = "") -> None:
        """``share`` of the work is done, 0 to 1, which is ``rows`` of the unit; ``note`` stands at the bar's end."""
        self._bar.update(self._task, completed=share, rows=rows, note=one_line(note))
