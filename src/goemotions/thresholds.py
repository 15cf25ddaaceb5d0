"""Decision thresholds: a number, a map of labels, or the model's own; and their tuning on a validation set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from goemotions.errors import nearest
from goemotions.fields import shown
from goemotions.labels import NEUTRAL
from goemotions.predictions import Threshold, Thresholds, accepted

SMOOTHING = 0.3
"""Chosen on halves of dev: thresholds tuned on one, F1 measured on the other (``docs/experiments.md``)."""

MOST_LOSS = 0.005
"""Of micro F1, for answers that stand together: half of what its interval on 5,000 texts reaches to either side."""

GRID = np.linspace(-5, 4, 181)
"""Log odds of the thresholds that smoothing considers: probabilities from 0.007 to 0.98."""


def check_threshold(value: object, what: str = "threshold") -> float:
    """``value`` as a float.

    Raises:
        TypeError: not a number.
        ValueError: not within 0 to 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating, np.integer)):
        raise TypeError(f"{what} must be a number from 0 to 1, got {shown(value)} ({type(value).__name__})")
    if not 0 <= value <= 1:  # before it becomes a float: a whole number may be too large for one
        raise ValueError(f"{what} must be from 0 to 1, got {shown(value)}")
    return float(value)


def resolve(threshold: Threshold, own: Mapping[str, float]) -> Thresholds:
    """The threshold of every label, in the order of ``own``.

    Args:
        threshold: None keeps ``own``; a number sets every label; a map sets its labels and keeps ``own`` for the rest.
            A label whose threshold is set is no longer held back beside others. What is set is so in every language.
        own: the model's thresholds, every label.

    Raises:
        TypeError, ValueError: a threshold that is no number from 0 to 1, or a label the model does not have.
    """
    beside = own.beside if isinstance(own, Thresholds) else {}
    by_language = own.by_language if isinstance(own, Thresholds) else {}
    if threshold is None:
        return Thresholds(own, beside, by_language)
    if not isinstance(threshold, Mapping):
        return Thresholds(dict.fromkeys(own, check_threshold(threshold)))
    for label in threshold:
        if label not in own:
            raise ValueError(
                f"threshold for unknown label {label!r}{nearest(str(label), own)}; labels: {', '.join(own)}"
            )
    given = {label: check_threshold(value, f"threshold of {label}") for label, value in threshold.items()}
    if isinstance(threshold, Thresholds):  # resolved already
        return Thresholds(dict(own) | given, threshold.beside, threshold.by_language)
    return Thresholds(
        dict(own) | given,
        {label: cut for label, cut in beside.items() if label not in given},
        {language: resolve(given, theirs) for language, theirs in by_language.items()},
    )


def tune_beside(
    probabilities: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], thresholds: Mapping[str, float]
) -> Thresholds:
    """Return thresholds with the rule for neutral that is best on a validation set.

    Raters seldom give neutral beside an emotion (3 % of GoEmotions), thresholds of their own do so often. Of the
    thresholds that neutral may need beside another label, from its own to 1, the one with most rows all right is taken
    that costs at most :data:`MOST_LOSS` of micro F1: each neutral that goes is now and then one that a rater gave.

    Args:
        probabilities, targets: [n, labels], in the order of ``thresholds``.
    """
    if NEUTRAL not in thresholds or len(thresholds) == 1:
        return Thresholds(thresholds)
    own = thresholds[NEUTRAL]
    cuts = np.unique(np.append(np.round(1 / (1 + np.exp(-GRID)), 4), [own, 1.0]))

    truth = targets.astype(bool)

    def figures(cut: float) -> tuple[float, float]:
        """Return the share of rows all right, and micro F1."""
        given = accepted(probabilities, Thresholds(thresholds, {NEUTRAL: cut}))
        whole = max(given.sum() + truth.sum(), 1)
        return float((given == truth).all(1).mean()), float(2 * (given & truth).sum() / whole)

    at = {float(cut): figures(float(cut)) for cut in cuts if cut >= own}
    allowed = [cut for cut, (_, micro) in at.items() if micro >= at[own][1] - MOST_LOSS]
    best = max(allowed, key=lambda cut: (at[cut][0], -cut))  # of equally good ones the lowest holds back least
    return Thresholds(thresholds, {NEUTRAL: best} if best > own else {})


Objective = Literal["f1", "precision", "recall"]


def tune(
    probabilities: npt.NDArray[np.float32],
    targets: npt.NDArray[np.uint8],
    labels: Sequence[str],
    smoothing: float = SMOOTHING,
    default: float = 0.5,
    *,
    objective: Objective = "f1",
    target: float | None = None,
    shrinkage: float = 0.0,
) -> dict[str, float]:
    """The threshold of each label that is best on a validation set.

    Args:
        probabilities: [n, labels].
        targets: [n, labels], 0 or 1.
        smoothing: width, in log odds, of the Gaussian that a figure is averaged over before it is used, so that a
            few positives do not decide; 0 takes the figure itself, and the exact maximum of F1.
        default: for a label without a positive.
        objective: the best F1; or the lowest threshold whose precision, or the highest whose recall, reaches ``target``
            (the one that comes nearest if none does).
        shrinkage: a label's threshold is drawn, in log odds, towards the one threshold that is best for the mean over
            labels, as if that had been found on so many positives.

    Returns:
        One threshold per label, to 4 decimals.

    Raises:
        ValueError: a target that is missing or not from 0 to 1, or a negative width or shrinkage.
    """
    if (target is None) != (objective == "f1"):
        raise ValueError("precision and recall need a target, and F1 takes none")
    goal = None if target is None else check_threshold(target, f"target {objective}")
    if smoothing < 0 or shrinkage < 0:
        raise ValueError(f"smoothing and shrinkage must not be negative, got {smoothing} and {shrinkage}")
    scores = probabilities.astype(np.float64)
    positives = targets.sum(0)
    curves = np.stack([_curve(*pair, objective, smoothing) for pair in zip(scores.T, targets.T, strict=True)])
    common = _choose(curves[positives > 0].mean(0), objective, goal) if positives.any() else 0.0

    def of_label(column: int) -> float:
        if not positives[column]:
            return default
        if objective == "f1" and not smoothing:
            own = _log_odds(_best_cut(scores[:, column], targets[:, column]))
        else:
            own = _choose(curves[column], objective, goal)
        weight = positives[column] / (positives[column] + shrinkage)
        odds = weight * own + (1 - weight) * common
        return round(1 / (1 + math.exp(-odds)), 4)

    return {label: of_label(column) for column, label in enumerate(labels)}


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(clipped / (1 - clipped))


def _best_cut(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.uint8]) -> float:
    """Midway between the last score accepted and the first refused at the highest F1."""
    order = np.argsort(-scores, kind="stable")
    ranked = np.append(scores[order], 0.0)
    f1 = 2 * np.cumsum(truth[order]) / (np.arange(1, len(scores) + 1) + truth.sum())
    f1[:-1][ranked[:-2] == ranked[1:-1]] = -1  # a threshold cannot fall between equal scores
    best = int(np.argmax(f1))
    return float(ranked[best] + ranked[best + 1]) / 2


def _curve(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.uint8], objective: Objective, width: float
) -> npt.NDArray[np.float64]:
    """The objective at each threshold of the grid, averaged over thresholds nearby. *Shape:* [n] twice -> [grid]."""
    order = np.argsort(scores, kind="stable")
    refused = np.searchsorted(scores[order], 1 / (1 + np.exp(-GRID)))
    hits = truth.sum() - np.append(0, np.cumsum(truth[order]))[refused]
    accepted_rows = len(scores) - refused
    whole = {"f1": (accepted_rows + truth.sum()) / 2, "precision": accepted_rows, "recall": truth.sum()}[objective]
    curve: npt.NDArray[np.float64] = hits / np.maximum(whole, 1e-9)
    if not width:
        return curve
    kernel = np.exp(-0.5 * ((GRID[:, None] - GRID) / width) ** 2)
    return np.asarray((kernel @ curve) / kernel.sum(1))


def _choose(curve: npt.NDArray[np.float64], objective: Objective, target: float | None) -> float:
    """The log odds on the grid that the objective asks for."""
    reached = np.flatnonzero(curve >= (math.inf if target is None else target))
    if len(reached):
        return float(GRID[reached[0 if objective == "precision" else -1]])
    return float(GRID[np.argmax(curve)])
