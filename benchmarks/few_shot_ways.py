"""The ways of ``benchmarks/few_shot.py`` from labelled rows to a model, and the figures of what they make."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from few_shot_rows import Rows, Targets

from goemotions.architectures.fitted import head_features
from goemotions.architectures.prepared import Features
from goemotions.data.duplicates import duplicate_groups
from goemotions.evaluation.label_groups import read_label_map
from goemotions.fitting.base import Answers, answers_to, features_of, load_base
from goemotions.fitting.crossval import cross_validate
from goemotions.fitting.decide import Decider
from goemotions.fitting.diagnose import gain_of_the_rest, learning_curve
from goemotions.fitting.figures import average_precision, calibration_error, for_all_rows, measure
from goemotions.fitting.learner import Learner
from goemotions.fitting.logistic import Floats
from goemotions.fitting.thresholds import expected_f1_thresholds
from goemotions.predictions import sigmoid

FRESH = 1000
"""Rows that a figure said by a fit is compared with, and on which SetFit is measured."""
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Rows with the features of a base model."""

    rows: Rows
    answers: Answers
    shifts: Floats
    features: Features
    test_features: Features


def corpus(rows: Rows, base: str) -> Corpus:
    """Return a corpus with the features of its base."""
    model = load_base(base)
    groups = read_label_map(rows.label_map, model.labels).groups
    answers = answers_to(model, rows.labels, {label: groups[label] for label in rows.labels if label in groups})
    made = [features_of(model, texts, lambda share: None) for texts in (rows.texts, rows.test_texts)]
    return Corpus(rows, answers, answers.shifts(model), *made)


def compared_rows(rows: Rows) -> Places:
    """Return the test rows on which SetFit is measured, for it is slow: drawn at random, once."""
    return np.random.default_rng(0).permutation(len(rows.test_texts))[:FRESH]


def scored(probabilities: Floats, decisions: npt.NDArray[np.bool_], truth: Targets) -> dict[str, float]:
    hits = (decisions & (truth > 0)).sum(0)
    f1 = 2 * hits / np.maximum(decisions.sum(0) + truth.sum(0), 1)
    return {
        "macro_f1": float(f1.mean()),
        "mAP": float(np.nanmean(average_precision(probabilities, truth.astype(float)))),
        "calibration_error": calibration_error(probabilities[None], truth.astype(float)),
    }


def of_fit(one: Corpus, rows: Places, own: bool, compared: Places | None = None) -> dict[str, float]:
    """Return the figures of what ``goemotions fit`` makes.

    Args:
        own: take the labels for unknown to the base.
        compared: test rows to measure on; None for all.
    """
    begun = time.process_time()
    groups = tuple(None for _ in one.rows.labels) if own else one.answers.groups
    features = Features(one.features.logits[rows], one.features.states[rows])
    learner = Learner(features, one.shifts, groups, one.rows.targets[rows])
    alike = duplicate_groups([one.rows.texts[row] for row in rows])
    cuts = one.answers.thresholds
    found = cross_validate(learner, alike, cuts, False, 0, learner.candidates(), lambda share: None)
    decider: Decider = found.choice.fit(learner, np.arange(len(rows)), cuts, False)
    seconds = time.process_time() - begun
    said = measure(found.probabilities, found.decisions, learner.targets, 0).macro_f1
    _, doubling = learning_curve(learner, found.choice, cuts, False, said.value or 0.0, 0)
    said = for_all_rows(said, gain_of_the_rest(doubling))
    truth = one.rows.test_targets
    made = decider.probabilities(head_features(one.test_features, one.shifts))
    places = np.arange(len(truth)) if compared is None else compared
    result = scored(made[places], decider.decide(made[places]), truth[places]) | {"seconds": seconds}
    fresh = np.random.default_rng(int(rows[0])).permutation(len(made))[:FRESH]
    of_fresh = scored(made[fresh], decider.decide(made[fresh]), truth[fresh])["macro_f1"]
    within = (said.low or 0.0) <= of_fresh <= (said.high or 1.0)
    wide = (said.high or 1.0) - (said.low or 0.0)
    return result | {"said": said.value or 0.0, "within": float(within), "width": wide}


def of_words(one: Corpus, rows: Places) -> dict[str, float]:
    """Return the figures of TF-IDF and a logistic regression per label, with thresholds found in the same way."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    begun = time.process_time()
    vectorizer = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True)
    train = vectorizer.fit_transform([one.rows.texts[row] for row in rows])
    test = vectorizer.transform(one.rows.test_texts)
    truth = one.rows.targets[rows]
    known = [column for column in range(truth.shape[1]) if 0 < truth[:, column].sum() < len(rows)]
    inside, outside = (np.full((part.shape[0], truth.shape[1]), 0.001) for part in (train, test))
    for column in known:
        model = LogisticRegression(C=3.0, solver="liblinear").fit(train, truth[:, column])
        inside[:, column], outside[:, column] = (model.predict_proba(part)[:, 1] for part in (train, test))
    cuts = expected_f1_thresholds(inside)
    seconds = time.process_time() - begun
    return scored(outside, outside >= cuts, one.rows.test_targets) | {"seconds": seconds}


def of_base(one: Corpus) -> dict[str, float]:
    features = head_features(one.test_features, one.shifts)
    learner = Learner(one.test_features, one.shifts, one.answers.groups, one.rows.test_targets)
    made = sigmoid(learner.base_head(one.answers.thresholds)(features))
    return scored(made, made >= one.answers.thresholds, one.rows.test_targets)


def of_setfit(one: Corpus, result: Mapping[str, Any], same_thresholds: bool) -> dict[str, float]:
    """Return the figures of a line of ``setfit_rival.py``, at its own threshold of 0.5 or at those of fit's way."""
    made, inside = np.array(result["probabilities"]), np.array(result["inside"])
    cuts = expected_f1_thresholds(inside) if same_thresholds else np.full(made.shape[1], 0.5)
    figures = scored(made, made >= cuts, one.rows.test_targets[compared_rows(one.rows)])
    return figures | {"seconds": result["processor_seconds"], "steps": result["steps"]}
