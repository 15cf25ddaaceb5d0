"""Fit a model to labels of one's own: from labelled rows to a model directory and a report."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.data.duplicates import duplicate_groups
from goemotions.errors import DataError
from goemotions.evaluation.figures import Figure
from goemotions.evaluation.label_groups import read_label_map
from goemotions.fitting.base import Answers, answers_to, base_facts, features_of, load_base
from goemotions.fitting.crossval import CrossValidated, cross_validate
from goemotions.fitting.decide import Decider
from goemotions.fitting.diagnose import find_doubled, find_suspects, learning_curve
from goemotions.fitting.directory import FittedFiles, write_fitted
from goemotions.fitting.figures import NORMAL, measure
from goemotions.fitting.learner import Learner
from goemotions.fitting.logistic import logistic
from goemotions.fitting.report import FitReport, LabelReport
from goemotions.fitting.rows import LabelledRows, rows_of
from goemotions.fitting.thresholds import log_odds

Advance = Callable[[str, float], None]
"""Told what is done at the moment, and the share of it that is done."""


def nothing(what: str, share: float) -> None:
    """Pass over progress."""


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
    """
    model = load_base(base, threads)
    groups: Mapping[str, Sequence[str]] = read_label_map(label_map, model.labels).groups if label_map else {}
    answers = answers_to(model, rows.labels, groups)
    features = features_of(model, rows.texts, lambda share: advance("reading texts", share))
    learner = Learner(features, answers.shifts(model), answers.groups, rows.targets)
    alike = duplicate_groups(rows.texts)
    found = cross_validate(
        learner, alike, answers.thresholds, rows.single, seed, lambda share: advance("cross-validation", share)
    )
    decider = found.choice.fit(learner, np.arange(len(rows)), answers.thresholds, rows.single)
    report = report_of(rows, model, learner, answers, found, decider, alike, seed)
    if holdout is not None:
        report = measure_holdout(report, model, decider, answers, holdout, rows.labels, seed)
    files = FittedFiles(base_facts(model, base), rows.labels, decider, answers.pooled, report, rows)
    return Fitted(files, report)


def report_of(
    rows: LabelledRows,
    model: EmotionClassifier,
    learner: Learner,
    answers: Answers,
    found: CrossValidated,
    decider: Decider,
    alike: npt.NDArray[np.int64],
    seed: int,
) -> FitReport:
    """Return what is said of a fit; ``alike`` is equal for rows of nearly the same text."""
    measured = measure(found.probabilities, found.decisions, learner.targets, seed)
    points, doubling = learning_curve(
        learner, found.choice, answers.thresholds, rows.single, measured.macro_f1.value or 0.0, seed
    )
    choice = found.choice
    strength = float(np.exp(sum(s * np.log(c.strength) for s, c in zip(choice.shares, choice.candidates, strict=True))))
    share = float(sum(s * c.share for s, c in zip(choice.shares, choice.candidates, strict=True)))
    known = f", {share:.0%} of the base's own answer" if learner.known else ""
    odds = log_odds(decider.thresholds)
    spread = NORMAL * found.threshold_spread
    cuts = np.round([decider.thresholds, logistic(odds - spread), logistic(odds + spread)], 6).T.tolist()
    labels = [
        LabelReport(
            label,
            int(rows.targets[:, place].sum()),
            measured.f1[place],
            Figure(*cuts[place]),
            tuple(answers.pooled[group]) if (group := answers.groups[place]) is not None else (),
            bool(decider.kept[place]),
        )
        for place, label in enumerate(rows.labels)
    ]
    return FitReport(
        source=rows.source,
        base=model.config.name,
        rows=len(rows),
        single=rows.single,
        way=f"a head of L2 strength {strength:.2g}{known}",
        macro_f1=measured.macro_f1,
        micro_f1=measured.micro_f1,
        average_precision=measured.average_precision,
        calibration_error=measured.calibration_error,
        base_macro_f1=base_figure(learner, answers, rows.single, seed),
        labels=tuple(labels),
        curve=points,
        doubling=doubling,
        suspects=find_suspects(rows, found),
        doubled=find_doubled(rows.ids, alike),
    )


def base_figure(learner: Learner, answers: Answers, single: bool, seed: int) -> Figure | None:
    """Return macro F1 of the base's own answer, if it knows every label."""
    if None in answers.groups:
        return None
    head = learner.base_head()
    scores = head(learner.features) + log_odds(answers.thresholds)
    base = Decider(head, answers.thresholds, single, np.ones(len(answers.groups), bool))
    probabilities = logistic(scores)
    return measure(probabilities[None], base.decide(probabilities)[None], learner.targets, seed).macro_f1


def measure_holdout(
    report: FitReport,
    model: EmotionClassifier,
    decider: Decider,
    answers: Answers,
    holdout: LabelledRows,
    labels: Sequence[str],
    seed: int,
) -> FitReport:
    """Return the report with macro F1 on rows set aside.

    Raises:
        DataError: their labels are others.
    """
    unknown = [label for label in holdout.labels if label not in labels]
    if unknown:
        raise DataError(f"{holdout.source} has labels that the rows to fit on lack: {', '.join(unknown)}")
    learner = Learner(model.features(holdout.texts), answers.shifts(model), answers.groups, holdout.targets)
    targets = np.zeros((len(holdout), len(labels)))
    for place, label in enumerate(holdout.labels):
        targets[:, list(labels).index(label)] = holdout.targets[:, place]
    probabilities = decider.probabilities(learner.features)
    measured = measure(probabilities[None], decider.decide(probabilities)[None], targets, seed)
    return replace(report, holdout=measured.macro_f1, holdout_rows=len(holdout))
