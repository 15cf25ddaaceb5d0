"""LoRA adapters in PEFT's format (Hu et al., *LoRA*, 2021): read, checked against the base, applied as side products.

Every tensor for the language model must find its place. Those on ``q_proj`` and ``k_proj`` and on a vision tower have
no influence on a sequence of one token: they are accepted and left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file

from goemotions.decoder.config import ATTENTION, LIVE, MLP, DecoderConfig, path_of
from goemotions.decoder.tensors import FOREIGN
from goemotions.errors import ModelError, some
from goemotions.fields import flag, number, shown, text, whole_number
from goemotions.files import read_json_object

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"
KEY = re.compile(
    r".*?layers\.(?P<layer>[0-9]{1,6})\.(?:self_attn|mlp)\.(?P<matrix>\w+)\.lora_(?P<side>[AB])(?:\.default)?\.weight"
)
UNSUPPORTED = {
    "use_dora": False,
    "lora_bias": False,
    "fan_in_fan_out": False,
    "use_qalora": False,
    "bias": "none",
    "modules_to_save": None,
    "layers_to_transform": None,
    "layer_replication": None,
    "trainable_token_indices": None,
    "target_parameters": None,
    "rank_pattern": {},
    "alpha_pattern": {},
}
"""Settings of PEFT that change what is computed, with the value at which they do not."""


class LowRank(NamedTuple):
    """``x → scale * x @ a.T @ b.T``, beside a matrix [out, in]. *Shape:* a [r, in], b [out, r]."""

    a: torch.Tensor
    b: torch.Tensor
    scale: float


@dataclass(frozen=True)
class AdapterConfig:
    """``adapter_config.json``, checked.

    Attributes:
        base: the hub id or path that the adapter was trained on, or "".
        targets: the matrices it must hold in every layer; empty where the file gives a pattern instead of a list.
    """

    rank: int
    alpha: float
    rslora: bool
    base: str
    targets: frozenset[str] = frozenset()

    @property
    def scale(self) -> float:
        """Return the factor of the side products: alpha / r; for rsLoRA (Kalajdzievski, 2023) alpha / sqrt(r)."""
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)


@dataclass(frozen=True)
class Adapter:
    """An adapter that fits a base.

    Attributes:
        weights: (layer, matrix) → its side product, float32; only matrices that act.
        elements: how many numbers the file holds, by part: "language", "vision", and "live" of the language's.
    """

    config: AdapterConfig
    weights: Mapping[tuple[int, str], LowRank]
    elements: Mapping[str, int]


def read_adapter(directory: Path, base: DecoderConfig) -> Adapter:
    """Read and check an adapter.

    Raises:
        ModelError: files that are missing or damaged, settings that are not supported, tensors that are missing, not
            known, of another shape or not finite; with counts and names.
    """
    config = read_adapter_config(directory)
    path = directory / WEIGHTS_FILE
    try:
        tensors = load_file(path)
    except Exception as error:  # safetensors and torch raise whatever comes
        raise ModelError(f"{path} is missing, cut off or damaged: {error}") from error
    return place(tensors, config, base, str(path))


def read_adapter_config(directory: Path) -> AdapterConfig:
    """``adapter_config.json``; errors as :func:`read_adapter`."""
    path = directory / CONFIG_FILE
    raw = read_json_object(path)
    try:
        return _adapter_config(raw)
    except ValueError as error:
        raise ModelError(f"{path} cannot be used: {error}") from error


def _adapter_config(raw: Mapping[str, Any]) -> AdapterConfig:
    changed = [f"{key}={shown(raw[key])}" for key, plain in UNSUPPORTED.items() if (raw.get(key) or plain) != plain]
    kind = text(raw, "peft_type", "LORA")
    if kind != "LORA" or changed:
        raise ValueError(f"only plain LoRA is read, not {', '.join([kind, *changed])}")
    listed = raw.get("target_modules")
    if isinstance(listed, list) and not all(isinstance(name, str) for name in listed):
        raise ValueError(f"target_modules must be a list of names or a pattern, got {shown(listed)}")
    return AdapterConfig(
        rank=whole_number(raw, "r"),
        alpha=number(raw, "lora_alpha"),
        rslora=flag(raw, "use_rslora"),
        base=text(raw, "base_model_name_or_path", ""),
        targets=frozenset(listed) & {*ATTENTION, *MLP} if isinstance(listed, list) else frozenset(),
    )


def place(tensors: Mapping[str, torch.Tensor], config: AdapterConfig, base: DecoderConfig, name: str) -> Adapter:
    """Find every tensor's place in the base; errors as :func:`read_adapter`."""
    vision = {key for key in tensors if FOREIGN.search(key)}
    found: dict[tuple[int, str, str], str] = {}
    unknown: list[str] = []
    for key in sorted(tensors.keys() - vision):
        match = KEY.fullmatch(key)
        place_of = (int(match["layer"]), match["matrix"], match["side"]) if match else None
        if match is None or place_of is None or place_of in found or not _in_base(place_of, base):
            unknown.append(key)
            continue
        found[place_of] = key
    matrices = sorted(config.targets.union(matrix for _, matrix, _ in found), key=(*ATTENTION, *MLP).index)
    wanted = [(layer, matrix, side) for layer in range(base.num_layers) for matrix in matrices for side in "AB"]
    missing = [
        f"{path_of(layer, matrix)}.lora_{side}" for layer, matrix, side in wanted if (layer, matrix, side) not in found
    ]
    if missing or unknown or not found:
        raise ModelError(
            f"{name}: of {len(tensors) - len(vision)} language LoRA tensors {len(found)} fit the base, which takes "
            f"{len(wanted)}; {len(missing)} missing{': ' + some(missing) if missing else ''}; {len(unknown)} not known"
            f"{': ' + some(unknown) if unknown else ''}. Is it the base that the adapter was trained on?"
        )
    for (layer, matrix, side), key in found.items():
        out, into = base.shape(matrix)
        expected = (config.rank, into) if side == "A" else (out, config.rank)
        if tuple(tensors[key].shape) != expected:
            raise ModelError(
                f"{name}: {key} has the shape {list(tensors[key].shape)}, expected {list(expected)} for rank "
                f"{config.rank} and this base's {path_of(layer, matrix)}"
            )
        if not tensors[key].is_floating_point() or not torch.isfinite(tensors[key].float()).all():
            raise ModelError(f"{name}: {key} holds NaN, infinity or {tensors[key].dtype}, expected finite floats")
    weights = {
        (layer, matrix): LowRank(
            tensors[found[layer, matrix, "A"]].float(), tensors[found[layer, matrix, "B"]].float(), config.scale
        )
        for layer in range(base.num_layers)
        for matrix in matrices
        if matrix in LIVE
    }
    elements = {
        "language": sum(tensors[key].numel() for key in found.values()),
        "vision": sum(tensors[key].numel() for key in vision),
        "live": sum(tensors[key].numel() for (_, matrix, _), key in found.items() if matrix in LIVE),
    }
    return Adapter(config, weights, elements)


def _in_base(place_of: tuple[int, str, str], base: DecoderConfig) -> bool:
    layer, matrix, _ = place_of
    return layer < base.num_layers and matrix in (*ATTENTION, *MLP)
