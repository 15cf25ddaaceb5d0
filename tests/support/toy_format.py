"""A table format from outside of the package: a module with ``open_table``, as ``docs/architecture.md`` says."""

from __future__ import annotations

from goemotions.tables.delimited import DelimitedTable
from goemotions.tables.source import Source
from goemotions.tables.table import Table


def open_table(source: Source, text_column: str) -> Table:
    return DelimitedTable(source, text_column, "|")
