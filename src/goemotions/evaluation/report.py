"""The report of a model on a data set: what every page, table and JSON file is made from.

:func:`goemotions.records.to_json` writes it, and :func:`goemotions.records.from_json` reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from goemotions.evaluation.figures import CalibrationFigures, Figures, Subset
from goemotions.evaluation.label_groups import LabelMap
from goemotions.records import OMIT_DEFAULT

FORMAT = 1
LABELS = "labels"
"""The name of the labels themselves among the groups of labels that have figures."""


@dataclass(frozen=True)
class ThresholdPoint:
    """Macro and micro F1 with one threshold for all labels."""

    threshold: float
    macro_f1: float | None
    micro_f1: float | None


@dataclass(frozen=True)
class Mistake:
    """A label given wrongly, or missed; ``text`` only where texts were asked for."""

    id: str
    label: str
    probability: float
    true: Sequence[str]
    given: Sequence[str]
    text: str | None = field(default=None, metadata=OMIT_DEFAULT)


@dataclass(frozen=True)
class Mistakes:
    """The surest false alarms, and the misses with the lowest probability."""

    false_alarms: Sequence[Mistake]
    misses: Sequence[Mistake]


@dataclass(frozen=True)
class ModelFacts:
    """The model that was measured."""

    name: str
    architecture: str


@dataclass(frozen=True)
class DataFacts:
    """The data that a model was measured on; ``truncated`` texts were longer than it reads."""

    name: str
    sha256: str
    rows: int
    truncated: int
    labels: Sequence[str]
    label_map: LabelMap | None


@dataclass(frozen=True)
class Seen:
    """Rows that the model was trained on, and figures without them; ``rows`` is None if the model does not say."""

    rows: int | None
    ids: Sequence[str]
    without: Subset | None


@dataclass(frozen=True)
class Report:
    """Everything about one model on one data set.

    Attributes:
        marks: why the figures are not those of new text; empty if nothing is known against them.
        thresholds: by the name of decisions, per label.
        unreliable: labels whose figures are known too poorly, and why.
        figures: of the labels (:attr:`of_labels`) and of groups of them.
        curves: points (recall, precision) per label.
        confusion, together: of the texts with each label, the share that is given, or has, each: [labels, labels].
    """

    format: int
    model: ModelFacts
    data: DataFacts
    resamples: int
    seed: int
    marks: Sequence[str]
    thresholds: Mapping[str, Mapping[str, float]]
    thresholds_from: str
    undefined: Sequence[str]
    unreliable: Mapping[str, str]
    figures: Mapping[str, Figures]
    seen: Seen
    slices: Mapping[str, Subset]
    calibration: CalibrationFigures
    curves: Mapping[str, Sequence[tuple[float, float]]]
    common_threshold: Sequence[ThresholdPoint]
    confusion: Sequence[Sequence[float | None]]
    together: Sequence[Sequence[float | None]]
    worst: Mistakes

    @property
    def of_labels(self) -> Figures:
        """Figures of the labels themselves."""
        return self.figures[LABELS]
