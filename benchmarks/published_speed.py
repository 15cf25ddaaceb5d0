"""The decoder beside the published route at full width: the shapes of Mistral-Small-3.1-24B, two layers, one run.

The published route is transformers + peft + bitsandbytes' ``Linear4bit`` in eval mode, on sequences of one token; on a
CPU that repacks the weights and uses fused kernels, its fastest. Both are timed after a warm-up, in turns, best of
several.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import torch
from peft import LoraConfig, get_peft_model
from random_base import random_low_ranks, write_random_base
from transformers import AutoModelForCausalLM

from goemotions.decoder.lora import Adapter, AdapterConfig
from goemotions.decoder.model import SingleTokenDecoder
from goemotions.decoder.tensors import open_source

LAYERS, RANK, RUNS = 2, 16, 7
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def published_route(folder: Path, layers: int, device: str = "cpu") -> Callable[[torch.Tensor], torch.Tensor]:
    """Return transformers + peft, from states [n, hidden] to last hidden states, with the adapter of :func:`ours`."""
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map={"": device})
    model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=SEVEN)).eval()
    for (layer, name), low in random_low_ranks(layers, RANK).items():
        part = "self_attn" if name in ("v_proj", "o_proj") else "mlp"
        module: Any = base.get_submodule(f"model.layers.{layer}.{part}.{name}")
        module.lora_A["default"].weight.data = low.a.to(device)
        module.lora_B["default"].weight.data = low.b.to(device)
    inner: Any = model.get_base_model().model

    @torch.inference_mode()
    def run(states: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(len(states), 1, dtype=torch.long, device=device)
        embeds = states.to(device, torch.bfloat16)[:, None]
        states = inner(inputs_embeds=embeds, attention_mask=mask, use_cache=False).last_hidden_state
        last: torch.Tensor = states[:, 0].float()
        return last

    return run


def ours(folder: Path, layers: int = LAYERS, **options: Any) -> SingleTokenDecoder:
    adapter = Adapter(AdapterConfig(RANK, 2 * RANK, False, ""), random_low_ranks(layers, RANK), {})
    return SingleTokenDecoder(open_source(folder), adapter, precision="bfloat16", **options)


def seconds(run: Callable[[torch.Tensor], torch.Tensor], states: torch.Tensor) -> float:
    start = time.perf_counter()
    run(states)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def compare(
    batches: list[int], device: str = "cpu", folder: Path | None = None, layers: int = LAYERS
) -> dict[str, Any]:
    """Measure the seconds of both by batch, their ratio, and how far their results are apart.

    Args:
        folder: a whole random base of so many layers; None to write one for the while.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            write_random_base(Path(temporary) / "base", layers, whole=True)
            return compare(batches, device, Path(temporary) / "base", layers)
    published = published_route(folder, layers, device)
    decoder = ours(folder, layers, device=device)  # after it, so that it plans with the memory that is left
    states = torch.randn(max(batches), decoder.config.hidden_size, generator=torch.Generator().manual_seed(2))
    got, expected = decoder(states[:16]).cpu(), published(states[:16]).cpu()
    difference = float((got - expected).norm() / expected.norm())
    figures: dict[str, Any] = {"layers": layers, "relative difference": round(difference, 4)}
    for batch in batches:
        rows = states[:batch]
        decoder(rows), published(rows)  # warm-up: the first call makes layers ready
        times = [(seconds(decoder, rows), seconds(published, rows)) for _ in range(RUNS)]
        mine, theirs = min(t for t, _ in times), min(t for _, t in times)
        figures[f"batch {batch}"] = {
            "ours_s": round(mine, 4),
            "published_s": round(theirs, 4),
            "ratio": round(theirs / mine, 2),
        }
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 64])
    harness.write("published_speed", compare(parser.parse_args().batches))
