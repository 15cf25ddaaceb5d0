"""Put together what is said of a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from goemotions.architectures.fitted import head_features
from goemotions.data.corpus import normalise
from goemotions.data.tables import assume
from goemotions.errors import DataError, some
from goemotions.evaluation.figures import Figure
from goemotions.fitting.base import Answers
from goemotions.fitting.crossval import Choice, CrossValidated
from goemotions.fitting.decide import Decider
from goemotions.fitting.diagnose import find_doubled, find_suspects, gain_of_the_rest, learning_curve
from goemotions.fitting.figures import NORMAL, for_all_rows, measure
from goemotions.fitting.ground import Ground
from goemotions.fitting.learner import Learner
from goemotions.fitting.report import FitReport, LabelReport
from goemotions.fitting.rows import LabelledRows
from goemotions.fitting.thresholds import log_odds
from goemotions.predictions import sigmoid


def report_of(ground: Ground, found: CrossValidated, decider: Decider, seed: int, way: str = "") -> FitReport:
    """Return what is said of a fit.

    Args:
        way: what was fitted, for people; empty for a head.
    """
    rows, learner, answers = ground.rows, ground.learner, ground.answers
    measured = measure(found.probabilities, found.decisions, learner.targets, seed)
    points, doubling = learning_curve(
        learner, found.choice, answers.thresholds, rows.single, measured.macro_f1.value or 0.0, seed
    )
    odds = log_odds(decider.thresholds)
    spread = NORMAL * found.threshold_spread
    cuts = np.round([decider.thresholds, sigmoid(odds - spread), sigmoid(odds + spread)], 6).T.tolist()
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
        base=ground.model.config.name,
        rows=len(rows),
        single=rows.single,
        way=way or way_of(found.choice, learner.known),
        macro_f1=for_all_rows(measured.macro_f1, gain_of_the_rest(doubling)),
        micro_f1=measured.micro_f1,
        average_precision=measured.average_precision,
        calibration_error=measured.calibration_error,
        base_macro_f1=base_figure(learner, answers, rows.single, seed),
        labels=tuple(labels),
        curve=points,
        doubling=doubling,
        suspects=find_suspects(rows, found),
        doubled=find_doubled(rows.ids, ground.alike),
    )


def way_of(choice: Choice, known: bool) -> str:
    """Return how a head was made, for people."""
    pairs = list(zip(choice.shares, choice.candidates, strict=True))
    strength = float(np.exp(sum(share * np.log(one.strength) for share, one in pairs)))
    share = float(sum(share * one.share for share, one in pairs))
    return f"a head of L2 strength {strength:.2g}" + (f", {share:.0%} of the base's own answer" if known else "")


def base_figure(learner: Learner, answers: Answers, single: bool, seed: int) -> Figure | None:
    """Return macro F1 of the base's own answer, if it knows every label."""
    if None in answers.groups:
        return None
    cuts = answers.thresholds
    base = Decider(learner.base_head(cuts), cuts, single, np.ones(len(cuts), bool))
    probabilities = base.probabilities(learner.features)
    return measure(probabilities[None], base.decide(probabilities)[None], learner.targets, seed).macro_f1


def measure_holdout(report: FitReport, ground: Ground, decider: Decider, holdout: LabelledRows, seed: int) -> FitReport:
    """Return the report with macro F1 on rows set aside.

    Raises:
        DataError: their labels are others.
    """
    labels = list(ground.rows.labels)
    unknown = [label for label in holdout.labels if label not in labels]
    if unknown:
        raise DataError(f"{holdout.source} has labels that the rows to fit on lack: {', '.join(unknown)}")
    learnt = set(map(normalise, ground.rows.texts))
    if known := sum(normalise(text) in learnt for text in holdout.texts):
        many = f"{known:,} of {len(holdout):,} rows have texts of the rows to fit on"
        assume(f"{holdout.source}: {many}, so that its figure is too good: leave them out of one of both")
    seen = {label for label, column in zip(holdout.labels, holdout.targets.T, strict=True) if column.any()}
    if never := [label for label in labels if label not in seen]:
        assume(f"{holdout.source}: no row has {some(never)}, so that its macro F1 is the mean of the other labels")
    features = head_features(ground.model.features(holdout.texts), ground.answers.shifts(ground.model))
    targets = np.zeros((len(holdout), len(labels)))
    for place, label in enumerate(holdout.labels):
        targets[:, labels.index(label)] = holdout.targets[:, place]
    probabilities = decider.probabilities(features)
    measured = measure(probabilities[None], decider.decide(probabilities)[None], targets, seed)
    return replace(report, holdout=measured.macro_f1, holdout_rows=len(holdout))
