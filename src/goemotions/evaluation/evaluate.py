"""The whole evaluation of a model on a data set, as one dict: what every report, table and model card is made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.architectures import Scored
from goemotions.classifier import EmotionClassifier
from goemotions.evaluation import metrics
from goemotions.evaluation.bootstrap import RESAMPLES, rounded
from goemotions.evaluation.calibration_error import calibration_figures
from goemotions.evaluation.datasets import LabelledTexts
from goemotions.evaluation.label_groups import LabelMap, pool, roll_ups
from goemotions.evaluation.measure import Predictions, measure, undefined_labels
from goemotions.evaluation.model_card import thresholds_from
from goemotions.evaluation.provenance import find_seen, marks, read_hashes
from goemotions.evaluation.unreliable import unreliable_labels
from goemotions.thresholds import Threshold, accepted, resolve

FORMAT = 1
OWN, HALF, GIVEN, UNSEEN = "own", "0.5", "given", "unseen"
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
) -> Predictions:
    """Probabilities [n, labels of the model] as predictions of the data's labels, at each choice of thresholds."""
    half = [0.5] * len(classifier.labels)
    decisions = {
        OWN: accepted(probabilities, list(classifier.thresholds.values())),
        HALF: accepted(probabilities, half),
    }
    if threshold is not None:
        given = resolve(threshold, classifier.thresholds)
        decisions[GIVEN] = accepted(probabilities, list(given.values()))
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
) -> dict[str, Any]:
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
    predictions = predictions_of(scored.probabilities, classifier, data, label_map, threshold)
    hashes = read_hashes(classifier.directory)
    known = find_seen(data.texts, hashes) if hashes is not None else None
    subsets = slices(data.texts)
    if known is not None and known.any() and not known.all():
        subsets[UNSEEN] = ~known
    figures = measure(predictions, roll_ups(data.labels), subsets, resamples, seed)
    parts = figures.pop("subsets")
    own = predictions.decisions[OWN]
    found = {
        "format": FORMAT,
        "model": {"name": classifier.config.name, "architecture": classifier.config.architecture},
        "data": {
            "name": data.name,
            "sha256": data.sha256,
            "rows": len(data),
            "truncated": int(scored.truncated.sum()),
            "labels": list(data.labels),
            "label_map": label_map.as_dict() if label_map else None,
        },
        "resamples": resamples,
        "seed": seed,
        "marks": marks(classifier.config.raw, data, known),
        "thresholds": {OWN: classifier.thresholds}
        | ({GIVEN: resolve(threshold, classifier.thresholds)} if threshold is not None else {}),
        "thresholds_from": thresholds_from(classifier.config.raw),
        "undefined": undefined_labels(figures["labels"]),
        "unreliable": unreliable_labels(figures["labels"], OWN),
        "figures": figures,
        "seen": seen_rows(data, known, parts.pop(UNSEEN, None)),
        "slices": parts,
        "calibration": calibration_figures(predictions.probabilities, data.targets, data.labels, resamples, seed),
        "curves": precision_recall_curves(predictions),
        "common_threshold": common_threshold(predictions),
        "confusion": confusion(data.targets, own),
        "together": confusion(data.targets, data.targets.astype(bool)),
        "worst": worst_errors(predictions, data, with_texts),
    }
    whole: dict[str, Any] = rounded(found)
    return whole


def slices(texts: list[str]) -> dict[str, npt.NDArray[np.bool_]]:
    """Rows by number of words; slices without a row are left out."""
    words = np.array([len(text.split()) for text in texts])
    found = {name: (words >= low) & (words <= (high or np.inf)) for name, (low, high) in WORDS.items()}
    return {name: rows for name, rows in found.items() if rows.any()}


def seen_rows(data: LabelledTexts, known: npt.NDArray[np.bool_] | None, unseen: Any) -> dict[str, Any]:
    """Rows the model was trained on, and the figures without them; ``rows`` is None if the model does not say."""
    if known is None:
        return {"rows": None, "ids": [], "without": None}
    ids = [data.ids[row] for row in np.flatnonzero(known)[:MANY_IDS]]
    return {"rows": int(known.sum()), "ids": ids, "without": unseen}


def precision_recall_curves(predictions: Predictions) -> dict[str, list[list[float]]]:
    """(recall, precision) points of each label with positives, few enough to draw."""
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
        found[label] = [[round(float(recall[i]), 4), round(float(precision[i]), 4)] for i in steps]
    return found


def common_threshold(predictions: Predictions) -> list[dict[str, float | None]]:
    """Macro and micro F1 with one threshold for all labels."""
    truth = predictions.targets.astype(bool)
    found: list[dict[str, float | None]] = []
    for threshold in COMMON:
        made = accepted(predictions.probabilities, [threshold] * len(predictions.labels))
        overall = metrics.overall(metrics.counts(truth, made).sum(0, dtype=np.float64))
        point: dict[str, float | None] = {"threshold": threshold}
        for name in ("macro_f1", "micro_f1"):
            point[name] = None if np.isnan(overall[name]) else round(float(overall[name]), 4)
        found.append(point)
    return found


def confusion(targets: npt.NDArray[np.uint8], decisions: npt.NDArray[np.bool_]) -> list[list[float | None]]:
    """Of the texts with each label, the share that is given each. *Shape:* [n, labels] twice -> [labels, labels]."""
    truth = targets.astype(np.float64)
    shares = metrics.divide(truth.T @ decisions, truth.sum(0)[:, None])
    return [[None if np.isnan(share) else round(float(share), 3) for share in row] for row in shares]


def worst_errors(predictions: Predictions, data: LabelledTexts, with_texts: bool) -> dict[str, list[dict[str, Any]]]:
    """The surest false alarms, and the misses with the lowest probability."""
    p, truth, made = predictions.probabilities, predictions.targets.astype(bool), predictions.decisions[OWN]

    def described(place: npt.NDArray[np.int64]) -> dict[str, Any]:
        row, column = place
        found: dict[str, Any] = {
            "id": data.ids[row],
            "label": data.labels[column],
            "probability": round(float(p[row, column]), 4),
            "true": [data.labels[i] for i in np.flatnonzero(truth[row])],
            "given": [data.labels[i] for i in np.flatnonzero(made[row])],
        }
        return found | ({"text": data.texts[row]} if with_texts else {})

    def ranked(wrong: npt.NDArray[np.bool_], sign: int) -> list[dict[str, Any]]:
        places = np.argwhere(wrong)
        order = np.argsort(sign * p[wrong], kind="stable")[:WORST]
        return [described(places[i]) for i in order]

    return {"false_alarms": ranked(made & ~truth, -1), "misses": ranked(truth & ~made, 1)}
