"""The figures that a model carries in its own ``config.json``, under the key ``metrics``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goemotions.errors import ModelError
from goemotions.evaluation.figures import CalibrationFigure, Figure, Figures, Rows, Subset, rounded
from goemotions.evaluation.report import Report
from goemotions.records import OMIT_DEFAULT, from_json, is_number, named


@dataclass(frozen=True, kw_only=True)
class F1:
    """Macro and micro F1."""

    macro_f1: Figure
    micro_f1: Figure


@dataclass(frozen=True, kw_only=True)
class F1OfRows(F1, Rows):
    """Macro and micro F1 of some rows. In JSON ``rows`` comes first."""


@dataclass(frozen=True)
class StoredLabel:
    """Figures of a label in a model's config, at the model's thresholds."""

    precision: float | None
    recall: float | None
    f1: Figure
    average_precision: Figure
    support: int


@dataclass(frozen=True)
class StoredFigures:
    """Figures on test in a model's config, at the model's thresholds."""

    name: str
    rows: int
    macro_f1: Figure
    micro_f1: Figure
    weighted_f1: Figure
    exact_match: Figure
    macro_average_precision: Figure
    at_half: F1 = field(metadata=named("at_0.5"))
    calibration_error: CalibrationFigure
    labels: Mapping[str, StoredLabel]
    marks: tuple[str, ...] = field(default=(), metadata=OMIT_DEFAULT)


@dataclass(frozen=True)
class ModelMetrics:
    """The key ``metrics`` of a model's config."""

    test: StoredFigures
    test_without_train_duplicates: F1OfRows | None = field(default=None, metadata=OMIT_DEFAULT)


def read_metrics(config: Mapping[str, Any]) -> ModelMetrics | None:
    """Return the figures of a model's config, or None if it has none of its test split.

    Raises:
        ModelError: the key ``metrics`` holds something else; the message names the key.
    """
    raw = config.get("metrics")
    if not raw or (isinstance(raw, Mapping) and "test" not in raw):
        return None
    try:
        metrics = from_json(ModelMetrics, with_interval_of_error(raw), "metrics")
    except ValueError as error:
        raise ModelError(f"config.json, {error}") from error
    missing = [label for label in config.get("emotion_labels", ()) if label not in metrics.test.labels]
    if missing:
        raise ModelError(f"config.json, metrics.test.labels: there are no figures of {', '.join(missing)}")
    return metrics


def with_interval_of_error(raw: Any) -> Any:
    """Return ``metrics`` with a calibration error that older directories keep as a number alone in today's form."""
    test = raw.get("test") if isinstance(raw, Mapping) else None
    if not isinstance(test, Mapping) or not is_number(test.get("calibration_error")):
        return raw
    return {**raw, "test": {**test, "calibration_error": {"value": test["calibration_error"]}}}


def metrics_of(report: Report) -> ModelMetrics:
    """Return the part of a report that a model's config keeps."""
    return model_metrics(
        report.data.name,
        report.of_labels,
        report.calibration.error,
        rows=report.data.rows,
        without=report.seen.without,
        marks=report.marks,
    )


def model_metrics(
    name: str,
    figures: Figures,
    calibration_error: CalibrationFigure,
    *,
    rows: int,
    without: Subset | None = None,
    marks: Sequence[str] = (),
) -> ModelMetrics:
    """Return what a model's config keeps of figures.

    Args:
        name: of the data.
        without: figures without the rows that also stand in train.
        marks: why these are not figures of new text.
    """
    own, ranking = figures.own, figures.ranking
    labels = {
        label: StoredLabel(
            precision=to_four_digits(own.labels[label].precision),
            recall=to_four_digits(own.labels[label].recall),
            f1=own.labels[label].f1,
            average_precision=ranking.labels[label].average_precision,
            support=support,
        )
        for label, support in figures.support.items()
    }
    test = StoredFigures(
        name=name,
        rows=rows,
        macro_f1=own.overall.macro_f1,
        micro_f1=own.overall.micro_f1,
        weighted_f1=own.overall.weighted_f1,
        exact_match=own.overall.exact_match,
        macro_average_precision=ranking.overall.macro_average_precision,
        at_half=F1(macro_f1=figures.half.overall.macro_f1, micro_f1=figures.half.overall.micro_f1),
        calibration_error=calibration_error,
        labels=labels,
        marks=tuple(marks),
    )
    fresh = None
    if without is not None:
        fresh = F1OfRows(rows=without.rows, macro_f1=without.macro_f1, micro_f1=without.micro_f1)
    return rounded(ModelMetrics(test, fresh))


def to_four_digits(figure: Figure) -> float | None:
    """Return a figure without its interval, as configs keep precision and recall."""
    return None if figure.value is None else round(figure.value, 4)
