"""``goemotions evaluate``: how good a model is on labelled texts, with intervals, as a page, Markdown and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.errors import counted
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.data.tables import Columns
    from goemotions.evaluation.datasets import LabelledTexts
    from goemotions.evaluation.label_groups import LabelMap
    from goemotions.evaluation.report import Report

Labelled = Annotated[
    Path,
    typer.Argument(
        help="A labelled file: official GoEmotions TSV; CSV, TSV or JSON lines with columns text and labels (or "
        "others: --text-column, --labels-column), or with a 0/1 column per label. Of a folder, its test.tsv."
    ),
]
MapName = Annotated[
    str | None,
    typer.Option(
        help="From the data's labels to the model's: plutchik, ekman, dailydialog, brighter, or a JSON or YAML file."
    ),
]
AbsentOk = Annotated[
    bool,
    typer.Option(
        "--absent-labels-are-negative", help="A label that the data never names applies to none of its texts."
    ),
]
Resamples = Annotated[int, typer.Option(min=100, help="The number of resamples of the bootstrap.")]
Seed = Annotated[int, typer.Option(help="The seed of the bootstrap.")]


@with_model_options
@with_column_options
@with_table_options
def evaluate(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    columns: Columns,
    model: Annotated[str, typer.Argument(help="A shipped model, a directory or a hub id.")],
    data: Labelled,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the report as three files: OUTPUT.html (a page), OUTPUT.md and OUTPUT.json.",
            show_default="no files",
        ),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold", "-t", help="Thresholds to measure too: 0.4 for all, or label=0.8. May be repeated."
        ),
    ] = None,
    label_map: MapName = None,
    absent_ok: AbsentOk = False,
    texts: Annotated[
        bool, typer.Option("--texts", help="Show the texts of the worst errors, not only their ids.")
    ] = False,
    store: Annotated[
        bool, typer.Option("--store", help="Keep the figures, and a card made from them, in the model's directory.")
    ] = False,
    resamples: Resamples = 10_000,
    seed: Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Measure a model on labelled texts (extra "report")."""
    opt.require_report("evaluation")
    from goemotions.classifier import EmotionClassifier
    from goemotions.evaluation import page
    from goemotions.evaluation.evaluate import evaluate as run
    from goemotions.evaluation.model_card import store as store_figures
    from goemotions.files import check_replaceable, check_writable
    from goemotions.specs import is_model
    from goemotions.tables.several import refuse_read

    if output is not None:
        for path in page.paths(output):
            refuse_read(path, data / "test.tsv" if data.is_dir() else data)
            check_writable(path)
    classifier = EmotionClassifier(model, **vars(load))
    if store:
        check_replaceable(classifier.directory, is_model)
    found, read = read_data(data, "test.tsv", classifier.labels, label_map, absent_ok, reading, columns)
    every, single = opt.parse_thresholds(threshold)
    given = dict.fromkeys(classifier.labels, every) | single if every is not None else single
    report = run(
        classifier,
        found,
        label_map=read,
        threshold=given or None,
        resamples=resamples,
        seed=seed,
        with_texts=texts,
    )
    if store:
        store_figures(report, classifier.directory)
    if output is not None:
        first, second, third = page.write(report, output)
        terminal.echo(f"the report is in three files: {first}, {second} and {third}", err=True)
    terminal.echo(page.json_text(report) if as_json else summary(report), nl=not as_json)


def read_data(
    data: Path,
    default: str,
    labels: tuple[str, ...],
    label_map: str | None,
    absent_ok: bool,
    reading: ReadOptions,
    columns: Columns,
) -> tuple[LabelledTexts, LabelMap | None]:
    """Return the texts of a file, or of the file ``default`` in a folder, and the label map they were read with."""
    from goemotions.evaluation.datasets import read_labelled
    from goemotions.evaluation.label_groups import read_label_map

    found = read_label_map(label_map, labels) if label_map else None
    path = data / default if data.is_dir() else data
    return read_labelled(path, labels, found, absent_ok, reading, columns), found


def summary(report: Report) -> str:
    """Return what a terminal shows: the figures that matter, and what is against them."""
    from goemotions.evaluation.formatting import format_figure
    from goemotions.evaluation.report_tables import seen_note

    own, half = report.of_labels.own.overall, report.of_labels.half.overall
    lines = [f"{report.model.name} on {report.data.name}: {counted(report.data.rows, 'text')}"]
    lines += [f"NOT AN HONEST FIGURE: {mark}" for mark in report.marks]
    lines += [
        f"macro F1                {format_figure(own.macro_f1)}; at 0.5 for all {format_figure(half.macro_f1)}",
        f"micro F1                {format_figure(own.micro_f1)}; at 0.5 for all {format_figure(half.micro_f1)}",
        f"mean average precision  {format_figure(report.of_labels.ranking.overall.macro_average_precision)}",
        f"exact match             {format_figure(own.exact_match)}",
        f"calibration error       {format_figure(report.calibration.error)}",
        seen_note(report.seen.rows),
    ]
    if report.seen.without:
        lines[-1] += f" Macro F1 without them: {format_figure(report.seen.without.macro_f1)}."
    if report.undefined:
        lines.append(f"undefined, and left out of macro figures (no positives): {', '.join(report.undefined)}")
    if report.unreliable:
        lines.append(f"unreliable labels: {', '.join(report.unreliable)}")
    return "\n".join(lines)
