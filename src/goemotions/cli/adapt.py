"""``goemotions adapt``: a model's own labels on texts of another kind."""

from __future__ import annotations

from typing import Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli.fit import (
    BaseModel,
    Data,
    Holdout,
    LabelColumns,
    LabelsColumn,
    Output,
    Seed,
    Separator,
    finish,
    progress,
)
from goemotions.cli.table_options import with_table_options
from goemotions.tables.source import ReadOptions


@with_table_options
def adapt(
    *,
    reading: ReadOptions,
    data: Data,
    output: Output,
    text_column: opt.TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    label_columns: LabelColumns = None,
    separator: Separator = None,
    label_map: Annotated[
        str | None,
        typer.Option(
            help="From the rows' coarser labels to the base's: plutchik, ekman, dailydialog, brighter, or a JSON or "
            "YAML file."
        ),
    ] = None,
    base: BaseModel = "compact",
    holdout: Holdout = None,
    threads: opt.Threads = None,
    seed: Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Adapt a model to texts of another kind: its labels stay, some rows labelled with them say how it must change."""
    from goemotions.cli.fit import read
    from goemotions.fitting.adapt import adapt_rows

    columns = (text_column, labels_column, label_columns, separator)
    rows, aside = read(data, holdout, output, columns, False, reading)
    with progress() as advance:
        fitted = adapt_rows(rows, base, label_map=label_map, holdout=aside, seed=seed, threads=threads, advance=advance)
    finish(fitted, output, as_json)
