"""A training step of ours beside the published one at full width: the shapes of Mistral-Small-3.1-24B, few layers.

The published step is transformers + peft + bitsandbytes: 4 batches of 8 rows, bfloat16, LoRA of rank 16 on the seven
matrices, 8-bit AdamW. Ours is the same recipe through :mod:`goemotions.training`, with 4-bit weights made ready once
each way and step ("stored") or kept in 16 bit ("dense"). Both in one run, in turns, best of several.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import harness
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from random_base import write_random_base
from torch import nn
from transformers import AutoModelForCausalLM

from goemotions.architectures.head import new_head
from goemotions.decoder.nf4 import bitsandbytes
from goemotions.decoder.plan import Residency, make_plan
from goemotions.decoder.tensors import open_source
from goemotions.labels import LABELS
from goemotions.training.embedded import EmbeddedData
from goemotions.training.embedding_head import loop_settings
from goemotions.training.embedding_llm import make_task, new_model
from goemotions.training.journal import Journal
from goemotions.training.loop import Position, Run, make_optimiser
from goemotions.training.losses import make_loss
from goemotions.training.processes import Processes
from goemotions.training.recipe import LlmRecipe, load_recipe

SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
DIM = 512


def corpus(rows: int) -> EmbeddedData:
    """Unit vectors and labels at random."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, DIM)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = (generator.random((rows, len(LABELS))) < 0.05).astype(np.uint8)
    return EmbeddedData("random", LABELS, {"id": "random"}, dict.fromkeys(("train", "dev", "test"), (x, y)), {}, None)


def our_step(folder: Path, recipe: LlmRecipe, data: EmbeddedData, device: str, how: Residency) -> Callable[[], float]:
    """One optimizer step by the loop; gives its loss."""
    source, place = open_source(folder), torch.device(device)
    plan = replace(make_plan(source.config, True, device, "bfloat16"), residency=how)
    model = new_model(recipe, source, plan, False, DIM, len(LABELS)).to(place)
    task, accumulation = make_task(model, recipe, data, data.splits["train"], place)
    settings = replace(loop_settings(recipe, data, place), accumulation=accumulation)
    optimiser = make_optimiser(recipe.optimizer, task.parameter_groups(), recipe.learning_rate)
    run = Run(task, settings, folder, optimiser, Position(), Processes(), Journal(folder, 0, active=False))
    model.train()
    rows = recipe.batch_size * recipe.accumulation
    return lambda: run.step([np.arange(rows)])[0]


def published_step(folder: Path, recipe: LlmRecipe, data: EmbeddedData, device: str) -> Callable[[], float]:
    """One optimizer step by transformers + peft + bitsandbytes."""
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map={"": device})
    peft = get_peft_model(base, LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=SEVEN)).train()
    inner = peft.get_base_model().model
    head = new_head(DIM, inner.config.hidden_size, len(LABELS))
    ends = nn.ModuleList([head.projection, head.classifier]).to(device)
    trained = [p for p in [*peft.parameters(), *ends.parameters()] if p.requires_grad]
    optimiser = bitsandbytes().optim.AdamW8bit(trained, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    loss_of = make_loss(recipe.loss, [1] * len(LABELS)).to(device)
    x, y = (torch.from_numpy(part.astype(np.float32)).to(device) for part in data.splits["train"])
    mask = torch.ones(recipe.batch_size, 1, dtype=torch.long, device=device)

    def step() -> float:
        total = 0.0
        optimiser.zero_grad()
        for start in range(0, recipe.batch_size * recipe.accumulation, recipe.batch_size):
            rows = slice(start, start + recipe.batch_size)
            with torch.autocast(device.split(":", maxsplit=1)[0], dtype=torch.bfloat16):
                embeds = head.projection(x[rows])[:, None]
                states = inner(inputs_embeds=embeds, attention_mask=mask, use_cache=False).last_hidden_state[:, 0]
                logits = head.classifier(nn.functional.dropout(states, recipe.dropout))
            loss = loss_of(logits.float(), y[rows]) / recipe.accumulation
            loss.backward()
            total += loss.item()
        nn.utils.clip_grad_norm_(trained, recipe.max_grad_norm)
        optimiser.step()
        return total

    return step


def seconds(step: Callable[[], float]) -> float:
    start = time.perf_counter()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def compare(layers: int, steps: int, device: str) -> dict[str, Any]:
    """Seconds a step of each, samples a second, and how many times ours is as fast."""
    recipe = load_recipe("published-24b")
    assert isinstance(recipe, LlmRecipe)
    rows = recipe.batch_size * recipe.accumulation
    data = corpus(rows)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "base"
        write_random_base(folder, layers, whole=True)
        ways = {
            "published": published_step(folder, recipe, data, device),
            "stored": our_step(folder, recipe, data, device, Residency.STORED),
            "dense": our_step(folder, recipe, data, device, Residency.DENSE),
        }
        for step in ways.values():
            step()  # the first call allocates
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(steps):
            for name, step in ways.items():
                times[name].append(seconds(step))
    best = {name: min(found) for name, found in times.items()}
    return {
        "layers": layers,
        "rows a step": rows,
        "device": device,
        **{
            name: {
                "seconds": round(taken, 4),
                "samples_per_second": round(rows / taken, 2),
                "ratio": round(best["published"] / taken, 2),
            }
            for name, taken in best.items()
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    harness.write("train_speed", compare(options.layers, options.steps, options.device))
