"""The beginning of a classifier: what can be read off the states before it, while nothing behind it is trained yet.

States that know the labels already, such as those of ``compact``, come through an untrained projection and decoder. The
linear map from there that is nearest to the targets' log odds is known at once; training starts from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

LEAST = 1e-3  # of a probability, so that log odds are finite
RIDGE = 1e-3  # of the states' mean variance: only directions that hardly vary feel it


def start_readout(classifier: nn.Linear, states: torch.Tensor, targets: npt.NDArray[Any]) -> None:
    """Set a classifier to the least squares of the targets' log odds.

    Args:
        states: what it reads, float32 [n, width].
        targets: labels or probabilities, [n, labels].
    """
    x, p = states.double().cpu().numpy(), np.clip(targets.astype(np.float64), LEAST, 1 - LEAST)
    odds = np.log(p / (1 - p))
    centre, mean = x.mean(0), odds.mean(0)
    x -= centre
    scatter = x.T @ x
    ridge = RIDGE * np.trace(scatter) / len(scatter) + np.finfo(np.float64).tiny
    weights = np.linalg.solve(scatter + ridge * np.eye(len(scatter)), x.T @ (odds - mean)).T
    with torch.no_grad():
        classifier.weight.copy_(torch.from_numpy(weights))
        classifier.bias.copy_(torch.from_numpy(mean - weights @ centre))
