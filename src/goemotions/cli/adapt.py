"""``goemotions adapt``: a model's own labels on texts of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goemotions.cli.fitting import Data, FitOptions, read, run, with_fit_options
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.data.tables import Columns


@with_fit_options
def adapt(*, reading: ReadOptions, columns: Columns, asked: FitOptions, data: Data) -> None:
    """Adapt a model to texts of another kind: it keeps its labels, and learns from rows that have them."""
    from goemotions.fitting.adapt import adapt_rows

    rows, aside = read(data, asked, columns, False, reading)
    run(adapt_rows, rows, aside, asked)
