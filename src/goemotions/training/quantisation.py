"""Quantisation-aware training: 8-bit matrix products simulated in the forward pass, exact gradients passed through.

What is simulated is what :mod:`goemotions.training.onnx_graph` writes:

* an activation is unsigned 8 bit with one fixed scale and zero point a tensor. Fixed, because a scale taken from the
  batch at hand would make a text's score depend on its neighbours;
* a weight is signed with one scale an output channel, in [-64, 64]. CPUs without VNNI add two products in 16 bits,
  which saturates with weights beyond 64 (2 * 255 * 64 < 2**15): staying below makes every CPU compute the same;
* a word embedding is signed 8 bit with one scale a row.

Straight-through estimator: Bengio et al., 2013; ranges that minimise the squared error: Nagel et al., *A White Paper
on Neural Network Quantization*, 2021, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

WEIGHT_MAX = 64
EMBEDDING_MAX = 127
ACTIVATION_MAX = 255
SAMPLES_PER_CALL = 1 << 15


class ActivationQuantiser(nn.Module):
    """Simulates unsigned 8-bit storage of one activation tensor with a fixed range.

    Passes its input through until a range is set by :func:`calibrate`.
    """

    scale: Tensor
    zero_point: Tensor
    enabled: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("zero_point", torch.zeros((), dtype=torch.int32))
        self.register_buffer("enabled", torch.tensor(False))
        self.samples: list[Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.samples is not None:
            self.samples.append(sample(x))
            return x
        if not self.enabled:
            return x
        return torch.fake_quantize_per_tensor_affine(x.float(), self.scale, self.zero_point, 0, ACTIVATION_MAX)

    def set_range(self, low: float, high: float) -> None:
        """Fix the range; it is widened to hold 0, so that 0 is exact."""
        low, high = min(low, 0.0), max(high, 1e-6)
        scale = (high - low) / ACTIVATION_MAX
        self.scale.fill_(scale)
        self.zero_point.fill_(round(-low / scale))
        self.enabled.fill_(True)


class QuantLinear(nn.Linear):
    """A linear layer whose input and weight are quantised in the forward pass once its quantiser is enabled."""

    def __init__(self, source: nn.Linear, quantiser: ActivationQuantiser) -> None:
        super().__init__(source.in_features, source.out_features, bias=True)
        self.weight = source.weight
        self.bias = source.bias
        self.quantiser = quantiser

    def forward(self, input: Tensor) -> Tensor:
        x = self.quantiser(input)
        if not self.quantiser.enabled:
            return functional.linear(x, self.weight, self.bias)
        scale = weight_scale(self.weight, WEIGHT_MAX)
        zero = torch.zeros(self.out_features, dtype=torch.int32, device=x.device)
        weight = torch.fake_quantize_per_channel_affine(self.weight, scale, zero, 0, -WEIGHT_MAX, WEIGHT_MAX)
        return functional.linear(x, weight, self.bias)


class QuantEmbedding(nn.Embedding):
    """An embedding whose rows are stored in 8 bit, each with its own scale."""

    def __init__(self, source: nn.Embedding) -> None:
        super().__init__(source.num_embeddings, source.embedding_dim, padding_idx=source.padding_idx)
        self.weight = source.weight

    def forward(self, input: Tensor) -> Tensor:
        rows = super().forward(input)
        scale = weight_scale(rows, EMBEDDING_MAX).unsqueeze(-1)
        return rows + ((rows / scale).round() * scale - rows).detach()


def weight_scale(weight: Tensor, largest: int) -> Tensor:
    """Scale a row, so that the row's largest magnitude becomes ``largest``. *Shape:* [..., k] -> [...]."""
    return (weight.detach().abs().amax(-1) / largest).clamp_min(1e-12)


def sample(x: Tensor) -> Tensor:
    """Some values of ``x`` and its two extremes. *Shape:* any -> [at most SAMPLES_PER_CALL + 2]."""
    flat = x.detach().float().flatten()
    picked = flat[torch.randint(flat.numel(), (min(SAMPLES_PER_CALL, flat.numel()),), device=flat.device)]
    return torch.cat([picked, flat.min().view(1), flat.max().view(1)])


def quantisers(model: nn.Module) -> list[ActivationQuantiser]:
    return [module for module in model.modules() if isinstance(module, ActivationQuantiser)]


@contextmanager
def calibrate(model: nn.Module) -> Iterator[None]:
    """Within the block the model runs unquantised and is observed; at its end every range is set from what was seen."""
    for quantiser in quantisers(model):
        quantiser.samples = []
        quantiser.enabled.fill_(False)
    yield
    for quantiser in quantisers(model):
        if quantiser.samples:
            quantiser.set_range(*best_range(torch.cat(quantiser.samples)))
        quantiser.samples = None


def best_range(values: Tensor) -> tuple[float, float]:
    """The range (low, high) whose 8-bit rounding has the least squared error on ``values``.

    Both ends are shrunk independently, each in turn, over 1.0, 0.98, … 0.2 of the observed extremes.
    """
    low, high = min(values.min().item(), 0.0), max(values.max().item(), 1e-6)

    def error(low: float, high: float) -> float:
        scale = (high - low) / ACTIVATION_MAX
        zero = round(-low / scale)
        return (
            (torch.fake_quantize_per_tensor_affine(values, scale, zero, 0, ACTIVATION_MAX) - values)
            .square()
            .mean()
            .item()
        )

    shrink = torch.arange(1.0, 0.19, -0.02).tolist()
    for _ in range(2):
        high = min((high * s for s in shrink), key=lambda candidate: error(low, candidate))
        low = min((low * s for s in shrink), key=lambda candidate: error(candidate, high))
    return low, high
