"""The results of a fit: how good the model will be, how sure its thresholds are, what more rows would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goemotions.evaluation.figures import Figure
from goemotions.evaluation.formatting import Table, format_figure, format_number

FEW_ROWS = 4
"""A label with fewer rows, or without it in fewer, is said to have too few."""


@dataclass(frozen=True)
class LabelReport:
    """One label.

    Attributes:
        rows: that have it.
        f1: of rows left out, by cross-validation.
        threshold: with an interval.
        starts_from: the base's labels whose answer it starts from; empty if it starts from nothing.
        kept: there are too few rows, and the base's own answer is given.
    """

    name: str
    rows: int
    f1: Figure
    threshold: Figure
    starts_from: tuple[str, ...]
    kept: bool


@dataclass(frozen=True)
class CurvePoint:
    """The mean macro F1 of models fitted on so many rows."""

    rows: int
    macro_f1: float


@dataclass(frozen=True)
class Suspect:
    """A row whose label the other rows contradict; ``probability`` is what they give to the label."""

    row: str
    label: str
    given: bool
    probability: float


@dataclass(frozen=True)
class FitReport:
    """The results of a fit.

    Attributes:
        source: where the rows come from.
        way: what was fitted, for people.
        macro_f1, micro_f1, average_precision: of rows left out, by cross-validation; the last is the mean over labels.
        calibration_error: the same, over probabilities of at least 0.1.
        base_macro_f1: of the base's own answer on the same rows, where it knows every label.
        curve: by number of rows, the last is what cross-validation has.
        doubling: what twice as many rows would add to macro F1; None where the curve does not say.
        suspects: rows that look mislabelled, the most suspicious first.
        doubled: rows of nearly the same text.
        holdout: macro F1 on rows set aside; None where there are none.
        coarse: labels of the rows that stand for several of an adapted model's, which nothing tells apart.
    """

    source: str
    base: str
    rows: int
    single: bool
    way: str
    macro_f1: Figure
    micro_f1: Figure
    average_precision: Figure
    calibration_error: float
    base_macro_f1: Figure | None
    labels: tuple[LabelReport, ...]
    curve: tuple[CurvePoint, ...]
    doubling: float | None
    suspects: tuple[Suspect, ...]
    doubled: tuple[tuple[str, ...], ...]
    holdout: Figure | None = None
    holdout_rows: int = 0
    coarse: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return what a terminal shows beside :meth:`table`."""
        names = "1 label" if len(self.labels) == 1 else f"{len(self.labels)} labels"
        kind = "one label per text" if self.single else "any number of labels per text"
        found = [
            f"{self.rows:,} rows of {self.source}, {names}, {kind}, on {self.base}: {self.way}",
            "On rows left out (cross-validation, 95 % intervals):",
            f"  macro F1                {format_figure(self.macro_f1)}",
            f"  micro F1                {format_figure(self.micro_f1)}",
            f"  mean average precision  {format_figure(self.average_precision)}",
            f"  calibration error       {format_number(self.calibration_error)}",
        ]
        if self.base_macro_f1 is not None:
            found.append(f"  {self.base} as it is        {format_figure(self.base_macro_f1)} macro F1")
        if self.holdout is not None:
            found.append(f"On the {self.holdout_rows:,} rows set aside: macro F1 {format_figure(self.holdout)}")
        return [*found, *self.advice()]

    def advice(self) -> list[str]:
        """Return what to do about rows and labels, a sentence each."""
        said = []
        if self.coarse:
            said.append(
                f"These figures are of {', '.join(self.coarse)}, as the rows have them, and not of the model's labels "
                "that they stand for: those move together, and a text may be given more of them than before."
            )
        if self.curve:
            points = ", ".join(f"{point.macro_f1:.3f} with {point.rows:,}" for point in self.curve)
            gain = "" if self.doubling is None else f"; twice as many rows would add about {self.doubling:+.3f}"
            said.append(f"Macro F1 by rows: {points}{gain}.")
        kept = [label.name for label in self.labels if label.kept]
        few = [label.name for label in self.labels if label.rows < FEW_ROWS]
        always = [label.name for label in self.labels if self.rows - label.rows < FEW_ROWS <= label.rows]
        if kept:
            said.append(f"Too few rows, so that {self.base}'s own answer is given: {', '.join(kept)}.")
        if [name for name in few if name not in kept]:
            rest = [name for name in few if name not in kept]
            said.append(f"Fewer than {FEW_ROWS} rows, hardly learnt: {', '.join(rest)}; label more of them.")
        if always:
            said.append(f"Fewer than {FEW_ROWS} rows without: {', '.join(always)}; label more of others.")
        for suspect in self.suspects:
            other = "has" if suspect.given else "lacks"
            said.append(
                f"Row {suspect.row} {other} {suspect.label}, to which the other rows give {suspect.probability:.2f}: "
                "is it mislabelled?"
            )
        said += [f"Rows {', '.join(rows)} are nearly the same text." for rows in self.doubled]
        return said

    def table(self) -> Table:
        """Return a row per label."""
        header = ("label", "rows", "F1", "threshold", "starts from")
        rows: Sequence[Sequence[str]] = [
            (
                label.name,
                f"{label.rows:,}",
                format_figure(label.f1),
                format_figure(label.threshold, 2),
                ", ".join(label.starts_from) if len(label.starts_from) < 4 else f"{len(label.starts_from)} labels",
            )
            for label in self.labels
        ]
        return Table("Labels", header, rows)
