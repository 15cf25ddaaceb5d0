"""Fit calibration maps on a validation set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from goemotions.calibration import METHODS, Calibration
from goemotions.errors import nearest

Floats = npt.NDArray[np.float64]
Knots = list[tuple[float, float]]

SURE = 1e-3  # isotonic steps are kept this far from 0 and 1: a few rows do not prove a certainty
SLOPES = (0.1, 10.0)


def fit(
    method: str, logits: npt.NDArray[np.float32], targets: npt.NDArray[np.uint8], labels: Sequence[str]
) -> Calibration:
    """Return a calibration fitted on logits and truth, both [n, labels].

    * ``temperature``: one divisor of all logits, by maximum likelihood (Guo et al., 2017);
    * ``platt``: a line per label, by maximum likelihood on targets drawn towards the middle, so that a few positives do
      not make it steep (Platt, 1999, section 2.2);
    * ``isotonic``: the monotone step function of least squares per label (Zadrozny & Elkan, 2002), joined by lines.

    A label without a positive or a negative keeps its logits (except from ``temperature``).

    Raises:
        ValueError: another method.
    """
    if method not in METHODS:
        raise ValueError(f"no calibration {method!r}{nearest(method, METHODS)}; there are: {', '.join(METHODS)}")
    if method == "temperature":
        slope = temperature(logits.astype(np.float64), targets)
        return Calibration(method, {label: line(slope, 0.0) for label in labels})
    of_label = platt if method == "platt" else isotonic

    def knots(column: int) -> Knots:
        truth = targets[:, column]
        if truth.all() or not truth.any():
            return line(1.0, 0.0)
        return of_label(logits[:, column].astype(np.float64), truth)

    return Calibration(method, {label: knots(column) for column, label in enumerate(labels)})


def line(slope: float, intercept: float) -> Knots:
    """Return two knots of a line."""
    return [(x, round(float(slope * x + intercept), 6)) for x in (-1.0, 1.0)]


def loss(logits: Floats, targets: Floats) -> float:
    """Return the mean negative log likelihood."""
    return float((np.logaddexp(0, logits) - targets * logits).mean())


def temperature(logits: Floats, targets: npt.NDArray[np.uint8]) -> float:
    """Return the factor of the logits: 1 / T."""
    truth = targets.astype(np.float64)
    return float(minimize_scalar(lambda slope: loss(slope * logits, truth), bounds=SLOPES, method="bounded").x)


def platt(logits: Floats, targets: npt.NDArray[np.uint8]) -> Knots:
    """Return the line of Platt's method for a label, logits and targets [n]."""
    positives, negatives = int(targets.sum()), int(len(targets) - targets.sum())
    drawn_in = np.where(targets, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def error(parameters: Floats) -> float:
        return loss(parameters[0] * logits + parameters[1], drawn_in)

    found = minimize(error, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[SLOPES, (None, None)])
    return line(*found.x)


def isotonic(logits: Floats, targets: npt.NDArray[np.uint8]) -> Knots:
    """Return the steps of isotonic regression for a label, logits and targets [n]."""
    from sklearn.isotonic import IsotonicRegression

    step = IsotonicRegression(y_min=SURE, y_max=1 - SURE).fit(logits, targets)
    x, y = step.X_thresholds_, step.y_thresholds_
    values = np.log(y / (1 - y))
    knots = [(round(float(a), 5), round(float(b), 5)) for a, b in zip(x, values, strict=True)]
    # Rounding may join two knots, and a map of two would be read as a line.
    rising = [knot for knot, before in zip(knots, [(-np.inf, 0.0), *knots], strict=False) if knot[0] > before[0]]
    last_x, last_y = rising[-1]
    return [*rising, *((last_x + step, last_y) for step in range(1, 4 - len(rising)))]
