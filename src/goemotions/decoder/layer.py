"""One decoder layer: as it is stored, and ready to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention

from goemotions.decoder.config import LIVE, DecoderConfig, path_of
from goemotions.decoder.linear import Linear, Unpacked, Weight
from goemotions.decoder.lora import LowRank
from goemotions.decoder.nf4 import PARTS, STATE_KEY, Fused, Nf4Matrix
from goemotions.decoder.tensors import TensorSource
from goemotions.errors import ModelError

FOLD_ROWS = 512  # folded at a time in float32
FLOATS = (torch.bfloat16, torch.float16, torch.float32)


class PlainMatrix:
    """A matrix [out, in] of a checkpoint that is not 4-bit: read when asked for, from the mapped file."""

    def __init__(self, source: TensorSource, name: str) -> None:
        self._source = source
        self._name = name

    def read(self) -> torch.Tensor:
        """The weights [out, in] as the file holds them.

        Raises:
            ModelError: NaN or infinity among them.
        """
        weights = self._source.tensor(self._name)
        if weights.dtype not in FLOATS:
            raise ModelError(f"{self._source.path}: {self._name} is of type {weights.dtype}, expected 16 or 32 bit")
        check_finite(weights, f"{self._source.path}: {self._name}")
        return weights


@dataclass(frozen=True)
class StoredLayer:
    """A layer's weights where they lie, and its adapter.

    Attributes:
        norms: float32 [hidden] twice: before attention, before the MLP.
        matrices: of :data:`LIVE`.
        biases: of those that have one.
        low_ranks: of those that have an adapter.
    """

    config: DecoderConfig
    norms: tuple[torch.Tensor, torch.Tensor]
    matrices: Mapping[str, PlainMatrix | Nf4Matrix]
    biases: Mapping[str, torch.Tensor]
    low_ranks: Mapping[str, LowRank]

    def touch(self) -> None:
        """Bring the layer's 4-bit matrices into memory, ahead of their use."""
        for matrix in self.matrices.values():
            if isinstance(matrix, Nf4Matrix):
                matrix.touch()

    def to(self, device: torch.device) -> StoredLayer:
        """On a device, but for matrices that are not 4-bit: those stay in their file."""
        before, after = self.norms
        return replace(
            self,
            norms=(before.to(device), after.to(device)),
            matrices={name: m.to(device) if isinstance(m, Nf4Matrix) else m for name, m in self.matrices.items()},
            biases={name: bias.to(device) for name, bias in self.biases.items()},
            low_ranks={
                name: low._replace(a=low.a.to(device), b=low.b.to(device)) for name, low in self.low_ranks.items()
            },
        )

    def dense(self, dtype: torch.dtype, device: torch.device, buffers: Buffers | None = None) -> Layer:
        """Ready for products with plain matrices of ``dtype``.

        Args:
            buffers: where to put them; what the next layer made with these overwrites.
        """
        return self.ready(self.weights(dtype, device, buffers), dtype, dtype, device)

    def weights(
        self, dtype: torch.dtype, device: torch.device, buffers: Buffers | None = None
    ) -> dict[str, torch.Tensor]:
        """Its matrices of :data:`LIVE` dequantised, ``o_proj`` folded; arguments as :meth:`dense`."""
        buffers = Buffers() if buffers is None else buffers
        return {name: self._weight(name, dtype, device, buffers) for name in LIVE}

    def unpacked(self, dtype: torch.dtype) -> Layer:
        """Ready for products of ``dtype`` on a CPU that make 4-bit matrices plain as they go."""
        cpu = torch.device("cpu")
        weights: dict[str, Weight] = {}
        for name in LIVE:
            matrix = self.matrices[name]
            if isinstance(matrix, Nf4Matrix):
                weights[name] = Unpacked(
                    matrix, dtype, partial(fold, config=self.config) if self._folds(name) else None
                )
            else:
                weights[name] = self._weight(name, dtype, cpu, Buffers())
        return self.ready(weights, dtype, dtype, cpu)

    def _folds(self, name: str) -> bool:
        return name == "o_proj" and self.config.queries_per_kv > 1

    def fused(self, device: torch.device) -> Layer:
        """Ready for bfloat16 products with 4-bit kernels where there are, with plain matrices elsewhere."""
        dtype = torch.bfloat16
        weights: dict[str, Weight] = {}
        for name in LIVE:
            matrix = self.matrices[name]
            kernel = matrix.to(device).fused() if isinstance(matrix, Nf4Matrix) else None
            weights[name] = kernel or self._weight(name, dtype, device, Buffers())
        # Few rows make side products cheap in float32, and torch's bfloat16 products of few rows are slow on CPUs.
        return self.ready(weights, dtype, torch.float32, device)

    def _weight(self, name: str, dtype: torch.dtype, device: torch.device, buffers: Buffers) -> torch.Tensor:
        matrix, shape = self.matrices[name], self.config.shape(name)
        folded = self._folds(name)
        if isinstance(matrix, Nf4Matrix):
            weight = matrix.to(device).dequantise(
                buffers.take(f"{name} unfolded" if folded else name, shape, dtype, device)
            )
        else:
            weight = matrix.read()
            if not folded:
                return weight.to(device, dtype)  # the mapped file itself, where it holds this type
        if not folded:
            return weight
        out = buffers.take(name, (shape[0], shape[1] // self.config.queries_per_kv), dtype, device)
        for rows, part in zip(torch.split(out, FOLD_ROWS), torch.split(weight, FOLD_ROWS), strict=True):
            rows.copy_(fold(part.to(device).float(), self.config))
        return out

    def ready(
        self,
        weights: Mapping[str, Weight],
        dtype: torch.dtype,
        low_rank_dtype: torch.dtype,
        device: torch.device,
    ) -> Layer:
        """Ready for products with ``weights``, with its own norms, biases and adapter (differentiable in the latter).

        Args:
            weights: of :data:`LIVE`; an ``o_proj`` that is not of 4-bit kernels is folded, as :meth:`weights` gives it.
            dtype: of the activations that go into products.
            low_rank_dtype: of the adapter's side products.
        """
        linears: dict[str, Linear] = {}
        for name, weight in weights.items():
            low = self.low_ranks.get(name)
            if low is not None and name == "o_proj" and not isinstance(weight, Fused):
                low = low._replace(a=fold(low.a, self.config))
            bias = self.biases.get(name)
            linears[name] = Linear(
                weight,
                None if bias is None else bias.to(device, dtype),
                None
                if low is None
                else low._replace(a=low.a.to(device, low_rank_dtype), b=low.b.to(device, low_rank_dtype)),
            )
        heads = self.config if isinstance(weights["o_proj"], Fused) else None
        return Layer(tuple(norm.to(device) for norm in self.norms), self.config.norm_eps, dtype, heads, **linears)


class Buffers:
    """Memory for one layer's weights, used again for the next: fresh memory costs more than what is written to it."""

    def __init__(self) -> None:
        self._held: dict[str, torch.Tensor] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """A tensor whose content is undefined, the same at every call with this name, shape and type."""
        held = self._held.get(name)
        if held is None or held.shape != shape or held.dtype != dtype:
            with torch.inference_mode(False):  # whoever takes it first: gradients may flow past it later
                held = self._held[name] = torch.empty(shape, dtype=dtype, device=device)
        return held


def fold(weight: torch.Tensor, config: DecoderConfig) -> torch.Tensor:
    """Sum the columns of the query heads that share a key-value head, for all of them get the same value.

    *Shape:* [out, num_heads * head_dim] → [out, num_kv_heads * head_dim]. Exact only on dequantised weights: sums of
    codes are not in the code book.
    """
    heads = weight.reshape(weight.shape[0], config.num_kv_heads, config.queries_per_kv, config.head_dim)
    return heads.sum(dim=2).reshape(weight.shape[0], -1)


def repeat(values: torch.Tensor, config: DecoderConfig) -> torch.Tensor:
    """Each key-value head's value for every query head that shares it.

    *Shape:* [n, num_kv_heads * head_dim] → [n, num_heads * head_dim].
    """
    heads = values.view(-1, config.num_kv_heads, 1, config.head_dim)
    return heads.expand(-1, -1, config.queries_per_kv, -1).reshape(len(values), -1)


@dataclass(frozen=True)
class Layer:
    """A layer ready to compute. The residual stream is float32, whatever type the products have.

    Attributes:
        heads: the sizes by which values are repeated for an ``o_proj`` that is not folded, as 4-bit codes cannot be.
    """

    norms: tuple[torch.Tensor, ...]
    norm_eps: float
    dtype: torch.dtype
    heads: DecoderConfig | None
    v_proj: Linear
    o_proj: Linear
    gate_proj: Linear
    up_proj: Linear
    down_proj: Linear

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """*Shape:* float32 [n, hidden] → [n, hidden]."""
        x = rms_norm(states, self.norms[0], self.norm_eps).to(self.dtype)
        values = self.v_proj(x)
        states = states + self.o_proj(values if self.heads is None else repeat(values, self.heads))
        x = rms_norm(states, self.norms[1], self.norm_eps).to(self.dtype)
        return states + self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def rms_norm(states: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Zhang & Sennrich, *Root Mean Square Layer Normalization*, 2019. *Shape:* float32 [n, hidden] → [n, hidden]."""
    return F.rms_norm(states, (states.shape[-1],), weight, eps)


def read_layer(
    source: TensorSource, layer: int, low_ranks: Mapping[str, LowRank], quantise: bool = False
) -> StoredLayer:
    """Find a layer's weights in a checkpoint.

    Args:
        low_ranks: the adapter's side products for this layer.
        quantise: turn matrices that are not 4-bit into NF4, as the published route does on loading.

    Raises:
        ModelError: tensors that are missing, of another shape, damaged or not finite.
    """
    config = source.config
    matrices: dict[str, PlainMatrix | Nf4Matrix] = {}
    biases: dict[str, torch.Tensor] = {}
    for name in LIVE:
        path = path_of(layer, name)
        matrices[name] = read_matrix(source, f"{path}.weight", config.shape(name), quantise)
        if name in config.biased:
            biases[name] = read_vector(source, f"{path}.bias", config.shape(name)[0])
        elif f"{path}.bias" in source:
            raise ModelError(f"{source.path}: {path} has a bias, which models of type {config.model_type} do not have")
    norms = [
        read_vector(source, f"layers.{layer}.{name}.weight", config.hidden_size)
        for name in ("input_layernorm", "post_attention_layernorm")
    ]
    return StoredLayer(config, (norms[0], norms[1]), matrices, biases, low_ranks)


def read_matrix(source: TensorSource, name: str, shape: tuple[int, int], quantise: bool) -> PlainMatrix | Nf4Matrix:
    if f"{name}.{STATE_KEY}" in source:
        parts = {part: source.tensor(f"{name}.{part}") for part in PARTS if f"{name}.{part}" in source}
        matrix = Nf4Matrix.from_tensors(source.tensor(name), parts, f"{source.path}: {name}")
        check_shape(matrix.shape, shape, f"{source.path}: {name}")
        return matrix
    check_shape(source.shape(name), shape, f"{source.path}: {name}")
    plain = PlainMatrix(source, name)
    return Nf4Matrix.quantise(plain.read().to(torch.bfloat16)) if quantise else plain


def read_vector(source: TensorSource, name: str, size: int) -> torch.Tensor:
    """A bias or normalisation weight, float32 [size]."""
    check_shape(source.shape(name), (size,), f"{source.path}: {name}")
    vector = source.tensor(name).float()
    check_finite(vector, f"{source.path}: {name}")
    return vector


def check_shape(got: tuple[int, ...], expected: tuple[int, ...], name: str) -> None:
    if got != expected:
        raise ModelError(f"{name} has the shape {list(got)}, expected {list(expected)} by the checkpoint's config")


def check_finite(values: torch.Tensor, name: str) -> None:
    if values.numel() and not all_finite(values):
        raise ModelError(f"{name} holds NaN or infinity: the file is damaged")


def all_finite(values: torch.Tensor) -> torch.Tensor:
    """A scalar on the values' device."""
    # The extremes are NaN if any element is, and take no copy as isfinite would.
    return torch.isfinite(torch.stack(torch.aminmax(values))).all()
