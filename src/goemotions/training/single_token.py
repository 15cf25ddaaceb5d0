"""The single-token decoder as something to train: frozen base matrices, LoRA in float32, gradients through both.

The layers are those of :mod:`goemotions.decoder`, so training and inference compute the same. With room the base's
matrices are dequantised once and kept; without, each layer's are made anew in buffers that all layers share, once on
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


class LoraDecoder(nn.Module):
    """*Shape:* float32 [n, hidden] → [n, hidden]: the states after the final normalisation.

    Its parameters are the adapters' alone, named ``layers.3.v_proj.a`` and ``.b``.
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
        self.low_ranks = nn.ModuleList(
            nn.ModuleDict({name: LoraPair(*config.shape(name), rank) for name in LIVE})
            for _ in range(config.num_layers)
        )
        layers = [read_layer(source, number, {}, quantise) for number in range(config.num_layers)]
        self._stored = [layer.to(plan.device) if plan.residency != Residency.STREAMED else layer for layer in layers]
        self._norm = read_vector(source, "norm.weight", config.hidden_size).to(plan.device)
        self._scratch = Buffers()
        dense = plan.residency == Residency.DENSE
        self._kept = [layer.weights(plan.dtype, plan.device) for layer in self._stored] if dense else None
        if dense:  # only the norms and biases of what is stored are needed from here on
            self._stored = [replace(layer, matrices={}) for layer in self._stored]

    def forward(self, states: Tensor) -> Tensor:
        for number in range(self.config.num_layers):
            if self._kept is not None or not torch.is_grad_enabled():
                states = self.layer(states, number)
            else:
                states = cast(
                    Tensor, checkpoint(self.layer, states, number, use_reentrant=True, preserve_rng_state=False)
                )
        return rms_norm(states, self._norm, self.config.norm_eps)

    def layer(self, states: Tensor, number: int) -> Tensor:
        """One layer, with its adapter as it is now."""
        plan, stored = self.plan, replace(self._stored[number], low_ranks=self.layer_adapter(number))
        kept = self._kept
        weights = kept[number] if kept is not None else stored.weights(plan.dtype, plan.device, self._scratch)
        return stored.ready(weights, plan.dtype, plan.dtype, plan.device)(states)

    def layer_adapter(self, number: int) -> dict[str, LowRank]:
        pairs = cast(nn.ModuleDict, self.low_ranks[number])
        return {name: cast(LoraPair, pairs[name]).low_rank(self.scale) for name in LIVE}

    def adapter(self) -> Iterator[tuple[tuple[int, str], LowRank]]:
        """Every side product by layer and matrix, as the directory's writer takes them."""
        for number in range(self.config.num_layers):
            for name, low in self.layer_adapter(number).items():
                yield (number, name), low


class LoraPair(nn.Module):
    """A and B beside one matrix, begun as PEFT does: A uniform in ±1/sqrt(in), B zero. *Shape:* [r, in], [out, r]."""

    def __init__(self, out: int, into: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.empty(rank, into))
        self.b = nn.Parameter(torch.zeros(out, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def low_rank(self, scale: float) -> LowRank:
        return LowRank(self.a, self.b, scale)


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

    @property
    def head(self) -> Head:
        return Head(self.projection, self.classifier)
