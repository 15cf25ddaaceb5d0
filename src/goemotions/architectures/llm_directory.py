"""Writes an ``embedding-llm`` directory that the published route, transformers + peft, reads with the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import torch
from safetensors.torch import save

from goemotions.architectures.head import Head
from goemotions.decoder.config import ATTENTION, MLP, DecoderConfig, path_of
from goemotions.decoder.lora import LowRank

LANGUAGE_PREFIX = {"mistral3": "base_model.model.model.language_model."}
PLAIN_PREFIX = "base_model.model.model."
VISION_PREFIX = "base_model.model.model.vision_tower.transformer."


@dataclass(frozen=True)
class TrainedAdapter:
    """A LoRA adapter as training leaves it.

    Attributes:
        weights: (layer, matrix) → its side product; matrices that do not act may be left out.
    """

    rank: int
    alpha: float
    rslora: bool
    weights: Mapping[tuple[int, str], LowRank]


def llm_files(
    base_id: str,
    head: Head,
    adapter: TrainedAdapter,
    base: DecoderConfig,
    base_config: Mapping[str, Any],
    focal: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """Return the files of the published layout by name, but for ``config.json`` and the card.

    Args:
        base_config: the base's own ``config.json``, for its type and vision tower; empty for a GGUF file.
        focal: the content of ``focal_config.json``.
    """
    tensors = dict(adapter_tensors(adapter, base, base_config))
    return {
        "focal_config.json": as_json(focal or {}),
        "head_weights.pt": head.to_bytes(),
        "lora_adapter/adapter_config.json": as_json(adapter_config(adapter, base_id)),
        "lora_adapter/adapter_model.safetensors": save(tensors, metadata={"format": "pt"}),
        "infer.py": resources.files("goemotions.architectures").joinpath("published_infer.py").read_bytes(),
    }


def as_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def adapter_config(adapter: TrainedAdapter, base_id: str) -> dict[str, Any]:
    """``adapter_config.json`` in PEFT's keys; those left out have PEFT's defaults."""
    return {
        "peft_type": "LORA",
        "task_type": None,
        "base_model_name_or_path": base_id,
        "inference_mode": True,
        "r": adapter.rank,
        "lora_alpha": adapter.alpha,
        "lora_dropout": 0.0,
        "use_rslora": adapter.rslora,
        "bias": "none",
        "target_modules": [*ATTENTION, *MLP],
    }


def adapter_tensors(
    adapter: TrainedAdapter, base: DecoderConfig, base_config: Mapping[str, Any]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor that PEFT expects on this base, by its key: zeros for those that do not act."""
    prefix = LANGUAGE_PREFIX.get(str(base_config.get("model_type")), PLAIN_PREFIX)
    for layer in range(base.num_layers):
        for matrix in (*ATTENTION, *MLP):
            low = adapter.weights.get((layer, matrix))
            out, into = base.shape(matrix)
            a = torch.zeros(adapter.rank, into) if low is None else low.a
            b = torch.zeros(out, adapter.rank) if low is None else low.b
            yield from pair(f"{prefix}{path_of(layer, matrix)}", a, b)
    yield from vision_zeros(base_config.get("vision_config") or {}, adapter.rank)


def vision_zeros(vision: Mapping[str, Any], rank: int) -> Iterator[tuple[str, torch.Tensor]]:
    """PEFT finds the seven names in a vision tower of Pixtral's shape too."""
    if not vision:
        return
    hidden, inner = vision["hidden_size"], vision["intermediate_size"]
    queries = vision["num_attention_heads"] * vision.get("head_dim", hidden // vision["num_attention_heads"])
    shapes = {f"attention.{name}": (queries, hidden) for name in ("q_proj", "k_proj", "v_proj")}
    shapes |= {"attention.o_proj": (hidden, queries), "feed_forward.down_proj": (hidden, inner)}
    shapes |= {f"feed_forward.{name}": (inner, hidden) for name in ("gate_proj", "up_proj")}
    for layer in range(vision["num_hidden_layers"]):
        for name, (out, into) in shapes.items():
            yield from pair(f"{VISION_PREFIX}layers.{layer}.{name}", torch.zeros(rank, into), torch.zeros(out, rank))


def pair(module: str, a: torch.Tensor, b: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    for side, tensor in (("A", a), ("B", b)):
        yield f"{module}.lora_{side}.weight", tensor.detach().float().cpu().contiguous()
