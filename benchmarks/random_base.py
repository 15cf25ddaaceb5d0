"""Random 4-bit checkpoints with the exact shapes of Mistral-Small-3.1-24B, written directly: for timings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file

from goemotions.decoder.config import ATTENTION, LIVE, MLP, from_transformers, path_of
from goemotions.decoder.lora import LowRank
from goemotions.decoder.nf4 import BLOCK, STATE_KEY, Nf4Matrix

NESTED_BLOCK = 256


def text_config(layers: int = 40, vocab: int = 64) -> dict[str, object]:
    """Return the config of Mistral-Small-3.1-24B's decoder, but for the vocabulary, which no computation here needs."""
    return {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "hidden_size": 5120,
        "intermediate_size": 32768,
        "num_hidden_layers": layers,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "vocab_size": vocab,
        "dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "bitsandbytes",
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,
            "bnb_4bit_compute_dtype": "bfloat16",
            "llm_int8_skip_modules": ["lm_head"],
        },
    }


def write_random_base(folder: Path, layers: int, seed: int = 0, whole: bool = False) -> int:
    """Write a checkpoint, a file a layer; returns its bytes.

    Args:
        whole: also what has no influence on one token, which the published route loads: q, k, embeddings, output head.
    """
    raw = text_config(layers)
    config = from_transformers(raw)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(raw))
    generator = torch.Generator().manual_seed(seed)
    files: dict[str, str] = {}
    for layer in range(layers):
        name = f"model-{layer + 1:05d}-of-{layers + 1:05d}.safetensors"
        tensors: dict[str, torch.Tensor] = {}
        for matrix in (*ATTENTION, *MLP) if whole else LIVE:
            out, into = config.shape(matrix)
            tensors.update(random_matrix(f"model.{path_of(layer, matrix)}.weight", out, into, generator))
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"model.layers.{layer}.{norm}.weight"] = torch.ones(config.hidden_size, dtype=torch.bfloat16)
        save_file(tensors, folder / name, metadata={"format": "pt"})
        files |= dict.fromkeys(tensors, name)
    last = {"model.norm.weight": torch.ones(config.hidden_size, dtype=torch.bfloat16)}
    if whole:
        table = torch.randn(int(str(raw["vocab_size"])), config.hidden_size, generator=generator).bfloat16()
        last |= {"model.embed_tokens.weight": table, "lm_head.weight": table.clone()}
    name = f"model-{layers + 1:05d}-of-{layers + 1:05d}.safetensors"
    save_file(last, folder / name, metadata={"format": "pt"})
    files |= dict.fromkeys(last, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}))
    return sum(file.stat().st_size for file in folder.iterdir())


def random_matrix(name: str, out: int, into: int, generator: torch.Generator) -> Iterator[tuple[str, torch.Tensor]]:
    """Return the tensors of a random NF4 matrix whose weights have about the variance 1 / ``into``."""
    blocks = out * into // BLOCK
    parts = template()
    header = json.loads(bytes(parts[STATE_KEY].tolist()))
    # Scales of both signs, so that the weights have no mean, which would add up over a row.
    header |= {"shape": [out, into], "nested_offset": 0.0}
    scale = 1 / (into**0.5 * float(rms(parts["quant_map"]) * rms(parts["nested_quant_map"])))
    yield name, random_bytes(out * into // 2, generator)[:, None]
    yield f"{name}.absmax", random_bytes(blocks, generator)
    yield f"{name}.nested_absmax", torch.full((-(-blocks // NESTED_BLOCK),), scale)
    yield f"{name}.nested_quant_map", parts["nested_quant_map"].clone()
    yield f"{name}.quant_map", parts["quant_map"].clone()
    yield f"{name}.{STATE_KEY}", torch.tensor(list(json.dumps(header).encode()), dtype=torch.uint8)


def template() -> dict[str, torch.Tensor]:
    """Return the constant parts, as bitsandbytes itself makes them."""
    return Nf4Matrix.quantise(torch.randn(64, 256).bfloat16()).tensors()


def rms(values: torch.Tensor) -> torch.Tensor:
    return values.square().mean().sqrt()


def random_bytes(count: int, generator: torch.Generator) -> torch.Tensor:
    words = torch.empty(-(-count // 8), dtype=torch.int64).random_(-(2**63), None, generator=generator)
    return words.view(torch.uint8)[:count].clone()


def random_low_ranks(layers: int, rank: int = 16, seed: int = 1) -> dict[tuple[int, str], LowRank]:
    """Return an adapter on the matrices that act on one token."""
    config = from_transformers(text_config(layers))
    generator = torch.Generator().manual_seed(seed)
    return {
        (layer, name): LowRank(
            torch.randn(rank, config.shape(name)[1], generator=generator) / config.shape(name)[1] ** 0.5,
            torch.randn(config.shape(name)[0], rank, generator=generator) * 0.01,
            2.0,
        )
        for layer in range(layers)
        for name in LIVE
    }
