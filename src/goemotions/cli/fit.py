"""``goemotions fit``: a model of labels of one's own, from labelled rows, in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.table_options import with_table_options
from goemotions.records import to_json
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.fitting.fit import Fitted
    from goemotions.fitting.ground import Advance
    from goemotions.fitting.report import FitReport
    from goemotions.fitting.rows import LabelledRows

Data = Annotated[Path, typer.Argument(help="Labelled texts: CSV, TSV, JSON lines or Parquet.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The model directory to write.")]
LabelsColumn = Annotated[
    str, typer.Option(help="The column with each row's labels: names with a separator, or a list.")
]
LabelColumns = Annotated[
    str | None,
    typer.Option(help="In its place one column of 0 and 1 for each label: a,b,c.", show_default="none"),
]
Separator = Annotated[
    str | None, typer.Option(help="Between the labels in a cell.", show_default="the one of , ; | that is there")
]
BaseModel = Annotated[str, typer.Option(help="The model whose states are read: a name, a directory or a hub id.")]
Holdout = Annotated[Path | None, typer.Option(help="Labelled texts that are only measured on.", show_default="none")]
Seed = Annotated[int, typer.Option(help="Of the cross-validation.")]


@with_table_options
def fit(
    *,
    reading: ReadOptions,
    data: Data,
    output: Output,
    text_column: opt.TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    label_columns: LabelColumns = None,
    separator: Separator = None,
    single: Annotated[
        bool | None,
        typer.Option(
            "--single/--multi", help="Exactly one label per text, or any number.", show_default="what the rows show"
        ),
    ] = None,
    label_map: Annotated[
        str | None,
        typer.Option(
            help="From your labels to the base's, which they then start from: plutchik, ekman, dailydialog, brighter, "
            "or a JSON or YAML file."
        ),
    ] = None,
    base: BaseModel = "compact",
    holdout: Holdout = None,
    threads: opt.Threads = None,
    seed: Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Fit a model to your own labels, from some dozen labelled rows, in seconds, on any machine."""
    from goemotions.fitting.fit import fit_rows

    columns = (text_column, labels_column, label_columns, separator)
    rows, aside = read(data, holdout, output, columns, single, reading)
    with progress() as advance:
        fitted = fit_rows(rows, base, label_map=label_map, holdout=aside, seed=seed, threads=threads, advance=advance)
    finish(fitted, output, as_json)


def read(
    data: Path,
    holdout: Path | None,
    output: Path,
    columns: tuple[str, str, str | None, str | None],
    single: bool | None,
    reading: ReadOptions,
) -> tuple[LabelledRows, LabelledRows | None]:
    """Return the rows to learn from and those set aside; ``columns`` are the options of where texts and labels are.

    Raises:
        DataError: rows that cannot be learnt from, or an output that would replace something else.
    """
    from goemotions.fitting.directory import check_output
    from goemotions.fitting.rows import read_rows

    check_output(output)
    text, labels, names, separator = columns
    each = [name.strip() for name in names.split(",")] if names else []
    rows = read_rows(data, text, labels, each, separator, single, reading=reading)
    if holdout is None:
        return rows, None
    return rows, read_rows(holdout, text, labels, each, separator, rows.single, measure_only=True, reading=reading)


def finish(fitted: Fitted, output: Path, as_json: bool) -> None:
    """Write the model and print what is said of it."""
    from goemotions.fitting.directory import write_fitted

    write_fitted(fitted.files, output)
    if as_json:
        terminal.echo(json.dumps({"output": str(output), **to_json(fitted.report)}, ensure_ascii=False))
        return
    show(fitted.report)
    terminal.echo(f"{output}: a model for every command, such as goemotions predict --model {output}", err=True)


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
