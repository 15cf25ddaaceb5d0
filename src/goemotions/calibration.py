"""Calibration: a monotone map on each label's logit that makes its probabilities mean what they say.

It is applied before thresholds, so that everything a user sees, thresholds included, is of calibrated probabilities.
How one is fitted is in :mod:`goemotions.evaluation.fit_calibration`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.fields import shown

METHODS = ("temperature", "platt", "isotonic")
MOST_LOGIT = 1e6


@dataclass(frozen=True)
class Calibration:
    """Piecewise linear maps on logits, one per label.

    Attributes:
        method: how it was fitted, one of :data:`METHODS`.
        knots: for each label, logits and what they become, both rising: [(x, y), ...]. With two knots the map is the
            line through them, everywhere (temperature, Platt); with more it stays level outside (isotonic).
    """

    method: str
    knots: dict[str, list[tuple[float, float]]]

    def apply(self, logits: npt.NDArray[np.float32], labels: Sequence[str]) -> npt.NDArray[np.float32]:
        """The calibrated logits. *Shape:* float32 [n, labels] -> the same."""
        columns = [_map(logits[:, column], self.knots[label]) for column, label in enumerate(labels)]
        return np.stack(columns, axis=1).astype(np.float32)

    def as_dict(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "knots": {label: [list(k) for k in knots] for label, knots in self.knots.items()},
        }

    @classmethod
    def from_dict(cls, raw: object, labels: Sequence[str]) -> Calibration:
        """Read ``config.json``'s ``calibration``.

        Raises:
            ValueError: not such an object, another method, or knots that are missing, too few or not rising.
        """
        if (
            not isinstance(raw, Mapping)
            or raw.get("method") not in METHODS
            or not isinstance(raw.get("knots"), Mapping)
        ):
            raise ValueError(f'calibration must be {{"method": {" or ".join(METHODS)}, "knots": {{label: [[x, y]]}}}}')
        knots = {label: _knots(raw["knots"].get(label), label) for label in labels}
        return cls(str(raw["method"]), knots)


def _knots(raw: object, label: str) -> list[tuple[float, float]]:
    pairs = raw if isinstance(raw, list) else []
    numbers = [value for pair in pairs if isinstance(pair, list) and len(pair) == 2 for value in pair]
    plain = all(type(value) in (int, float) and abs(value) <= MOST_LOGIT for value in numbers)
    rising = plain and (np.diff(numbers[::2]) > 0).all() and (np.diff(numbers[1::2]) >= 0).all()
    if len(numbers) != 2 * len(pairs) or len(pairs) < 2 or not rising:
        raise ValueError(f"calibration of {label}: expected at least two rising knots [x, y], got {shown(raw)}")
    return [(float(x), float(y)) for x, y in pairs]


def _map(logits: npt.NDArray[np.float32], knots: list[tuple[float, float]]) -> npt.NDArray[np.float64]:
    x, y = np.array(knots).T
    if len(knots) > 2:
        return np.asarray(np.interp(logits, x, y))
    slope = (y[1] - y[0]) / (x[1] - x[0])
    return np.asarray(y[0] + slope * (logits.astype(np.float64) - x[0]))
