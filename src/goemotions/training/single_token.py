"""The single-token decoder as something to train: frozen base matrices, LoRA in float32, gradients through both.

The layers are those of :mod:`goemotions.decoder`, so training and inference compute the same. With room the base's
matrices are dequantised once and kept; without, each layer's are made again in buffers that all layers share, once on
the way forward and once on the way back, where the layer is computed a second time instead of keeping what its
gradients need (Chen et al., *Training Deep Nets with Sublinear Memory Cost*, 2016). Both happen once an optimizer
step, as all its rows go through a layer together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from goemotions.architectures.head import Head, new_head
from goemotions.decoder.config import LIVE
from goemotions.decoder.layer import Buffers, read_layer, read_vector, rms_norm
from goemotions.decoder.lora import LowRank
from goemotions.decoder.plan import Plan, Residency
from goemotions.decoder.tensors import TensorSource

DEAD = "q_proj, k_proj"
"""A sequence of one token gives them no gradient: an adapter on them would stay as it was made."""

STATES_ROWS = 1024  # computed together where nothing is learnt


class LoraDecoder(nn.Module):
    """*Shape:* float32 [n, hidden] → [n, hidden]: the states after the final normalisation.

    Its parameters are the adapters' alone, those of all layers in one: ``low_ranks.v_proj.a`` and ``.b``. So they are
    cast and updated in a few operations, not in hundreds, each of which a card would have to be told.
    """

    def __init__(self, source: TensorSource, plan: Plan, quantise: bool, rank: int, scale: float) -> None:
        """
        Args:
            quantise: turn a base that is not 4-bit into NF4.
            plan: of its fields, device, dtype and residency count.
            scale: of the side products: alpha / r.

        Raises:
            ModelError: a base that is incomplete or damaged.
        """
        super().__init__()
        config = self.config = source.config
        self.plan, self.scale = plan, scale
        self.low_ranks = nn.ModuleDict({name: LoraPairs(config.num_layers, *config.shape(name), rank) for name in LIVE})
        for number in range(config.num_layers):
            for name in LIVE:
                self.pairs(name).begin(number)
        layers = [read_layer(source, number, {}, quantise) for number in range(config.num_layers)]
        self._stored = [layer.to(plan.device) if plan.residency != Residency.STREAMED else layer for layer in layers]
        self._norm = read_vector(source, "norm.weight", config.hidden_size).to(plan.device)
        self._scratch = Buffers()
        dense = plan.residency == Residency.DENSE
        self._kept = [layer.weights(plan.dtype, plan.device) for layer in self._stored] if dense else None
        if dense:  # only the norms and biases of what is stored are needed from here on
            self._stored = [replace(layer, matrices={}) for layer in self._stored]

    def forward(self, states: Tensor) -> Tensor:
        for number, low_ranks in enumerate(self.low_ranks_by_layer()):
            if self._kept is not None or not torch.is_grad_enabled():
                states = self.layer(states, number, *low_ranks)
            else:
                states = cast(
                    Tensor,
                    checkpoint(self.layer, states, number, *low_ranks, use_reentrant=True, preserve_rng_state=False),
                )
        return rms_norm(states, self._norm, self.config.norm_eps)

    def layer(self, states: Tensor, number: int, *low_ranks: Tensor) -> Tensor:
        """One layer, with A and scaled B of each matrix of :data:`LIVE`."""
        plan, kept = self.plan, self._kept
        adapter = {name: LowRank(a, b, 1.0) for name, a, b in zip(LIVE, low_ranks[::2], low_ranks[1::2], strict=True)}
        stored = replace(self._stored[number], low_ranks=adapter)
        weights = kept[number] if kept is not None else stored.weights(plan.dtype, plan.device, self._scratch)
        return stored.ready(weights, plan.dtype, plan.dtype, plan.device)(states)

    def low_ranks_by_layer(self) -> Iterator[tuple[Tensor, ...]]:
        """For each layer A and scaled B of each matrix of :data:`LIVE`, in the type of products.

        But A of ``o_proj`` is float32: it is to be folded before it is rounded.
        """
        kinds: list[tuple[Tensor, ...]] = []
        for name in LIVE:
            a, b = self.pairs(name).a, self.pairs(name).b * self.scale
            kinds += [(a if name == "o_proj" else a.to(self.plan.dtype)).unbind(), b.to(self.plan.dtype).unbind()]
        return zip(*kinds, strict=True)

    def pairs(self, name: str) -> LoraPairs:
        """Return the pairs beside the matrix ``name`` of all layers."""
        return cast(LoraPairs, self.low_ranks[name])

    def adapter(self) -> Iterator[tuple[tuple[int, str], LowRank]]:
        """Every side product by layer and matrix, as the directory's writer takes them."""
        for number in range(self.config.num_layers):
            for name in LIVE:
                yield (number, name), LowRank(self.pairs(name).a[number], self.pairs(name).b[number], self.scale)


class LoraPairs(nn.Module):
    """A and B beside one matrix of every layer. *Shape:* float32 [layers, r, in], [layers, out, r]."""

    def __init__(self, layers: int, out: int, into: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.empty(layers, rank, into))
        self.b = nn.Parameter(torch.zeros(layers, out, rank))

    def begin(self, number: int) -> None:
        """Begin A of a layer as PEFT does, uniform in ±1/sqrt(in); B is 0."""
        nn.init.kaiming_uniform_(self.a.data[number], a=math.sqrt(5))


class EmbeddingLlmNet(nn.Module):
    """Projection, decoder, classifier. *Shape:* float32 [n, embed_dim] → logits [n, labels]."""

    def __init__(
        self, decoder: LoraDecoder, embed_dim: int, num_labels: int, dropout: float, input_scale: float
    ) -> None:
        """
        Args:
            dropout: before the classifier.
            input_scale: what the projection's last layer is multiplied by at the start. It says how loud the text
                is beside the constant that a language model adds to its first token.
        """
        super().__init__()
        head = new_head(embed_dim, decoder.config.hidden_size, num_labels)
        self.projection, self.classifier = head.projection, head.classifier
        self.decoder = decoder
        self.dropout = nn.Dropout(dropout)
        with torch.no_grad():
            for parameter in self.projection[2].parameters():
                parameter.mul_(input_scale)

    def forward(self, embeddings: Tensor) -> Tensor:
        return cast(Tensor, self.classifier(self.dropout(self.decoder(self.projection(embeddings)))))

    @torch.inference_mode()
    def states(self, embeddings: Tensor) -> Tensor:
        """Return what the classifier reads. *Shape:* float32 [n, embed_dim] → [n, hidden]."""
        parts = [self.decoder(self.projection(part)) for part in torch.split(embeddings, STATES_ROWS)]
        return torch.cat(parts)

    @property
    def head(self) -> Head:
        return Head(self.projection, self.classifier)
