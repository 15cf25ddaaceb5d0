"""The parts that ``fit`` and ``adapt`` share: their options, the rows that they read, and what they write and say."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.option_groups import with_group
from goemotions.cli.table_options import with_table_options
from goemotions.records import to_json
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.data.tables import Columns
    from goemotions.fitting.fit import Fitted
    from goemotions.fitting.ground import Advance
    from goemotions.fitting.report import FitReport
    from goemotions.fitting.rows import LabelledRows

    Learn = Callable[..., Fitted]

Data = Annotated[Path, typer.Argument(help="Labelled texts: CSV, TSV, JSON lines or Parquet.")]
BaseModel = Annotated[str, typer.Option(help="The model to build on: a name, a directory or a hub id.")]


@dataclass(frozen=True)
class FitOptions:
    """Options of a fit.

    Attributes:
        holdout: labelled texts that are only measured on.
    """

    output: Path
    label_map: str | None
    base: str
    holdout: Path | None
    threads: int | None
    seed: int
    as_json: bool


def options(
    output: Annotated[Path, typer.Option("--output", "-o", help="The model directory to write.")],
    label_map: Annotated[
        str | None,
        typer.Option(
            help="From the rows' labels to the base's, whose answers they start from: plutchik, ekman, dailydialog, "
            "brighter, or a JSON or YAML file.",
            show_default="labels of one name",
        ),
    ] = None,
    base: BaseModel = "compact",
    holdout: Annotated[
        Path | None, typer.Option(help="Labelled texts on which the model is only measured.", show_default="none")
    ] = None,
    threads: opt.Threads = None,
    seed: Annotated[int, typer.Option(help="The seed of the cross-validation.")] = 0,
    as_json: opt.Json = False,
) -> FitOptions:
    """Return what the command line says of a fit; its parameters are the group."""
    return FitOptions(output, label_map, base, holdout, threads, seed, as_json)


def with_fit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with options for ``asked``, a fit, ``columns``, where labels are, and ``reading``, a table."""
    return with_table_options(with_column_options(with_group(command, "asked", options)))


def read(
    data: Path, asked: FitOptions, columns: Columns, single: bool | None, reading: ReadOptions
) -> tuple[LabelledRows, LabelledRows | None]:
    """Return the rows to learn from and those set aside.

    Raises:
        DataError: rows that cannot be learnt from, or an output that would replace something else.
    """
    from goemotions.fitting.directory import check_output
    from goemotions.fitting.rows import read_rows

    check_output(asked.output)
    rows = read_rows(data, columns, single, reading=reading)
    if asked.holdout is None:
        return rows, None
    return rows, read_rows(asked.holdout, columns, rows.single, measure_only=True, reading=reading)


def run(learn: Learn, rows: LabelledRows, aside: LabelledRows | None, asked: FitOptions) -> None:
    """Learn from rows, write the model and print what is said of it.

    Args:
        learn: ``fit_rows`` or ``adapt_rows``.
    """
    from goemotions.fitting.directory import write_fitted

    with progress() as advance:
        fitted = learn(
            rows,
            asked.base,
            label_map=asked.label_map,
            holdout=aside,
            seed=asked.seed,
            threads=asked.threads,
            advance=advance,
        )
    write_fitted(fitted.files, asked.output)
    if asked.as_json:
        terminal.echo(json.dumps({"output": str(asked.output), **to_json(fitted.report)}, ensure_ascii=False))
        return
    show(fitted.report)
    named = shlex.quote(str(asked.output))
    terminal.echo(f"{asked.output}: a model for every command, such as goemotions predict --model {named}", err=True)


def show(report: FitReport) -> None:
    """Print a report."""
    from rich.table import Table

    for line in report.lines():
        terminal.echo(line)
    made = report.table()
    table = Table()
    for column in made.header:
        table.add_column(column)
    for row in made.rows:
        terminal.add_row(table, *row)
    terminal.table_console().print(table)


@contextmanager
def progress() -> Iterator[Advance]:
    """Yield what shows a bar for each part of the work, one after another."""
    from goemotions.progress import Progress

    with ExitStack() as stack:
        shown: dict[str, Progress] = {}

        def advance(what: str, share: float) -> None:
            if what not in shown:
                stack.close()
                shown[what] = stack.enter_context(Progress(what, unit="%"))
            shown[what].update(share, round(100 * share))

        yield advance
