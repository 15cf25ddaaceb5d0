"""Show the facts of ``goemotions data inspect`` as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from goemotions.cli.terminal import add_row, plain, table_console

STRONGEST = 10  # pairs of labels shown


def print_inspection(facts: Mapping[str, Any]) -> None:
    console = table_console()
    for table in (splits_table(facts), labels_table(facts), pairs_table(facts), duplicates_table(facts)):
        console.print(table)
        console.print()


def splits_table(facts: Mapping[str, Any]) -> Table:
    rows = facts["splits"]
    table = new_table("Splits", "", *rows)
    add_row(table, "rows", *(f"{split['rows']:,}" for split in rows.values()))
    add_row(table, "labels a row, mean", *(f"{split['labels_a_row']['mean']:.2f}" for split in rows.values()))
    add_row(table, "rows without a label", *(f"{split['rows_without_a_label']:,}" for split in rows.values()))
    for unit in ("words", "characters"):
        cells = (f"{s[unit]['median']:.0f} / {s[unit]['p95']:.0f} / {s[unit]['max']:.0f}" for s in rows.values())
        add_row(table, f"{unit}: median / 95 % / longest", *cells)
    return table


def labels_table(facts: Mapping[str, Any]) -> Table:
    table = new_table("Rows with each label", "label", *facts["splits"])
    first = next(iter(facts["splits"].values()))["label_counts"]
    for label in sorted(facts["labels"], key=lambda name: -first[name]):
        cells = (split["label_counts"][label] for split in facts["splits"].values())
        add_row(table, label, *(f"{count:,}" if count else "none" for count in cells))
    return table


def pairs_table(facts: Mapping[str, Any]) -> Table:
    labels, counts = facts["labels"], facts["co_occurrence"]
    pairs = [(counts[i][j], i, j) for i in range(len(labels)) for j in range(i)]
    table = new_table("Labels that go together most", "labels", "rows", "of the first", "of the second")
    for rows, i, j in sorted(pairs, reverse=True)[:STRONGEST]:
        if rows:
            shares = (f"{rows / counts[k][k]:.1%}" for k in (i, j))
            add_row(table, f"{labels[i]}, {labels[j]}", f"{rows:,}", *shares)
    return table


def duplicates_table(facts: Mapping[str, Any]) -> Table:
    table = new_table("Texts that occur again", "", "the same", "nearly the same")
    for where, found in facts["duplicates"].items():
        add_row(table, where, f"{found['same']:,}", f"{found['nearly']:,}")
    return table


def new_table(title: str, first: str, *others: str) -> Table:
    table = Table(title=plain(title), title_justify="left")
    table.add_column(plain(first))
    for name in others:
        table.add_column(plain(name), justify="right")
    return table
