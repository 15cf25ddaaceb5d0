"""``goemotions tune``: thresholds, and calibration, from a validation set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.evaluate import AbsentOk, read_data
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.records import to_json
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.data.tables import Columns
    from goemotions.thresholds import Objective


@with_model_options
@with_column_options
@with_table_options
def tune(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    columns: Columns,
    model: Annotated[str, typer.Argument(help="A shipped model, a directory or a hub id.")],
    data: Annotated[
        Path, typer.Argument(help="A labelled validation file, as for evaluate; of a folder, its dev.tsv.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model directory to write; may be MODEL's own.")],
    objective: Annotated[
        str, typer.Option(help="What to aim at: f1, or what every label must reach, as precision=0.8.")
    ] = "f1",
    smoothing: Annotated[
        float, typer.Option(min=0, help="The width, in log odds, over which a figure is averaged; 0 for none.")
    ] = 0.3,
    shrinkage: Annotated[
        float, typer.Option(min=0, help="The number of positives that a threshold common to all labels counts for.")
    ] = 0.0,
    calibrate: Annotated[
        str | None, typer.Option(help="Calibrate first: temperature, platt or isotonic.", show_default="as it is")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="The language of the texts, such as ko: only texts in it get these thresholds.", show_default="all"
        ),
    ] = None,
    absent_ok: AbsentOk = False,
    force: Annotated[
        bool, typer.Option("--force", help="Tune also on data that the model was tested or trained on; it will say so.")
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Tune a model's thresholds on labelled texts that it was not trained on (extra "report")."""
    opt.require_report("tuning")
    from goemotions.classifier import EmotionClassifier
    from goemotions.evaluation.formatting import format_number
    from goemotions.evaluation.tuning import tune_model

    name, target = parse_objective(objective)
    classifier = EmotionClassifier(model, **vars(load))
    found, _ = read_data(data, "dev.tsv", classifier.labels, None, absent_ok, reading, columns)
    record = tune_model(
        classifier,
        found,
        output,
        objective=name,
        target=target,
        smoothing=smoothing,
        shrinkage=shrinkage,
        calibration=calibrate,
        force=force,
        language=language,
    )
    if as_json:
        terminal.echo(json.dumps(to_json(record)))
        return
    if record.forced:
        terminal.warn(f"{record.forced}; the model and its figures are marked")
    terminal.echo(
        f"{output}: on {found.name} macro F1 {format_number(record.macro_f1_before)} became "
        f"{format_number(record.macro_f1)}, calibration error {format_number(record.calibration_error_before)} became "
        f"{format_number(record.calibration_error)}. "
        "These are of the data tuned on: goemotions evaluate measures on other data."
    )


def parse_objective(text: str) -> tuple[Objective, float | None]:
    """Return the objective and target of ``f1``, ``precision=0.8`` or ``recall=0.8``.

    Raises:
        ValueError: anything else.
    """
    name, separator, number = text.partition("=")
    if name not in ("f1", "precision", "recall") or (name == "f1") == bool(separator):
        raise ValueError(f"--objective {text!r}: expected f1, precision=NUMBER or recall=NUMBER")
    try:
        return cast("Objective", name), float(number) if separator else None
    except ValueError:
        raise ValueError(f"--objective {text!r}: {number!r} is not a number") from None
