"""L2-regularised logistic regression of many labels at once, by Newton's method with conjugate gradients.

Each column is a regression of its own, with its own strength and offset, so that all labels at all strengths are solved
together and every step is a matrix product. Rows are rotated onto their principal axes first, where the Hessian is
nearly diagonal: with ``n`` rows no more than ``n`` axes are left, whatever the width.

Minimised is ``sum(log(1 + exp(-(2y - 1) f))) + strength / 2 · |w|²`` with ``f = offset + x·w + b``; the intercept ``b``
is free. scikit-learn's ``LogisticRegression(C=1 / strength)`` minimises the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from goemotions.predictions import sigmoid

Floats = npt.NDArray[np.float64]

NEWTON_STEPS, GRADIENT_STEPS, HALVINGS = 50, 200, 30
SMALLEST = 1e-12
"""Of an axis's variance, as a share of the largest: below, it is rounding."""


@dataclass(frozen=True)
class Linear:
    """Weights [width, c] and intercepts [c] of c regressions."""

    weights: Floats
    intercepts: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Return the log odds, without offsets. *Shape:* [n, width] -> [n, c]."""
        return np.asarray(rows @ self.weights + self.intercepts)


@dataclass(frozen=True)
class Axes:
    """Rows on their principal axes.

    Attributes:
        mean: [width], of the rows.
        rows: [n, r], centred.
        variances: [r], the sum of squares along each axis.
        directions: [width, r], the axes.
    """

    mean: Floats
    rows: Floats
    variances: Floats
    directions: Floats


def find_axes(rows: Floats) -> Axes:
    """Return the principal axes of rows [n, width]."""
    mean = rows.mean(0)
    centred = rows - mean
    few = len(rows) < rows.shape[1]
    values, vectors = np.linalg.eigh(centred @ centred.T if few else centred.T @ centred)
    kept = values > max(values[-1], 0) * SMALLEST
    variances, vectors = values[kept], vectors[:, kept]
    directions = centred.T @ vectors / np.sqrt(variances) if few else vectors
    return Axes(mean, centred @ directions, variances, directions)


def fit_logistic(
    rows: Floats | Axes, targets: Floats, strengths: Floats, offsets: Floats | None = None, tolerance: float = 1e-8
) -> Linear:
    """Fit c regressions.

    Args:
        rows: [n, width], or their axes, where they are fitted several times.
        targets: [n, c], 0 or 1.
        strengths: [c], above 0.
        offsets: [n, c], added to the log odds; None for 0.
        tolerance: of the gradient's length, for each regression.

    Raises:
        ValueError: strengths that are not above 0.
    """
    if not (strengths > 0).all():
        raise ValueError(f"strengths must be above 0, got {strengths.min()}")
    axes = rows if isinstance(rows, Axes) else find_axes(rows)
    weights, intercepts = _minimise(_Problem(axes, targets, strengths, offsets), tolerance)
    turned = axes.directions @ weights
    return Linear(turned, intercepts - axes.mean @ turned)


class _Problem:
    """The objective of c regressions on axes, its gradient and curvature.

    Parameters are [r + 1, c]: weights, and the intercept last.
    """

    def __init__(self, axes: Axes, targets: Floats, strengths: Floats, offsets: Floats | None) -> None:
        self._axes = axes
        self._targets = targets
        self._offsets = np.zeros_like(targets) if offsets is None else offsets
        self._strengths = strengths

    def start(self) -> Floats:
        """Return where to begin: nothing but intercepts, at the rate of each label."""
        count = len(self._targets)
        rates = np.clip(self._targets.mean(0), 0.5 / count, 1 - 0.5 / count)
        begin = np.zeros((len(self._axes.variances) + 1, len(rates)))
        begin[-1] = np.log(rates / (1 - rates)) - self._offsets.mean(0)
        return begin

    def log_odds(self, parameters: Floats) -> Floats:
        """*Shape:* [r + 1, c] -> [n, c]."""
        return np.asarray(self._offsets + self._axes.rows @ parameters[:-1] + parameters[-1])

    def value(self, parameters: Floats, log_odds: Floats) -> Floats:
        """Return the objective of each regression, [c]."""
        loss = (np.logaddexp(0, log_odds) - self._targets * log_odds).sum(0)
        return np.asarray(loss + 0.5 * self._strengths * (parameters[:-1] ** 2).sum(0))

    def gradient(self, parameters: Floats, probabilities: Floats) -> Floats:
        """*Shape:* [r + 1, c], [n, c] -> [r + 1, c]."""
        residual = probabilities - self._targets
        return np.vstack([self._axes.rows.T @ residual + self._strengths * parameters[:-1], residual.sum(0)])

    def curved(self, direction: Floats, spread: Floats) -> Floats:
        """Return the Hessian times a direction; ``spread`` is p (1 - p) of each row."""
        along = spread * (self._axes.rows @ direction[:-1] + direction[-1])
        return np.vstack([self._axes.rows.T @ along + self._strengths * direction[:-1], along.sum(0)])

    def diagonal(self, spread: Floats) -> Floats:
        """Return the Hessian's diagonal as it would be if all rows had the same spread: then it is all there is."""
        weights = spread.mean(0) * self._axes.variances[:, None] + self._strengths
        return np.vstack([weights, np.maximum(spread.sum(0), 1e-9)])


def _minimise(problem: _Problem, tolerance: float) -> tuple[Floats, Floats]:
    """Return weights [r, c] and intercepts [c] at which the gradient is shorter than ``tolerance``."""
    parameters = problem.start()
    log_odds = problem.log_odds(parameters)
    value = problem.value(parameters, log_odds)
    for _ in range(NEWTON_STEPS):
        probabilities = sigmoid(log_odds)
        gradient = problem.gradient(parameters, probabilities)
        length = np.sqrt((gradient**2).sum(0))
        if (length <= tolerance).all():
            break
        step = _newton_step(problem, gradient, probabilities * (1 - probabilities), length, tolerance)
        share = np.ones(len(length))
        for _ in range(HALVINGS):
            tried = parameters + share * step
            log_odds = problem.log_odds(tried)
            reached = problem.value(tried, log_odds)
            worse = reached > value + 1e-10 * np.abs(value)
            if not worse.any():
                break
            share[worse] /= 2
        parameters, value = tried, reached
    return parameters[:-1], parameters[-1]


def _newton_step(problem: _Problem, gradient: Floats, spread: Floats, length: Floats, tolerance: float) -> Floats:
    """Return the step to the minimum of the quadratic model, by preconditioned conjugate gradients."""
    goal = np.minimum(0.1, np.sqrt(length)) * length
    diagonal = problem.diagonal(spread)
    step, left = np.zeros_like(gradient), -gradient
    scaled = left / diagonal
    direction, product = scaled.copy(), (left * scaled).sum(0)
    for _ in range(GRADIENT_STEPS):
        live = (np.sqrt((left**2).sum(0)) > goal) & (length > tolerance)
        if not live.any():
            break
        curved = problem.curved(direction, spread)
        share = np.where(live, product / np.maximum((direction * curved).sum(0), 1e-300), 0)
        step += share * direction
        left = left - share * curved
        scaled = left / diagonal
        before, product = product, (left * scaled).sum(0)
        direction = scaled + np.where(live, product / np.maximum(before, 1e-300), 0) * direction
    return step
