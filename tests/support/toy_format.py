"""A table format from outside of the package: a module with ``open_table``, as ``docs/architecture.md`` says."""

from __future__ import annotations

from pathlib import Path

from goemotions.tables.delimited import DelimitedTable
from goemotions.tables.table import Table


def open_table(path: Path, text_column: str) -> Table:
    return DelimitedTable(path, text_column, "|")
