"""Results of an estimate: shares, changes, and what a reader must know of them."""

from __future__ import annotations

from dataclasses import dataclass

from goemotions.estimation.changes import Change
from goemotions.estimation.familiarity import Distance


@dataclass(frozen=True)
class Share:
    """The share of some texts that have a label.

    Attributes:
        group, period: of the texts; None for all groups, and for all times.
        share: None for texts of which none is labelled, where others are.
        low, high: the 95 % interval.
        rows: texts, those without any words left out.
        labelled: those of them that people labelled.
    """

    label: str
    group: str | None
    period: str | None
    share: float | None
    low: float
    high: float
    rows: int
    labelled: int


@dataclass(frozen=True)
class Estimates:
    """Everything that is estimated of a table.

    Attributes:
        labels: in the order of the results.
        shares: of all texts, of each group, of each period, and of each group in each period.
        changes: differences of each group from all others, and trends of all texts and of each group.
        rows: texts; ``blank`` rows have none and are left out, of ``truncated`` texts the model read the beginning.
        labelled: texts that people labelled.
        distance: of the texts from those that the model learnt from, where it is known and no text is labelled.
    """

    labels: tuple[str, ...]
    shares: tuple[Share, ...]
    changes: tuple[Change, ...]
    rows: int
    blank: int
    truncated: int
    labelled: int
    distance: Distance | None = None

    def notes(self) -> list[str]:
        """Return what a reader of the figures must know, in sentences."""
        told = []
        if self.blank:
            told.append(f"{self.blank:,} of {self.rows + self.blank:,} rows have no text and are left out")
        if not self.labelled:
            told.append(
                "no text was labelled by people: the shares are what the model says, and hold for texts like those "
                "that it learnt from; the intervals say how much other texts of the same kind would differ, not how "
                "far the model is wrong. goemotions sample draws rows to label, and --labelled takes them"
            )
        if self.distance is not None:
            told.append(self.distance.sentence())
        without = [share for share in self.shares if share.share is None]
        if without:
            cells = len({(share.group, share.period) for share in without})
            told.append(
                f"{cells:,} groups or periods have no labelled row, and no share: label more, or take longer ones"
            )
        return told

    def overall(self) -> dict[str, Share]:
        """Return the share of each label in all texts."""
        return {share.label: share for share in self.shares if share.group is None and share.period is None}
