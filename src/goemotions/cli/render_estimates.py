"""Show shares, differences and trends as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from goemotions.cli.terminal import add_row, echo, plain, table_console
from goemotions.errors import counted
from goemotions.estimation.sentences import between, percent, sentences

if TYPE_CHECKING:
    from goemotions.estimation.changes import Change
    from goemotions.estimation.results import Estimates, Share
    from goemotions.grouping import Grouping

MOST_COLUMNS = 4


def show(found: Estimates, grouping: Grouping, changes: bool) -> None:
    """Print the shares of all texts and of groups and periods, and what was found to change; or all changes."""
    console = table_console()
    if changes:
        console.print(changes_table(found.changes, grouping))
        return
    of = counted(found.rows, "text") + (f", {found.labelled:,} of them labelled" if found.labelled else "")
    overall = [share for share in found.shares if share.group is None and share.period is None]
    order = {share.label: place for place, share in enumerate(sorted(overall, key=lambda share: -(share.share or 0)))}
    console.print(overall_table(sorted(overall, key=lambda share: order[share.label]), of))
    for title, chosen in (
        (grouping.by, [share for share in found.shares if share.group is not None and share.period is None]),
        (grouping.time, [share for share in found.shares if share.group is None and share.period is not None]),
    ):
        if title and chosen:
            for table in columns_tables(chosen, order, title):
                console.print(table)
    for line in sentences(found.changes, grouping.period):
        echo(line)


def overall_table(shares: Sequence[Share], of: str) -> Table:
    table = Table(title=plain(of), title_justify="left")
    table.add_column("label")
    for name in ("share", "95 % interval"):
        table.add_column(name, justify="right")
    for share in shares:
        add_row(table, share.label, percent(share.share), between(share))
    return table


def columns_tables(shares: Sequence[Share], order: dict[str, int], title: str) -> list[Table]:
    """Return tables with a column per group or period, as many side by side as can be read."""
    names = list(dict.fromkeys(share.group or share.period or "" for share in shares))
    cells = {(share.label, share.group or share.period or ""): share for share in shares}
    tables = []
    for start in range(0, len(names), MOST_COLUMNS):
        here = names[start : start + MOST_COLUMNS]
        table = Table(title=plain(title), title_justify="left")
        table.add_column("label")
        for name in here:
            table.add_column(plain(name), justify="right")
        for label in sorted(order, key=lambda label: order[label]):
            row = [cells[label, name] for name in here]
            add_row(table, label, *(f"{percent(share.share)} ({between(share)})" for share in row))
        tables.append(table)
    return tables


def changes_table(changes: Sequence[Change], grouping: Grouping) -> Table:
    table = Table(
        title=plain("Differences from all other texts, and rises per " + grouping.period), title_justify="left"
    )
    for name in ("", "label", "group", "points", "95 % interval", "q", "found"):
        table.add_column(name)
    for change in sorted(changes, key=lambda change: change.q):
        interval = f"{100 * change.low:+.2f} to {100 * change.high:+.2f}"
        points, found = f"{100 * change.change:+.2f}", "yes" if change.found else ""
        add_row(table, change.kind, change.label, change.group or "all", points, interval, f"{change.q:.3f}", found)
    return table
