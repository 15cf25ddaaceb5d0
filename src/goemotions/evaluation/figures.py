"""Figures with their intervals: the results that reports, model cards and tables are made from.

:func:`goemotions.records.to_json` writes them, and :func:`goemotions.records.from_json` reads them back. They need no
extra, so that a model's own figures can be shown anywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

T = TypeVar("T")

DIGITS = 6
OWN, HALF, GIVEN = "own", "0.5", "given"
"""Names of decisions: at the model's thresholds, at 0.5 for every label, at thresholds given to the command."""


@dataclass(frozen=True)
class Figure:
    """A value and its 95 % interval; None where the data cannot give it."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CalibrationFigure(Figure):
    """A calibration error; ``noise`` is what perfectly calibrated probabilities would show."""

    noise: float | None = None


@dataclass(frozen=True)
class Difference(Figure):
    """A figure of one model less that of another, both given.

    ``sign_wrong`` is the share of resamples in which the difference has the other sign, ties counting half: near 0 the
    order of the two is sure, at 0.5 it is a toss-up.
    """

    first: float | None = None
    second: float | None = None
    sign_wrong: float | None = None


@dataclass(frozen=True, kw_only=True)
class Averages:
    """Precision, recall and F1 of all labels, averaged in three ways."""

    macro_precision: Figure
    micro_precision: Figure
    weighted_precision: Figure
    macro_recall: Figure
    micro_recall: Figure
    weighted_recall: Figure
    macro_f1: Figure
    micro_f1: Figure
    weighted_f1: Figure


@dataclass(frozen=True, kw_only=True)
class Overall(Averages):
    """Figures of all labels at one choice of thresholds."""

    exact_match: Figure
    hamming_loss: Figure


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Something that is of a number of rows."""

    rows: int


@dataclass(frozen=True, kw_only=True)
class Subset(Averages, Rows):
    """Figures of some of the rows, at the first choice of thresholds. In JSON ``rows`` comes first."""


@dataclass(frozen=True)
class LabelFigures:
    """Figures of a label at one choice of thresholds; ``predicted`` rows are given it."""

    precision: Figure
    recall: Figure
    f1: Figure
    predicted: int


@dataclass(frozen=True)
class Decided:
    """Figures at one choice of thresholds, of all labels and per label."""

    overall: Overall
    labels: Mapping[str, LabelFigures]


@dataclass(frozen=True, kw_only=True)
class RankingAverages:
    """Figures of all labels that do not depend on thresholds."""

    macro_average_precision: Figure
    micro_average_precision: Figure
    weighted_average_precision: Figure
    macro_roc_auc: Figure
    micro_roc_auc: Figure
    weighted_roc_auc: Figure
    lrap: Figure


@dataclass(frozen=True)
class LabelRanking:
    """Figures of a label that do not depend on thresholds."""

    average_precision: Figure
    roc_auc: Figure


@dataclass(frozen=True)
class Ranked:
    """Figures that do not depend on thresholds, of all labels and per label."""

    overall: RankingAverages
    labels: Mapping[str, LabelRanking]


@dataclass(frozen=True)
class Figures:
    """Every figure of a set of labels.

    Attributes:
        support: positives per label.
        at: by the name of the thresholds.
    """

    support: Mapping[str, int]
    at: Mapping[str, Decided]
    ranking: Ranked

    @property
    def own(self) -> Decided:
        """Figures at the model's own thresholds."""
        return self.at[OWN]

    @property
    def half(self) -> Decided:
        """Figures at 0.5 for every label."""
        return self.at[HALF]

    def undefined_labels(self) -> list[str]:
        """Return the labels without a positive: their figures are undefined, and macro figures leave them out."""
        return [label for label, support in self.support.items() if not support]


@dataclass(frozen=True)
class CurvePoint:
    """A bin of a reliability curve: mean probability, share of positives, predictions in it."""

    predicted: float
    observed: float
    count: int


@dataclass(frozen=True)
class LabelCalibration:
    """Calibration error and Brier score of a label, with its reliability curve."""

    error: CalibrationFigure
    brier: Figure
    brier_skill: Figure
    curve: Sequence[CurvePoint]


@dataclass(frozen=True)
class CalibrationFigures:
    """Calibration error and Brier score, of all labels and per label.

    Attributes:
        at_least: the probability from which predictions count for ``error`` and the curves.
        error_of_all: over all predictions.
    """

    at_least: float
    error: CalibrationFigure
    error_of_all: CalibrationFigure
    brier: Figure
    curve: Sequence[CurvePoint]
    labels: Mapping[str, LabelCalibration]


def rounded(record: T) -> T:
    """Return a copy with every number to :data:`DIGITS` places: finer is not known, and not kept."""
    return cast(T, _rounded(record))


def _rounded(record: object) -> object:
    if isinstance(record, float):
        return round(record, DIGITS)
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        parts = {field.name: _rounded(getattr(record, field.name)) for field in dataclasses.fields(record)}
        return dataclasses.replace(record, **parts)
    if isinstance(record, Mapping):
        return {key: _rounded(value) for key, value in record.items()}
    if isinstance(record, (list, tuple)):
        return type(record)(_rounded(value) for value in record)
    return record
