"""``goemotions report``: one page about a corpus, for people who decide."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.estimate import Source
from goemotions.cli.estimate_options import with_estimate_options
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.data.tables import Columns
    from goemotions.estimation.options import EstimateOptions


@with_model_options
@with_table_options
@with_column_options
@with_estimate_options
def report(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    columns: Columns,
    asked: EstimateOptions,
    file: Source,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page to write; a CSV and a JSON of everything go beside it.")
    ] = Path("report.html"),
    model: opt.Model = None,
    no_texts: Annotated[bool, typer.Option("--no-texts", help="Leave texts out of the page; words stay.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Write a page about the emotions in a table: shares with intervals, changes, groups, words and texts."""
    from goemotions.classifier import EmotionClassifier
    from goemotions.files import check_writable, refuse_existing
    from goemotions.reporting.report import ReportOptions, make_report
    from goemotions.reporting.run import forms, write_report

    for path in forms(output, [file, *([asked.labelled] if asked.labelled else [])]):
        check_writable(path)
        refuse_existing(path, overwrite)
    classifier = EmotionClassifier(model, **vars(load))
    given = replace(asked, text_column=columns.text, columns=columns, reading=reading)
    command = shlex.join(["goemotions", *sys.argv[1:]])
    options = ReportOptions(**vars(given), texts=not no_texts, command=command)
    made = make_report(classifier, file, options, show_progress=True)
    for path in write_report(made, output):
        terminal.echo(str(path))
    for line in made.main.notes():
        terminal.note(line)
