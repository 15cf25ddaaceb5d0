"""The loss on all that is learnt from texts: of rows with the corpus's labels, and of rows with coarser ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from goemotions.training.sources import TrainingSet


class Targets:
    """Targets of a training set, on a device."""

    def __init__(self, learnt: TrainingSet, device: torch.device) -> None:
        self.device = device
        self.fine = torch.from_numpy(learnt.targets)
        self.coarse = [torch.from_numpy(targets) for targets in learnt.coarse]
        self.weights = learnt.weights

    def loss(self, logits: Tensor, batch: npt.NDArray[np.int64], coarse_heads: nn.Module) -> Tensor:
        """Return the mean loss of a batch, a scalar.

        Args:
            logits: float32 [n, labels].
            batch: the numbers of its rows, int64 [n].
            coarse_heads: as :class:`goemotions.training.sources.CoarseHeads`.
        """
        total = known_loss(logits, self.fine[batch].to(self.device))
        for number, coarse in enumerate(self.coarse):
            targets = coarse[batch].to(self.device)
            if not targets.isnan().all():
                total = total + self.weights[number] * known_loss(coarse_heads(logits, number), targets)
        return total


def known_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy of the rows whose targets are known, as their part of the batch's mean: a scalar."""
    known = ~targets.isnan().any(1)
    loss = functional.binary_cross_entropy_with_logits(logits[known], targets[known], reduction="sum")
    return loss / targets.numel()
