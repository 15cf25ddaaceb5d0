"""``goemotions estimate`` and ``goemotions sample``: shares of a corpus with intervals, and the rows to label."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.estimate_options import with_estimate_options
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.errors import counted
from goemotions.records import to_json
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.data.tables import Columns
    from goemotions.estimation.options import EstimateOptions

Source = Annotated[Path, typer.Argument(metavar="FILE", help="A table: CSV, TSV, JSON, Parquet, Excel or SQLite.")]
Changes = Annotated[
    bool, typer.Option("--changes", help="Print differences between groups and trends in place of shares.")
]


@with_model_options
@with_table_options
@with_column_options
@with_estimate_options
def estimate(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    columns: Columns,
    asked: EstimateOptions,
    file: Source,
    model: opt.Model = None,
    changes: Changes = False,
    as_json: opt.Json = False,
) -> None:
    """Estimate the share of texts with each label, with 95 % intervals, by group and period."""
    from goemotions.classifier import EmotionClassifier
    from goemotions.cli import render_estimates
    from goemotions.estimation.estimate import estimate as estimate_table

    classifier = EmotionClassifier(model, **vars(load))
    given = replace(asked, text_column=columns.text, columns=columns, reading=reading)
    found = estimate_table(classifier, file, **vars(given), show_progress=True)
    if as_json:
        terminal.echo(json.dumps(to_json(found.changes if changes else found.shares), ensure_ascii=False))
    else:
        render_estimates.show(found, asked.grouping, changes)
    for line in found.notes():
        terminal.note(line)


@with_model_options
@with_table_options
def sample(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    file: Source,
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV to write: row, stratum, weight and text.")],
    n: Annotated[int, typer.Option("--n", min=1, help="The number of rows to draw.")] = 100,
    text_column: opt.TextColumn = "text",
    by: Annotated[str | None, typer.Option(help="A column with groups, so that small ones get enough rows.")] = None,
    stratified: Annotated[
        bool, typer.Option("--stratified", help="Draw more of the texts of which the model is unsure.")
    ] = False,
    model: opt.Model = None,
    seed: Annotated[int, typer.Option(help="The seed: the same one draws the same rows.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output file that is there.")] = False,
) -> None:
    """Draw rows of a table by chance, which people then label for estimate."""
    if model is not None and not stratified:
        raise ValueError("--model goes with --stratified: rows are drawn without a model otherwise")
    from goemotions.classifier import EmotionClassifier
    from goemotions.estimation.sampling import draw
    from goemotions.files import check_writable, refuse_existing
    from goemotions.tables.several import refuse_read

    if output.suffix.lower() != ".csv":
        raise ValueError(f"{output}: the rows to label are a CSV, give a name that ends in .csv")
    refuse_read(output, file)
    check_writable(output)
    refuse_existing(output, overwrite)
    classifier = EmotionClassifier(model, **vars(load)) if stratified else None
    drawn = draw(file, n, text_column, by, classifier, seed, reading, show_progress=True)
    drawn.write(output, text_column)
    terminal.echo(
        f"{output}: {len(drawn.rows):,} of {counted(drawn.of, 'text')}, to be labelled from the top", err=True
    )
