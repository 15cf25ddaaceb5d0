"""``goemotions fit``: a model of labels of one's own, from labelled rows, in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli.fitting import Data, FitOptions, read, run, with_fit_options
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.data.tables import Columns


@with_fit_options
def fit(
    *,
    reading: ReadOptions,
    columns: Columns,
    asked: FitOptions,
    data: Data,
    single: Annotated[
        bool | None,
        typer.Option(
            "--single/--multi",
            help="Whether a text has exactly one label or any number.",
            show_default="what the rows show",
        ),
    ] = None,
) -> None:
    """Fit a model to your own labels, from some dozen labelled rows, in seconds, on any machine."""
    from goemotions.fitting.fit import fit_rows

    rows, aside = read(data, asked, columns, single, reading)
    run(fit_rows, rows, aside, asked)
