"""``goemotions compare``: which of two models is better on the same texts, and how sure that is."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.evaluate import AbsentOk, Labelled, MapName, Resamples, Seed, read_data
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.records import to_json
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.data.tables import Columns
    from goemotions.evaluation.compare import Comparison
    from goemotions.evaluation.figures import Difference

WIDTH = 13  # of a model's name


@with_model_options
@with_column_options
@with_table_options
def compare(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    columns: Columns,
    first: Annotated[str, typer.Argument(help="A shipped model, a directory or a hub id.")],
    second: Annotated[str, typer.Argument(help="The model to compare it with.")],
    data: Labelled,
    label_map: MapName = None,
    absent_ok: AbsentOk = False,
    at_half: Annotated[
        bool, typer.Option("--at-half", help="Compare at 0.5 for every label, not at each model's own thresholds.")
    ] = False,
    resamples: Resamples = 10_000,
    seed: Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Compare two models by a paired bootstrap (extra "report")."""
    opt.require_report("comparison")
    from goemotions.classifier import EmotionClassifier
    from goemotions.evaluation.compare import compare_predictions, shared_labels
    from goemotions.evaluation.evaluate import predictions_of
    from goemotions.evaluation.figures import HALF, OWN
    from goemotions.evaluation.measure import Predictions

    models = [EmotionClassifier(name, **vars(load)) for name in (first, second)]
    if label_map is None:
        shared_labels(models[0].labels, models[1].labels)
    predictions: list[Predictions] = []
    for model in models:
        labelled, read = read_data(data, "test.tsv", model.labels, label_map, absent_ok, reading, columns)
        scored = model.score(labelled.texts)
        made = predictions_of(scored.probabilities, model, labelled, read, languages=scored.languages)
        predictions.append(made if not predictions else made.ordered(predictions[0].labels))
    found = compare_predictions(predictions[0], predictions[1], HALF if at_half else OWN, resamples, seed)
    if as_json:
        terminal.echo(json.dumps({"first": first, "second": second, "data": labelled.name, **to_json(found)}))
    else:
        show(first, second, found, resamples)


def show(first: str, second: str, found: Comparison, resamples: int) -> None:
    """Print a line per figure."""
    one, other = (Path(name).name[-WIDTH:] for name in (first, second))
    if one == other:
        one, other = "first", "second"
        terminal.echo(f"first: {first}; second: {second}")
    head = f"{'':<24} {one:>{WIDTH}} {other:>{WIDTH}}   difference (95 % interval)    chance of the other sign"
    terminal.echo(head)
    for field in fields(found.overall):
        title = field.name.replace("_", " ").replace("f1", "F1")
        terminal.echo(line(title, getattr(found.overall, field.name), resamples))
    for label, figures in found.labels.items():
        terminal.echo(line(f"F1 of {label}", figures.f1, resamples))
    expected = 0.05 * len(found.labels)
    if expected >= 1:
        note = f"of {len(found.labels)} labels about {expected:.1f} have an interval without 0 by chance alone"
        terminal.note(note)


def line(name: str, found: Difference, resamples: int) -> str:
    """Return a row: both figures, their difference with its interval, and the chance of the other sign."""
    from goemotions.evaluation.formatting import format_difference, format_number

    if found.value is None:
        return f"{name:<24} undefined: no positives"
    wrong = found.sign_wrong
    values = f"{format_number(found.first):>{WIDTH}} {format_number(found.second):>{WIDTH}}"
    chance = "" if wrong is None else format_number(wrong, 4) if wrong else f"< {1 / resamples:g}"
    return f"{name:<24} {values}   {format_difference(found):<29} {chance:>8}"
