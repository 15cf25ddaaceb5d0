"""Counts of the numbers that a LoRA training of the published system has, by arithmetic on the base's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goemotions.decoder.config import ATTENTION, LIVE, MLP, from_transformers


@dataclass(frozen=True)
class TrainableParameters:
    """Counts of trainable parameters.

    Attributes:
        language: LoRA on the seven matrices of every decoder layer.
        vision: LoRA on the seven matrices of every layer of the vision tower.
        head: projection and classifier.
        live: those that can learn from one-token sequences: LoRA on v, o, gate, up and down, and the head.
    """

    language: int
    vision: int
    head: int
    live: int

    @property
    def total(self) -> int:
        return self.language + self.vision + self.head


def trainable_parameters(
    base: Mapping[str, Any], rank: int = 16, embed_dim: int = 512, num_labels: int = 28
) -> TrainableParameters:
    """Count them for a base's ``config.json``.

    Args:
        base: the content of the file, with ``vision_config`` where the model has a vision tower (of Pixtral's shape).

    Raises:
        ModelError: a configuration that is not understood.
    """
    config = from_transformers(base)
    hidden, inner = config.hidden_size, config.hidden_size // 2

    def lora(matrices: tuple[str, ...]) -> int:
        return config.num_layers * sum(rank * sum(config.shape(name)) for name in matrices)

    head = (embed_dim * inner + inner) + (inner * hidden + hidden) + (hidden * num_labels + num_labels)
    return TrainableParameters(
        language=lora((*ATTENTION, *MLP)), vision=_vision(base, rank), head=head, live=lora(LIVE) + head
    )


def _vision(base: Mapping[str, Any], rank: int) -> int:
    vision = base.get("vision_config")
    if not vision:
        return 0
    hidden, inner = vision["hidden_size"], vision["intermediate_size"]
    queries = vision["num_attention_heads"] * vision.get("head_dim", hidden // vision["num_attention_heads"])
    layer = len(ATTENTION) * rank * (hidden + queries) + len(MLP) * rank * (hidden + inner)
    return int(vision["num_hidden_layers"] * layer)
