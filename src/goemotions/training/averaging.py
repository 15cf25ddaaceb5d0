"""The mean of trained weights and those that training started from.

Wortsman et al., *Robust fine-tuning of zero-shot models* (WiSE-FT), CVPR 2022: part of the way between the two, a model
keeps what it knew and has much of what it learnt. The weights of a finished 8-bit model lie on the steps of its scales,
and what fine-tuning moves them is mostly less than half a step: rounded to the nearest, it would be gone. They are
therefore rounded up or down at random, with the probabilities that make the mean right (stochastic rounding: Gupta et
al., *Deep Learning with Limited Numerical Precision*, ICML 2015).
"""

from __future__ import annotations

import torch
from torch import Tensor

from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.quantisation import EMBEDDING_MAX, WEIGHT_MAX, QuantEmbedding, QuantLinear, weight_scale


def average_with(model: MeanPooledEncoder, start: MeanPooledEncoder, share: float, seed: int) -> None:
    """Move the weights of ``model`` towards those of ``start``, in place.

    Args:
        start: the network that training started from, in float32, its matrices on the steps of their 8 bit.
        share: of ``start`` in the mean, 0 to 1.
        seed: of the rounding.
    """
    generator = torch.Generator().manual_seed(seed)
    before = dict(start.named_parameters())
    steps = {f"{name}.weight": limit_of(module) for name, module in model.named_modules() if limit_of(module)}
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name not in before:
                continue
            mean = share * before[name] + (1 - share) * weight.cpu()
            weight.copy_(on_steps(mean, before[name], steps[name], generator) if name in steps else mean)


def limit_of(module: torch.nn.Module) -> int:
    """Return the largest 8-bit code of a module's weight; 0 where it is not in 8 bit."""
    return {QuantLinear: WEIGHT_MAX, QuantEmbedding: EMBEDDING_MAX}.get(type(module), 0)


def on_steps(weight: Tensor, grid: Tensor, limit: int, generator: torch.Generator) -> Tensor:
    """Round each row at random to multiples of the row's scale in ``grid``. *Shape:* float32 [n, k] -> [n, k].

    A row's largest weight stays, so that its scale does.
    """
    scale = weight_scale(grid, limit).unsqueeze(-1)
    codes = (weight / scale + torch.rand(weight.shape, generator=generator)).floor().clamp(-limit, limit)
    largest = (grid / scale).round().abs() == limit
    return torch.where(largest, grid, codes * scale)
