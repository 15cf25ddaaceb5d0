"""``goemotions report``: one page about a corpus, for people who decide."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.estimate import AssumeRandom, By, Labelled, LabelMap, Period, Source, Time, Weights
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.data.tables import Columns


@with_model_options
@with_table_options
@with_column_options
def report(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    columns: Columns,
    file: Source,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page to write; a CSV and a JSON of everything go beside it.")
    ] = Path("report.html"),
    model: opt.Model = None,
    by: By = None,
    time: Time = None,
    period: Period = opt.Period.month,
    time_unit: opt.TimeUnits = None,
    labelled: Labelled = None,
    weights: Weights = None,
    label_map: LabelMap = None,
    assume_random: AssumeRandom = False,
    no_texts: Annotated[bool, typer.Option("--no-texts", help="Leave texts out of the page; words stay.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Write a page about the emotions in a table: shares with intervals, changes, groups, words and texts."""
    if time_unit is not None and time is None:
        raise ValueError("--time-unit goes with --time")
    from goemotions.batch.job_folder import refuse_existing
    from goemotions.classifier import EmotionClassifier
    from goemotions.estimation.corpus import Grouping
    from goemotions.reporting.report import ReportOptions, make_report
    from goemotions.reporting.run import forms, write_report

    for path in forms(output):
        refuse_existing(path, overwrite)
    classifier = EmotionClassifier(model, **vars(load))
    options = ReportOptions(
        columns.text,
        Grouping(by, time, period.value, time_unit and time_unit.value),
        labelled,
        columns,
        weights,
        label_map,
        assume_random,
        not no_texts,
        shlex.join(["goemotions", *sys.argv[1:]]),
        reading,
    )
    made = make_report(classifier, file, options, show_progress=True)
    for path in write_report(made, output):
        terminal.echo(str(path))
    for line in made.main.notes():
        terminal.note(line)
