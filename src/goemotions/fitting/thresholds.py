"""Thresholds from few rows: not from the rows' answers, which would be luck, but from what the probabilities promise.

Where probabilities mean what they say, the F1 that a threshold will have is known from them alone, and the best is half
of the best F1 (Lipton et al., 2014).
"""

from __future__ import annotations

import numpy as np

from goemotions.fitting.logistic import Floats

LEAST, MOST = 0.0005, 0.9995


def expected_f1_thresholds(probabilities: Floats) -> Floats:
    """Return the threshold of each label with the best expected F1. *Shape:* [n, labels] -> [labels]."""
    ranked = -np.sort(-probabilities, axis=0)
    accepted = np.arange(1, len(ranked) + 1)[:, None]
    f1 = 2 * np.cumsum(ranked, axis=0) / (accepted + ranked.sum(0))
    return np.asarray(np.clip(f1.max(0) / 2, LEAST, MOST))


def log_odds(probabilities: Floats) -> Floats:
    """Return the log odds of probabilities that are neither 0 nor 1."""
    return np.asarray(np.log(probabilities / (1 - probabilities)))
