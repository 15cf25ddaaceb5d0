"""Adapt a model to texts of another kind: its labels stay, rows labelled with some of them say how its answers change.

Rows may have the model's labels or coarser ones, by a label map. What is learnt of a coarse label moves all of its
members, so that their order stays the base's; labels that the rows say nothing of keep the base's answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from goemotions.errors import DataError, nearest
from goemotions.fitting.base import LEAST, MOST, raw_thresholds
from goemotions.fitting.crossval import CrossValidated, cross_validate
from goemotions.fitting.decide import Decider
from goemotions.fitting.directory import FittedFiles
from goemotions.fitting.figures import measure
from goemotions.fitting.fit import Fitted
from goemotions.fitting.ground import Advance, Ground, lay_ground, nothing
from goemotions.fitting.learner import THRESHOLDS_ALONE, Head, Learner
from goemotions.fitting.results import base_figure, measure_holdout, report_of
from goemotions.fitting.rows import LabelledRows
from goemotions.fitting.thresholds import log_odds

AS_IT_IS = "the base as it is"
THRESHOLDS = "thresholds and calibration alone"
HEAD = "thresholds, calibration and a head"

APART = 2.0
"""Times the base's own distance that a coarse label's members are apart: at 1, a label that got much likelier lifted
several of them over its threshold. Chosen on dev and on everyday-en (``docs/experiments.md``)."""


def adapt_rows(
    rows: LabelledRows,
    base: str | Path = "compact",
    *,
    label_map: str | None = None,
    holdout: LabelledRows | None = None,
    seed: int = 0,
    threads: int | None = None,
    advance: Advance = nothing,
) -> Fitted:
    """Adapt a model; arguments as :func:`goemotions.fitting.fit.fit_rows`.

    Raises:
        DataError: labels that the base does not know.
    """
    rows = replace(rows, single=False)  # exactly one of some labels says nothing of the base's others
    ground = lay_ground(rows, base, label_map, threads, advance)
    unknown = [
        f"{label!r}{nearest(label, ground.model.labels)}"
        for label, group in zip(rows.labels, ground.answers.groups, strict=True)
        if group is None
    ]
    if unknown:
        raise DataError(
            f"{rows.source}: labels that {ground.model.config.name} does not have: {', '.join(unknown)}; a label map "
            "(--label-map) says what they stand for, and goemotions fit learns any labels"
        )
    way, found, decider = choose(ground, seed, advance)
    report = report_of(ground, found, decider, seed, way)
    if way != AS_IT_IS:
        report = replace(report, coarse=tuple(one.name for one in report.labels if len(one.starts_from) > 1))
    if holdout is not None:
        report = measure_holdout(report, ground, decider, holdout, seed)
    whole = expand(ground, decider)
    labels, rule = ground.model.labels, ground.model.thresholds.beside
    beside = {label: cut for label, cut in rule.items() if whole.kept[labels.index(label)]}
    files = FittedFiles(ground.base, labels, whole, ground.answers.pooled, report, rows, beside)
    return Fitted(files, report)


def choose(ground: Ground, seed: int, advance: Advance) -> tuple[str, CrossValidated, Decider]:
    """Return the best way by macro F1 of rows left out, the simpler of equal ones, and what it makes of all rows."""
    learner, cuts = ground.learner, ground.answers.thresholds
    rows = np.arange(len(ground.rows))
    ways = {THRESHOLDS: THRESHOLDS_ALONE, HEAD: learner.candidates()}
    tried = {
        way: cross_validate(learner, ground.alike, cuts, False, seed, candidates, partial(advance, f"trying {way}"))
        for way, candidates in ways.items()
    }
    figures = {way: measure(one.probabilities, one.decisions, learner.targets, seed) for way, one in tried.items()}
    best = max(ways, key=lambda way: figures[way].macro_f1.value or 0.0)
    decider = tried[best].choice.fit(learner, rows, cuts, False)
    as_it_is = base_figure(learner, ground.answers, False, seed)
    if as_it_is is not None and (as_it_is.value or 0.0) >= (figures[best].macro_f1.value or 0.0):
        base = Decider(learner.base_head(cuts), cuts, False, np.ones(len(cuts), bool))
        return AS_IT_IS, of_base(base, learner, tried[best]), base
    return best, tried[best], decider


def of_base(base: Decider, learner: Learner, found: CrossValidated) -> CrossValidated:
    """Return what the base says of the rows, in the form of a cross-validation."""
    probabilities = base.probabilities(learner.features)
    decided = base.decide(probabilities)
    return CrossValidated(found.choice, probabilities[None], decided[None], np.zeros(len(base.thresholds)))


def expand(ground: Ground, decider: Decider) -> Decider:
    """Return a decider of all of the base's labels.

    A member m of a coarse label g has the log odds ``log odds(g) - apart * (margin(g) - margin(m))``, where a margin is
    the distance of the base's logit from its threshold, and that of g its highest member's; so the highest member
    reaches the threshold of g where g does.
    """
    model, answers = ground.model, ground.answers
    features, states = ground.learner.features.shape[1], ground.learner.width
    at_threshold = raw_thresholds(model)
    weights, bias = np.zeros((features, len(model.labels))), np.zeros(len(model.labels))
    thresholds = np.array([model.config.thresholds[label] for label in model.labels])
    kept = np.ones(len(model.labels), bool)
    for place, label in enumerate(model.labels):
        weights[states + place, place] = 1
        bias[place] = log_odds(np.clip(thresholds[place], LEAST, MOST)) - at_threshold[label]
        column = next((c for c, group in enumerate(answers.pooled) if label in group), None)
        if column is None or decider.kept[column]:
            continue
        kept[place] = False
        thresholds[place] = decider.thresholds[column]
        weights[states + place, place] = APART
        weights[:, place] += decider.head.weights[:, column]
        weights[states + len(model.labels) + column, place] -= APART
        bias[place] = decider.head.bias[column] - APART * answers.pooled[column][label]
    return Decider(Head(weights, bias), thresholds, False, kept)
