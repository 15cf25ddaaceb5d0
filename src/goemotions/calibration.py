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

METHODS = ("temperature", "platt", "isotonic")


@dataclass(frozen=True)
class Calibration:
    """Piecewise linear maps on logits, one a label.

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
        knots = {label: [(float(x), float(y)) for x, y in raw["knots"].get(label, ())] for label in labels}
        for label, points in knots.items():
            x, y = np.array(points).reshape(-1, 2).T
            if len(points) < 2 or not np.isfinite([x, y]).all() or (np.diff(x) <= 0).any() or (np.diff(y) < 0).any():
                raise ValueError(f"calibration of {label}: expected at least two rising knots, got {points}")
        return cls(str(raw["method"]), knots)


def _map(logits: npt.NDArray[np.float32], knots: list[tuple[float, float]]) -> npt.NDArray[np.float64]:
    x, y = np.array(knots).T
    if len(knots) > 2:
        return np.asarray(np.interp(logits, x, y))
    slope = (y[1] - y[0]) / (x[1] - x[0])
    return np.asarray(y[0] + slope * (logits.astype(np.float64) - x[0]))
