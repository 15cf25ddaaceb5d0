"""``goemotions adapt``: a model's own labels on texts of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goemotions.cli.fitting import Data, FitOptions, finish, progress, read, with_fit_options
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.data.tables import Columns


@with_fit_options
def adapt(*, reading: ReadOptions, columns: Columns, asked: FitOptions, data: Data) -> None:
    """Adapt a model to texts of another kind: its labels stay, some rows labelled with them say how it must change."""
    from goemotions.fitting.adapt import adapt_rows

    rows, aside = read(data, asked, columns, False, reading)
    with progress() as advance:
        fitted = adapt_rows(
            rows,
            asked.base,
            label_map=asked.label_map,
            holdout=aside,
            seed=asked.seed,
            threads=asked.threads,
            advance=advance,
        )
    finish(fitted, asked)
