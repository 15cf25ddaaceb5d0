"""Results of an estimate: shares, changes, and what a reader must know of them."""

from __future__ import annotations

from dataclasses import dataclass

from goemotions.errors import counted, counted_of
from goemotions.estimation.changes import Change
from goemotions.estimation.familiarity import Distance

BLANK = "has no text and is left out", "have no text and are left out"
FEW_REPEATED = 0.01  # of texts, up to which nothing is said
REPEATED = (
    "stands, letter for letter, in a row before and counts again: leave copies, such as reposts, out",
    "stand, letter for letter, in a row before and count again: leave copies, such as reposts, out",
)


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
        repeated: texts that stand, letter for letter, in a row before.
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
    repeated: int = 0

    def notes(self) -> list[str]:
        """Return what a reader of the figures must know, in sentences."""
        told = []
        if self.blank:
            told.append(counted_of(self.blank, self.rows + self.blank, "row", *BLANK))
        if self.repeated > FEW_REPEATED * self.rows:
            told.append(f"{counted_of(self.repeated, self.rows, 'text', *REPEATED)}")
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
            one, many = "group or period has", "groups or periods have"
            told.append(f"{counted(cells, one, many)} no labelled row, and no share: label more, or take longer ones")
        return told

    def overall(self) -> dict[str, Share]:
        """Return the share of each label in all texts."""
        return {share.label: share for share in self.shares if share.group is None and share.period is None}
