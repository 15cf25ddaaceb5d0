"""The options that say what is estimated of a table: one group for the commands that give shares of a corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli.option_groups import with_group

if TYPE_CHECKING:
    from goemotions.estimation.options import EstimateOptions

By = Annotated[str | None, typer.Option(help="A column with groups, each of which has shares too.")]
Time = Annotated[str | None, typer.Option(help="A column with dates, by whose periods there are shares too.")]
Period = Annotated[opt.Period, typer.Option(help="The length of a period.")]
Labelled = Annotated[
    Path | None,
    typer.Option(help="Some of the rows with people's labels; without them the model is taken at its word."),
]
Weights = Annotated[
    str | None,
    typer.Option(
        help="The labelled rows' column with the number of texts that each stands for.",
        show_default="weight, if it is there",
    ),
]
LabelMap = Annotated[
    str | None,
    typer.Option(help="Coarser labels to estimate: ekman, plutchik, dailydialog, brighter, or a JSON or YAML file."),
]
AssumeRandom = Annotated[
    bool, typer.Option("--assume-random", help="Do not check that the labelled rows can have been drawn by chance.")
]


def options(
    by: By = None,
    time: Time = None,
    period: Period = opt.Period.month,
    time_unit: opt.TimeUnits = None,
    month_first: opt.MonthFirst = None,
    labelled: Labelled = None,
    weights: Weights = None,
    label_map: LabelMap = None,
    assume_random: AssumeRandom = False,
) -> EstimateOptions:
    """Return what the command line says of an estimate, without columns and reading; its parameters are the group.

    Raises:
        ValueError: an option without the one that it belongs to.
    """
    grouping = opt.grouping(by, time, period, time_unit, month_first, "--time")
    if weights is not None and labelled is None:
        raise ValueError("--weights goes with --labelled: it says how many texts each labelled row stands for")
    from goemotions.estimation.options import EstimateOptions

    return EstimateOptions(
        grouping=grouping, labelled=labelled, weights=weights, label_map=label_map, assume_random=assume_random
    )


def with_estimate_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with the group's options in place of its parameter ``asked``, which gets their values."""
    return with_group(command, "asked", options)
