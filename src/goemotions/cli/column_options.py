"""The options that say which columns of labelled texts hold what: one group for the commands that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli.option_groups import with_group

if TYPE_CHECKING:
    from goemotions.data.tables import Columns

LabelsColumn = Annotated[
    str, typer.Option(help="The column with each row's labels: names with a separator, or a list.")
]
LabelColumns = Annotated[
    str | None,
    typer.Option(help="In place of it, one column of 0 and 1 for each label: a,b,c.", show_default="none"),
]
Separator = Annotated[
    str | None,
    typer.Option(help="The character between the labels in a cell.", show_default="the one of , ; | that is there"),
]


def options(
    text_column: opt.TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    label_columns: LabelColumns = None,
    separator: Separator = None,
) -> Columns:
    """Return what the command line says of columns; its parameters are the group."""
    from goemotions.data.tables import Columns

    each = tuple(name.strip() for name in label_columns.split(",")) if label_columns else ()
    return Columns(text_column, labels_column, each, separator=separator)


def with_column_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with the group's options in place of its parameter ``columns``, which gets their values."""
    return with_group(command, "columns", options)
