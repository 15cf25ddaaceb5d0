"""Summary of a finished job: counts by label, by group and over time, as JSON, as a table and as pictures."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pyarrow.csv

from goemotions.batch.cluster.ledger import Ledger
from goemotions.batch.cluster.score import JOB
from goemotions.batch.cluster.tally import Cell, Tally
from goemotions.grouping import Grouping

CELLS = 100_000
"""Periods times groups that are told apart; a column with more is no grouping, and the rest counts as one."""
OTHER = "(other)"
LARGEST_GROUPS, LARGEST_LABELS = 8, 6
"""Curves that a picture can show."""


def summarise(ledger: Ledger, labels: Sequence[str], grouping: Grouping) -> Tally:
    """Add up a whole job's tallies and write ``summary.json``, ``counts.csv`` and, with matplotlib, pictures.

    Raises:
        DataError: a result that does not hold the rows the manifest says.
    """
    total = Tally()
    for tally in ledger.tallies():
        if len(total.cells) > CELLS:
            tally.cells = merged(tally.cells, total.cells)
        total.add(tally)
    write = ledger.location.write
    write(f"{JOB}/counts.csv", counts_csv(total, labels, grouping))
    write(f"{JOB}/summary.json", summary_json(ledger, total, labels))
    if find_spec("matplotlib") is not None:
        for name, content in pictures(total, labels, grouping):
            write(f"{JOB}/{name}", content)
    return total


def merged(cells: dict[Cell, dict[str, int]], known: dict[Cell, Any]) -> dict[Cell, dict[str, int]]:
    """Return ``cells`` with those not ``known`` put together as one group per period."""
    kept = Tally()
    for (period, group), counts in cells.items():
        cell = (period, group) if (period, group) in known else (period, OTHER)
        kept.add(Tally(cells={cell: counts}))
    return kept.cells


def summary_json(ledger: Ledger, total: Tally, labels: Sequence[str]) -> bytes:
    counts = label_counts(total, labels)
    figures = {name: value for name, value in asdict(total).items() if name != "cells"}
    summary = {
        **figures,
        "fragments": len(ledger.fragments),
        "unreadable_files": ledger.unreadable,
        "labels": {name: {"rows": n, "share": round(n / max(1, total.rows), 6)} for name, n in counts.items()},
    }
    return json.dumps(summary, indent=1).encode()


def label_counts(total: Tally, labels: Sequence[str]) -> dict[str, int]:
    """Return the number of rows with each label, the commonest first."""
    counts = {label: sum(cell.get(label, 0) for cell in total.cells.values()) for label in labels}
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def counts_csv(total: Tally, labels: Sequence[str], grouping: Grouping) -> bytes:
    """Return CSV with a line per period, group and label: rows with it, of how many, and the share."""
    lines = [
        (period, group, label, counts.get(label, 0), counts["rows"], round(counts.get(label, 0) / counts["rows"], 6))
        for (period, group), counts in sorted(total.cells.items())
        for label in labels
    ]
    names = ["period", "group", "label", "rows_with_label", "rows", "share"]
    columns = [list(column) for column in zip(*lines, strict=True)] or [[] for _ in names]
    table = pa.table(dict(zip(names, columns, strict=True)))
    unused = [name for name, used in (("period", grouping.time), ("group", grouping.by)) if not used]
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table.drop_columns(unused), sink)
    return sink.getvalue()


def pictures(total: Tally, labels: Sequence[str], grouping: Grouping) -> Iterator[tuple[str, bytes]]:
    """Yield labels.png (label counts) and shares.png (the commonest labels' share over time, a panel per group)."""
    from matplotlib.figure import Figure

    counts = label_counts(total, labels)
    figure = Figure(figsize=(8, 7), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(counts)[::-1], list(counts.values())[::-1])
    axes.set_xlabel(f"rows with the label, of {total.rows:,}")
    yield "labels.png", png(figure)
    if not grouping.columns or not total.cells:
        return
    groups = largest_groups(total)
    shown = [label for label in counts if label != "neutral"][:LARGEST_LABELS]
    figure = Figure(figsize=(9, 2.4 * len(groups) + 0.6), layout="constrained")
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    for group, panel in zip(groups, panels, strict=True):
        draw_shares(panel, total, group, shown)
        panel.set_title(f"{grouping.by}: {group}" if grouping.by else "all rows", loc="left", fontsize=10)
    panels[0].legend(fontsize=8, ncols=3)
    yield "shares.png", png(figure)


def largest_groups(total: Tally) -> list[str]:
    rows: dict[str, int] = {}
    for (_, group), counts in total.cells.items():
        rows[group] = rows.get(group, 0) + counts["rows"]
    return sorted(rows, key=lambda group: -rows[group])[:LARGEST_GROUPS]


def draw_shares(axes: Any, total: Tally, group: str, labels: Sequence[str]) -> None:
    """Draw a curve per label: its share of the group's rows in each period."""
    cells = {period: counts for (period, name), counts in sorted(total.cells.items()) if name == group}
    for label in labels:
        shares = [100 * counts.get(label, 0) / counts["rows"] for counts in cells.values()]
        axes.plot([period or "all" for period in cells], shares, marker=".", label=label)
    axes.set_ylabel("% of rows")
    axes.set_ylim(bottom=0)
    axes.tick_params("x", rotation=90, labelsize=7)


def png(figure: Any) -> bytes:
    sink = io.BytesIO()
    figure.savefig(sink, dpi=120)
    return sink.getvalue()
