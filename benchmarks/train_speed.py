"""A training step of ours beside the published one at full width: the shapes of Mistral-Small-3.1-24B, few layers.

The published step is transformers + peft + bitsandbytes: 4 batches of 8 rows, bfloat16, LoRA of rank 16 on the seven
matrices, 8-bit AdamW. Ours is the same recipe through :mod:`goemotions.training`, with 4-bit weights made ready once
each way and step ("stored") or kept in 16 bit ("dense"). All in one run: on a CPU in turns, as its speed drifts; on a
card one after the other, as they need its memory. For all of the 24B on a card:

    python benchmarks/train_speed.py --device cuda --layers 40 --steps 200 --published-steps 50
"""

from __future__ import annotations

import argparse
import gc
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
from goemotions.data.origin import Origin
from goemotions.decoder.nf4 import bitsandbytes
from goemotions.decoder.plan import Residency, make_plan
from goemotions.decoder.tensors import open_source
from goemotions.labels import LABELS
from goemotions.training.embedded import EmbeddedData
from goemotions.training.embedding_llm import make_task, new_model
from goemotions.training.journal import Journal
from goemotions.training.loop import LoopSettings, Position, Run
from goemotions.training.losses import make_loss
from goemotions.training.optimisation import make_optimiser
from goemotions.training.processes import Processes
from goemotions.training.recipe import LlmRecipe
from goemotions.training.recipe_file import load_recipe

SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
DIM = 512
ALL_LAYERS = 40
CARD_STEPS = 41_820  # of the published training


def corpus(rows: int) -> EmbeddedData:
    """Return unit vectors and labels at random."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, DIM)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = (generator.random((rows, len(LABELS))) < 0.05).astype(np.uint8)
    return EmbeddedData(
        Origin("random"), LABELS, {"id": "random"}, dict.fromkeys(("train", "dev", "test"), (x, y)), {}, None
    )


def our_step(folder: Path, recipe: LlmRecipe, data: EmbeddedData, device: str, how: Residency) -> Callable[[], float]:
    """Return an optimizer step by the loop, which returns its loss."""
    source, target = open_source(folder), torch.device(device)
    plan = replace(make_plan(source.config, True, device, "bfloat16"), residency=how)
    model = new_model(recipe, source, plan, False, DIM, len(LABELS)).to(target)
    task, accumulation = make_task(model, recipe, data, data.splits["train"], target)
    settings = LoopSettings.from_recipe(recipe, target, accumulation=accumulation)
    optimiser = make_optimiser(recipe.optimizer, task.parameter_groups(), recipe.learning_rate)
    run = Run(task, settings, folder, optimiser, Position(), Processes(), Journal(folder, 0, active=False))
    model.train()
    rows = recipe.batch_size * recipe.accumulation
    return lambda: run.step([np.arange(rows)])[0]


def published_step(folder: Path, recipe: LlmRecipe, data: EmbeddedData, device: str) -> Callable[[], float]:
    """Return an optimizer step by transformers + peft + bitsandbytes."""
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map={"": device})
    peft = get_peft_model(base, LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=SEVEN)).train()
    inner: Any = peft.get_base_model().model
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


def timed(ways: dict[str, Callable[[], Callable[[], float]]], steps: dict[str, int], device: str) -> dict[str, Any]:
    """Measure, by way, the seconds of each of its steps, and on a GPU the memory it took; or why it did not run.

    Args:
        ways: what makes a step.
        steps: how many.
    """
    found: dict[str, Any] = {}
    for names in [[name] for name in ways] if device == "cuda" else [list(ways)]:
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        try:
            made = {name: ways[name]() for name in names}
            for step in made.values():
                step()  # the first call allocates
            times: dict[str, list[float]] = {name: [] for name in names}
            for turn in range(max(steps.values())):
                for name in names:
                    if turn < steps[name]:
                        times[name].append(seconds(made[name]))
            found |= {name: {"times": taken} for name, taken in times.items()}
            if device == "cuda":
                found[names[0]]["peak_gpu_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        except torch.OutOfMemoryError as error:
            found |= {name: {"does not fit": str(error).splitlines()[0]} for name in names}
        made = {}
        gc.collect()
        torch.cuda.empty_cache()
    return found


def summary(found: dict[str, Any], rows: int, layers: int) -> dict[str, Any]:
    """Return best and mean seconds per step, samples per second, the ratio to the published step, hours in all."""
    for figures in found.values():
        times = figures.pop("times", None)
        if times:
            mean = sum(times) / len(times)
            figures |= {"steps": len(times), "seconds": round(min(times), 4), "mean_seconds": round(mean, 4)}
            figures["samples_per_second"] = round(rows / mean, 2)
            if layers == ALL_LAYERS:
                figures["hours_for_41820_steps"] = round(CARD_STEPS * mean / 3600, 2)
    theirs = found["published"].get("seconds")
    for figures in found.values():
        if theirs and "seconds" in figures:
            figures["ratio"] = round(theirs / figures["seconds"], 2)
    return found


def compare(layers: int, steps: int, published_steps: int, device: str) -> dict[str, Any]:
    recipe = load_recipe("published-24b")
    assert isinstance(recipe, LlmRecipe)
    rows = recipe.batch_size * recipe.accumulation
    data = corpus(rows)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "base"
        write_random_base(folder, layers, whole=True)
        ways = {
            "published": lambda: published_step(folder, recipe, data, device),
            "stored": lambda: our_step(folder, recipe, data, device, Residency.STORED),
            "dense": lambda: our_step(folder, recipe, data, device, Residency.DENSE),
        }
        counts = dict.fromkeys(ways, steps) | {"published": published_steps}
        found = summary(timed(ways, counts, device), rows, layers)
    return {"layers": layers, "rows a step": rows, "device": device_name(device), **found}


def device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--published-steps", type=int, help="default: as many as --steps")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    options = parser.parse_args()
    figures = compare(options.layers, options.steps, options.published_steps or options.steps, options.device)
    harness.write("train_speed" if options.device == "cpu" else "train_speed_cuda", figures)
