"""Losses for several labels a row: logits and targets, [n, labels], to a scalar, the mean over rows and labels.

=================  ====================================================================================================
``Focal``          Lin et al., *Focal Loss for Dense Object Detection*, 2017, with alpha and gamma for each label
``Asymmetric``     Ridnik et al., *Asymmetric Loss For Multi-Label Classification*, 2021
``ClassBalanced``  Cui et al., *Class-Balanced Loss Based on Effective Number of Samples*, 2019
``BCE``            binary cross-entropy, which the others come down to at their neutral settings
=================  ====================================================================================================

All are computed from log-sigmoids, so that logits of any size give finite losses and gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from goemotions.errors import nearest
from goemotions.training.focal_config import PRESETS, FocalConfig, preset

NAMES: Final = ("bce", *(f"focal-{name}" for name in PRESETS), "asymmetric", "class-balanced")


class BCE(nn.Module):
    """``-[y log p + (1 - y) log(1 - p)]``."""

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype))


class Focal(nn.Module):
    """``alpha_t · (1 - p_t)^gamma · BCE``: rows that are right already count less.

    ``p_t`` is p for a positive and 1 - p for a negative, ``alpha_t`` alpha and 1 - alpha.
    """

    alpha: Tensor
    gamma: Tensor

    def __init__(self, config: FocalConfig) -> None:
        super().__init__()
        self.register_buffer("alpha", torch.tensor(config.alpha, dtype=torch.float64), persistent=False)
        self.register_buffer("gamma", torch.tensor(config.gamma, dtype=torch.float64), persistent=False)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        targets, alpha, gamma = (tensor.to(logits.dtype) for tensor in (targets, self.alpha, self.gamma))
        signed = torch.where(targets > 0, logits, -logits)
        alpha_t = torch.where(targets > 0, alpha, 1 - alpha)
        # log(1 - p_t) is the log-sigmoid of the negated logit; its gradient stays finite where p_t reaches 1.
        modulation = torch.exp(gamma * functional.logsigmoid(-signed))
        return (alpha_t * modulation * -functional.logsigmoid(signed)).mean()


class Asymmetric(nn.Module):
    """``(1 - p)^gamma_positive · -log p`` for a positive, ``p_m^gamma_negative · -log(1 - p_m)`` for a negative.

    ``p_m = max(p - margin, 0)``, so that negatives below the margin do not count at all. The weights are part of the
    gradient, as in the paper's formula (its code offers to leave them out).
    """

    def __init__(self, gamma_positive: float = 0.0, gamma_negative: float = 4.0, margin: float = 0.05) -> None:
        """Defaults are the paper's.

        Raises:
            ValueError: a negative gamma, or a margin that is not in [0, 1).
        """
        super().__init__()
        if min(gamma_positive, gamma_negative) < 0 or not 0 <= margin < 1:
            raise ValueError(
                f"gammas must be 0 or more and the margin in [0, 1), got {gamma_positive}, {gamma_negative}, {margin}"
            )
        self.gamma_positive = gamma_positive
        self.gamma_negative = gamma_negative
        self.margin = margin

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        log_not_p = functional.logsigmoid(-logits)
        positive = torch.exp(self.gamma_positive * log_not_p) * -functional.logsigmoid(logits)
        if self.margin == 0:
            negative = torch.exp(self.gamma_negative * functional.logsigmoid(logits)) * -log_not_p
        else:
            shifted = torch.sigmoid(logits) - self.margin
            counts = shifted > 0
            # Any number in the place of the others: the power's gradient at 0 is infinite for gamma below 1.
            shifted = torch.where(counts, shifted, 0.5)
            negative = torch.where(counts, shifted.pow(self.gamma_negative) * -torch.log1p(-shifted), 0.0)
        return torch.where(targets > 0, positive, negative).mean()


class ClassBalanced(nn.Module):
    """``w · (1 - p_t)^gamma · BCE`` with ``w = (1 - beta) / (1 - beta^n)`` for a label of n positives in train.

    The weights are scaled to add up to the number of labels, as in the authors' code. Each label's binary problem gets
    its own weight, positives and negatives alike (so Huang et al., EMNLP 2021, for several labels a row).
    """

    weights: Tensor

    def __init__(self, positives: Sequence[int], beta: float = 0.9999, gamma: float = 0.0) -> None:
        """
        Args:
            positives: of each label in train.

        Raises:
            ValueError: a label without a positive, beta outside [0, 1), or a negative gamma.
        """
        super().__init__()
        if min(positives) < 1 or not 0 <= beta < 1 or gamma < 0:
            raise ValueError(
                f"every label needs a positive, beta in [0, 1) and gamma of 0 or more; got at least {min(positives)} "
                f"positives, beta {beta}, gamma {gamma}"
            )
        counts = torch.tensor(positives, dtype=torch.float64)
        weights = (1 - beta) / (1 - beta**counts)
        self.register_buffer("weights", weights * len(weights) / weights.sum(), persistent=False)
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        signed = torch.where(targets > 0, logits, -logits)
        modulation = torch.exp(self.gamma * functional.logsigmoid(-signed))
        return (self.weights.to(logits.dtype) * modulation * -functional.logsigmoid(signed)).mean()


def make_loss(name: str, positives: Sequence[int], **settings: Any) -> nn.Module:
    """A loss by its name in a recipe: one of :data:`NAMES`.

    Args:
        positives: of each label in train, for "class-balanced".
        settings: of the loss's constructor, such as ``beta`` or ``gamma_negative``.

    Raises:
        ValueError: another name.
        TypeError: settings that the loss does not have.
    """
    if name not in NAMES:
        raise ValueError(f"no loss {name!r}{nearest(name, NAMES)}; there are: {', '.join(NAMES)}")
    if name.startswith("focal-"):
        return Focal(preset(name.removeprefix("focal-")), **settings)
    if name == "class-balanced":
        return ClassBalanced(positives, **settings)
    return (Asymmetric if name == "asymmetric" else BCE)(**settings)
