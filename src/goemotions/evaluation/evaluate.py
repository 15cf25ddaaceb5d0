"""Evaluate a model on a data set: score its texts, measure everything, and say what is against the figures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.evaluation import metrics
from goemotions.evaluation.bootstrap import RESAMPLES
from goemotions.evaluation.calibration_error import calibration_figures
from goemotions.evaluation.card_facts import card_facts
from goemotions.evaluation.datasets import LabelledTexts
from goemotions.evaluation.figures import GIVEN, HALF, OWN, Subset, rounded
from goemotions.evaluation.label_groups import LabelMap, pool, roll_ups
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.model_card import thresholds_from
from goemotions.evaluation.provenance import find_seen, marks, read_hashes
from goemotions.evaluation.report import (
    FORMAT,
    LABELS,
    DataFacts,
    Mistake,
    Mistakes,
    ModelFacts,
    Report,
    Seen,
    ThresholdPoint,
)
from goemotions.evaluation.unreliable import unreliable_labels
from goemotions.languages import Languages
from goemotions.predictions import Scored, Threshold, accepted, reached
from goemotions.thresholds import resolve

UNSEEN = "unseen"
"""The name of the rows whose text does not stand in the model's training data."""
WORDS = {"up to 5 words": (0, 5), "6 to 10": (6, 10), "11 to 20": (11, 20), "over 20": (21, None)}
COMMON = tuple(round(0.05 * step, 2) for step in range(1, 20))
CURVE_POINTS = 40
WORST = 20
MANY_IDS = 500


def predictions_of(
    probabilities: npt.NDArray[np.float32],
    classifier: EmotionClassifier,
    data: LabelledTexts,
    label_map: LabelMap | None = None,
    threshold: Threshold = None,
    languages: Languages | None = None,
) -> Predictions:
    """Return probabilities [n, the model's labels] as predictions of the data's labels, at all thresholds."""
    own, one = classifier.thresholds, classifier.chooses_one(classifier.thresholds)
    decisions = {
        OWN: accepted(probabilities, own, one, languages),
        HALF: accepted(probabilities, dict.fromkeys(classifier.labels, 0.5)),
    }
    if threshold is not None:
        decisions[GIVEN] = accepted(probabilities, resolve(threshold, own), languages=languages)
    if label_map is None:
        return Predictions(data.labels, data.targets, probabilities, decisions)
    groups = label_map.groups
    pooled = {name: pool(made, classifier.labels, groups) for name, made in decisions.items()}
    return Predictions(data.labels, data.targets, pool(probabilities, classifier.labels, groups), pooled)


def evaluate(
    classifier: EmotionClassifier,
    data: LabelledTexts,
    *,
    label_map: LabelMap | None = None,
    threshold: Threshold = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    with_texts: bool = False,
    scored: Scored | None = None,
) -> Report:
    """Score the data and measure everything.

    Args:
        label_map: the one the data was read with.
        threshold: decisions to measure beside the model's own and 0.5, as in ``predict``.
        with_texts: put texts, not only ids, beside the worst errors. Reports that are passed on are better without.
        scored: what the model makes of the data's texts, where that is known already.

    Raises:
        ValueError: probabilities that are none (NaN), or thresholds out of range.
    """
    scored = classifier.score(data.texts) if scored is None else scored
    predictions = predictions_of(scored.probabilities, classifier, data, label_map, threshold, scored.languages)
    hashes = read_hashes(classifier.directory)
    known = find_seen(data.texts, hashes) if hashes is not None else None
    subsets = slices(data.texts)
    if known is not None and known.any() and not known.all():
        subsets[UNSEEN] = ~known
    measured = measure_predictions(predictions, roll_ups(data.labels), subsets, resamples, seed)
    parts = dict(measured.subsets)
    unseen = parts.pop(UNSEEN, None)
    thresholds = {OWN: classifier.thresholds}
    if threshold is not None:
        thresholds[GIVEN] = resolve(threshold, classifier.thresholds)
    facts = card_facts(classifier.config.raw)
    report = Report(
        format=FORMAT,
        model=ModelFacts(classifier.config.name, classifier.config.architecture),
        data=data_facts(data, scored, label_map),
        resamples=resamples,
        seed=seed,
        marks=marks(facts.provenance, data, known),
        thresholds=thresholds,
        thresholds_from=thresholds_from(facts),
        undefined=measured.labels.undefined_labels(),
        unreliable=unreliable_labels(measured.labels),
        figures={LABELS: measured.labels} | dict(measured.groups),
        seen=seen_rows(data, known, unseen),
        slices=parts,
        calibration=calibration_figures(predictions.probabilities, data.targets, data.labels, resamples, seed),
        curves=precision_recall_curves(predictions),
        common_threshold=common_threshold(predictions),
        confusion=confusion(data.targets, predictions.decisions[OWN]),
        together=confusion(data.targets, data.targets.astype(bool)),
        worst=worst_errors(predictions, data, with_texts),
    )
    return rounded(report)


def data_facts(data: LabelledTexts, scored: Scored, label_map: LabelMap | None) -> DataFacts:
    """Return what a report says of its data."""
    return DataFacts(data.name, data.sha256, len(data), int(scored.truncated.sum()), data.labels, label_map)


def slices(texts: list[str]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the rows by number of words; slices without a row are left out."""
    words = np.array([len(text.split()) for text in texts])
    found = {name: (words >= low) & (words <= (high or np.inf)) for name, (low, high) in WORDS.items()}
    return {name: rows for name, rows in found.items() if rows.any()}


def seen_rows(data: LabelledTexts, known: npt.NDArray[np.bool_] | None, unseen: Subset | None) -> Seen:
    """Return the rows the model was trained on, with figures of the others.

    Args:
        known: bool [n], rows seen in training; None if the model does not say.
    """
    if known is None:
        return Seen(None, [], None)
    return Seen(int(known.sum()), [data.ids[row] for row in np.flatnonzero(known)[:MANY_IDS]], unseen)


def precision_recall_curves(predictions: Predictions) -> dict[str, list[tuple[float, float]]]:
    """Return points (recall, precision) of each label with positives, few enough to draw."""
    from sklearn.metrics import precision_recall_curve

    found = {}
    for column, label in enumerate(predictions.labels):
        truth = predictions.targets[:, column]
        if not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, predictions.probabilities[:, column])
        # Recall falls from 1 to 0; of equal recalls the last has the highest precision.
        wanted = np.searchsorted(-recall, -np.linspace(1, 0, CURVE_POINTS), side="right") - 1
        steps = np.unique(np.append(wanted[wanted >= 0], len(recall) - 1))
        found[label] = [(round(float(recall[i]), 4), round(float(precision[i]), 4)) for i in steps]
    return found


def common_threshold(predictions: Predictions) -> list[ThresholdPoint]:
    """Return macro and micro F1 with one threshold for all labels."""
    truth = predictions.targets.astype(bool)
    found = []
    for threshold in COMMON:
        made = reached(predictions.probabilities, [threshold] * len(predictions.labels))
        overall = metrics.overall(metrics.counts(truth, made).sum(0, dtype=np.float64))
        macro, micro = (
            None if np.isnan(overall[name]) else round(float(overall[name]), 4) for name in ("macro_f1", "micro_f1")
        )
        found.append(ThresholdPoint(threshold, macro, micro))
    return found


def confusion(targets: npt.NDArray[np.uint8], decisions: npt.NDArray[np.bool_]) -> list[list[float | None]]:
    """Return the share of each label's texts that is given each. *Shape:* [n, labels] twice -> [labels, labels]."""
    truth = targets.astype(np.float64)
    shares = metrics.divide(truth.T @ decisions, truth.sum(0)[:, None])
    return [[None if np.isnan(share) else round(float(share), 3) for share in row] for row in shares]


def worst_errors(predictions: Predictions, data: LabelledTexts, with_texts: bool) -> Mistakes:
    """Return the surest false alarms, and the misses with the lowest probability."""
    p, truth, made = predictions.probabilities, predictions.targets.astype(bool), predictions.decisions[OWN]

    def mistake(row: int, column: int) -> Mistake:
        return Mistake(
            id=data.ids[row],
            label=data.labels[column],
            probability=round(float(p[row, column]), 4),
            true=[data.labels[i] for i in np.flatnonzero(truth[row])],
            given=[data.labels[i] for i in np.flatnonzero(made[row])],
            text=data.texts[row] if with_texts else None,
        )

    def ranked(wrong: npt.NDArray[np.bool_], sign: int) -> list[Mistake]:
        cells = np.argwhere(wrong)
        order = np.argsort(sign * p[wrong], kind="stable")[:WORST]
        return [mistake(*cells[i]) for i in order]

    return Mistakes(false_alarms=ranked(made & ~truth, -1), misses=ranked(truth & ~made, 1))
