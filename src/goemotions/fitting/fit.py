"""Fit a model to labels of one's own: from labelled rows to a model directory and a report."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goemotions.classifier import EmotionClassifier
from goemotions.fitting.crossval import cross_validate
from goemotions.fitting.directory import FittedFiles, write_fitted
from goemotions.fitting.ground import Advance, lay_ground, nothing
from goemotions.fitting.report import FitReport
from goemotions.fitting.results import measure_holdout, report_of
from goemotions.fitting.rows import LabelledRows, rows_of


@dataclass(frozen=True)
class Fitted:
    """A fitted model, before it is written."""

    files: FittedFiles
    report: FitReport


def fit(
    texts: Iterable[str],
    labels: Iterable[Any],
    base: str | Path = "compact",
    *,
    label_names: Sequence[str] | None = None,
    label_map: str | None = None,
    single: bool | None = None,
    output: str | Path | None = None,
    seed: int = 0,
) -> EmotionClassifier:
    """Fit a model to your labels on your texts, from some dozen rows, in seconds.

    A linear head on the frozen states of a base model; its strength, calibration and thresholds by cross-validation.
    Labels named as one of the base's start from its answer instead of from nothing.

    Args:
        texts: n texts.
        labels: n entries, each a name, a list of names (none, one or several), or 0 and 1 for each of ``label_names``.
        base: a shipped model, a model directory or a hub id.
        label_names: the labels in their order; None for those that occur.
        label_map: from your labels to the base's: a shipped map (``"brighter"``, ``"ekman"``) or a JSON file.
        single: each text has exactly one label; None to tell from the labels.
        output: the model directory to write; None for a temporary one, which goes with the classifier (``save``
            keeps it).
        seed: of the cross-validation.

    Returns:
        The model; ``config.raw["fitted"]`` has what the fit says of it.

    Raises:
        DataError: rows that cannot be learnt from; all problems at once.
        ModelError: a base that is not there, or has no states.
        TypeError, ValueError: texts or labels of another kind.
    """
    rows = rows_of(texts, labels, label_names, single)
    fitted = fit_rows(rows, base, label_map=label_map, seed=seed)
    if output is not None:
        return EmotionClassifier(write_fitted(fitted.files, Path(output)))
    folder = Path(tempfile.mkdtemp(prefix="goemotions-"))
    classifier = EmotionClassifier(write_fitted(fitted.files, folder / "model"))
    weakref.finalize(classifier, shutil.rmtree, folder, ignore_errors=True)
    return classifier


def fit_rows(
    rows: LabelledRows,
    base: str | Path = "compact",
    *,
    label_map: str | None = None,
    holdout: LabelledRows | None = None,
    seed: int = 0,
    threads: int | None = None,
    advance: Advance = nothing,
) -> Fitted:
    """Fit a model; arguments and errors as :func:`fit`.

    Args:
        holdout: rows that are only measured on.
        advance: told what is done at the moment, and the share of it.
    """
    ground = lay_ground(rows, base, label_map, threads, advance)
    found = cross_validate(
        ground.learner,
        ground.alike,
        ground.answers.thresholds,
        rows.single,
        seed,
        ground.learner.candidates(),
        lambda share: advance("cross-validation", share),
    )
    decider = found.choice.fit(ground.learner, np.arange(len(rows)), ground.answers.thresholds, rows.single)
    report = report_of(ground, found, decider, seed)
    if holdout is not None:
        report = measure_holdout(report, ground, decider, holdout, seed)
    files = FittedFiles(ground.base, rows.labels, decider, ground.answers.pooled, report, rows)
    return Fitted(files, report)
