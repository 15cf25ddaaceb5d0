"""The options that say how a table is read: one group, which every command that reads tables takes."""

from __future__ import annotations

from collections.abc import Callable

from goemotions.cli import options as opt
from goemotions.cli.option_groups import with_group
from goemotions.tables.source import ReadOptions


def options(
    delimiter: opt.Delimiter = None,
    encoding: opt.TextEncoding = None,
    no_header: opt.NoHeader = False,
    sheet: opt.Sheet = None,
    query: opt.Query = None,
) -> ReadOptions:
    """Return what the command line says of tables; its parameters are the group."""
    return ReadOptions(delimiter, encoding, not no_header, sheet, query)


def with_table_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with the group's options in place of its parameter ``reading``, which gets their values."""
    return with_group(command, "reading", options)
