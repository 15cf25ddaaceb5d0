"""AdamW and its learning rate: what a step changes, and by how much."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

ParameterGroup = dict[str, Any]
"""Parameters of an optimiser that share settings, in the form that torch takes: ``params`` and each setting by name."""


def make_optimiser(name: str, groups: list[ParameterGroup], learning_rate: float) -> torch.optim.Optimizer:
    """Return AdamW (Loshchilov & Hutter, 2019), of torch or with the 8-bit states of Dettmers et al., 2022."""
    if name == "adamw":
        # Fused: the same update in one pass over memory, five times as fast on a CPU.
        return torch.optim.AdamW(groups, lr=learning_rate, fused=True)
    from goemotions.decoder.nf4 import bitsandbytes

    return bitsandbytes().optim.AdamW8bit(groups, lr=learning_rate)  # type: ignore[no-any-return]


def decay_groups(module: nn.Module, weight_decay: float, lr_scale: float = 1.0) -> list[ParameterGroup]:
    """Return AdamW's groups for a module: biases and normalisation weights are not decayed."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in parameters if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters if parameter.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay, "lr_scale": lr_scale},
        {"params": vectors, "weight_decay": 0.0, "lr_scale": lr_scale},
    ]


def schedule(name: str, step: int, total: int, warmup_ratio: float) -> float:
    """Return the learning rate's factor by the ``linear`` or ``cosine`` schedule."""
    return {"linear": linear_schedule, "cosine": cosine_schedule}[name](step, total, warmup_ratio)


def cosine_schedule(step: int, total: int, warmup_ratio: float) -> float:
    """Linear warm-up to 1, then half a cosine to 0 at ``total`` (Loshchilov & Hutter, 2017). ``step`` counts from 0."""
    warmup = max(1, round(total * warmup_ratio))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (step + 1 - warmup) / max(1, total + 1 - warmup))


def linear_schedule(step: int, total: int, warmup_ratio: float) -> float:
    """Linear warm-up to 1, then linear decay to 0 at ``total``. ``step`` counts from 0."""
    warmup = max(1, round(total * warmup_ratio))
    return min((step + 1) / warmup, (total - step) / max(1, total - warmup))
