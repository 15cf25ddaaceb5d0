"""Products with a matrix, in whichever form it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention

from goemotions.decoder.lora import LowRank
from goemotions.decoder.nf4 import CACHE_WEIGHTS, Fused, Nf4Matrix

PART_ROWS = 1024  # of a matrix: fewer make the products slower
FEW = 64  # rows of x: with so few, weights that are cast had better stay in the cache


class Unpacked:
    """``x @ W.T`` on a CPU, W made from its codes some rows at a time, again for each call.

    What is made never stands in memory as a whole.
    """

    def __init__(
        self, matrix: Nf4Matrix, dtype: torch.dtype, change: Callable[[torch.Tensor], torch.Tensor] | None = None
    ) -> None:
        """
        Args:
            dtype: of the products.
            change: what is to be done to the rows [n, in] of W, in float32, before.
        """
        self._matrix = matrix
        self._dtype = dtype
        self._change = change

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """*Shape:* [n, in] → [n, out]."""
        matrix = self._matrix
        out, into = matrix.shape
        y = x.new_empty(len(x), out)
        count = CACHE_WEIGHTS // into if len(x) <= FEW and self._dtype != matrix.dtype else PART_ROWS
        for part, weights in matrix.rows(count):
            made = weights if self._change is None else self._change(weights.float())
            y[:, part] = F.linear(x, made.to(self._dtype))
        return y


Weight = torch.Tensor | Fused | Unpacked


@dataclass(frozen=True)
class Linear:
    """``x @ W.T + bias``, plus the adapter's side product."""

    weight: Weight
    bias: torch.Tensor | None = None
    low_rank: LowRank | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """*Shape:* [n, in] → [n, out], in the type of ``x``."""
        if isinstance(self.weight, torch.Tensor):
            y = F.linear(x, self.weight, self.bias)
        else:
            y = self.weight(x)
            y = y if self.bias is None else y + self.bias
        if self.low_rank is None:
            return y
        a, b, scale = self.low_rank
        return torch.addmm(y.to(a.dtype), F.linear(x.to(a.dtype), a), b.t(), alpha=scale).to(y.dtype)
