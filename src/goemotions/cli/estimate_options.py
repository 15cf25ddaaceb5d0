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
MonthFirst = Annotated[
    bool | None,
    typer.Option(
        "--month-first/--day-first",
        help="What is first in dates with slashes: the month, as in 3/31/2026, or the day, as in 31/3/2026.",
        show_default="no such date is read",
    ),
]
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
    month_first: MonthFirst = None,
    labelled: Labelled = None,
    weights: Weights = None,
    label_map: LabelMap = None,
    assume_random: AssumeRandom = False,
) -> EstimateOptions:
    """Return what the command line says of an estimate, without columns and reading; its parameters are the group.

    Raises:
        ValueError: an option without the one that it belongs to.
    """
    if time_unit is not None and time is None:
        raise ValueError("--time-unit goes with --time")
    if month_first is not None and time is None:
        raise ValueError(f"--{'month' if month_first else 'day'}-first goes with --time")
    if weights is not None and labelled is None:
        raise ValueError("--weights goes with --labelled: it says how many texts each labelled row stands for")
    from goemotions.estimation.corpus import Grouping
    from goemotions.estimation.options import EstimateOptions

    grouping = Grouping(by, time, period.value, time_unit and time_unit.value, month_first)
    return EstimateOptions(
        grouping=grouping, labelled=labelled, weights=weights, label_map=label_map, assume_random=assume_random
    )


def with_estimate_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with the group's options in place of its parameter ``asked``, which gets their values."""
    return with_group(command, "asked", options)
