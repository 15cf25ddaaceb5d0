"""The constant that a language model adds to its first token, layer by layer, while ``smollm2`` is trained.

For each ``--input-scales`` the recipe is run for an epoch of ``--rows`` texts, and the shipped model, trained to its
end, is looked at. Over dev texts: the mean norm of the state before the first and after every layer, and which share
of it is the same for all texts (the norm of the mean state over the mean norm: 1 says that the texts cannot be told
apart by it).
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import harness
import torch

from goemotions.architectures.embedding_llm import open_parts
from goemotions.catalog import find_model
from goemotions.checkpoint import read_config
from goemotions.decoder.plan import make_plan
from goemotions.decoder.tensors import open_source
from goemotions.training.embedded import (
    EmbeddedData,
    EmbeddingTask,
    embedded_targets,
    load_data,
    settings_problems,
    start_bias,
)
from goemotions.training.embedding_llm import find_base, make_task, new_model
from goemotions.training.loop import LoopSettings, evaluating, fit
from goemotions.training.recipe import LlmRecipe
from goemotions.training.recipe_file import load_recipe
from goemotions.training.single_token import EmbeddingLlmNet

ROOT = Path(__file__).parent.parent
TEXTS = 512
STEPS = (0, 25, 50)  # and at the end


class Watched:
    """The loop's task, measured before the steps :data:`STEPS`."""

    def __init__(self, task: EmbeddingTask, net: EmbeddingLlmNet) -> None:
        self._task, self._net = task, net
        self.done = 0
        self.found: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def loss(self, batch: Any) -> torch.Tensor:
        if self.done in STEPS:
            self.measure()
        self.done += 1
        return self._task.loss(batch)

    def measure(self) -> None:
        with evaluating(self._net), torch.autocast("cpu", enabled=False):
            self.found[f"step {self.done}"] = by_layer(self._net, torch.from_numpy(self._task.dev[0][:TEXTS]))


@torch.inference_mode()
def shipped(recipe: LlmRecipe, data: EmbeddedData) -> dict[str, list[float]]:
    """The model that ships, as a net to train."""
    directory = find_model("smollm2")
    parts = open_parts(directory, read_config(directory), None)
    net = untrained(recipe, data)
    for target, low in net.decoder.adapter():
        trained = parts.adapter.weights[target]
        low.a.copy_(trained.a), low.b.copy_(trained.b)
    net.projection.load_state_dict(parts.head.projection.state_dict())
    return by_layer(net, torch.from_numpy(data.splits["dev"][0][:TEXTS]))


def untrained(recipe: LlmRecipe, data: EmbeddedData) -> EmbeddingLlmNet:
    source = open_source(find_base(recipe, None).path)
    plan = make_plan(source.config, True, "cpu", recipe.precision)
    torch.manual_seed(recipe.seed)
    return new_model(recipe, source, plan, True, data.dim, len(data.labels))


def by_layer(net: EmbeddingLlmNet, x: torch.Tensor) -> dict[str, list[float]]:
    """Norm and constant share of the projection's output, then after each layer."""
    states = net.projection(x)
    norms, shares = [], []
    for number in range(net.decoder.config.num_layers + 1):
        norm = states.norm(dim=1).mean()
        norms.append(round(float(norm), 1))
        shares.append(round(float(states.mean(0).norm() / norm), 3))
        if number < net.decoder.config.num_layers:
            states = net.decoder.layer(states, number)
    return {"norm": norms, "constant": shares}


def run(recipe: LlmRecipe, data: EmbeddedData) -> dict[str, Any]:
    net = untrained(recipe, data)
    x, labels = data.splits["train"]
    targets = embedded_targets(data, labels, recipe, ROOT / "teachers")
    start_bias(net.classifier, targets)
    task, _ = make_task(net, recipe, data, (x, targets), torch.device("cpu"))
    watched = Watched(task, net)
    settings = LoopSettings.from_recipe(recipe, torch.device("cpu"), *data.decisive)
    with tempfile.TemporaryDirectory() as folder:
        history = fit(watched, settings, Path(folder), show_progress=True).history
    watched.measure()
    return {**watched.found, "dev_macro_f1": round(history[-1]["dev_macro_f1"], 4)}


def one_epoch(input_scale: float) -> LlmRecipe:
    """Return the recipe of the shipped model with another scale of the input, for one epoch."""
    recipe = load_recipe("smollm2", epochs=1, input_scale=input_scale)
    if not isinstance(recipe, LlmRecipe):
        raise TypeError("the recipe smollm2 is not one of an LLM")
    return recipe


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--input-scales", type=float, nargs="+", default=[1.0, 1000.0])
    parser.add_argument("--rows", type=int, default=12_800)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    results: dict[str, Any] = {"texts": TEXTS, "rows": options.rows}
    for scale in options.input_scales:
        recipe = one_epoch(scale)
        embedded = load_data(
            options.data, options.cache, recipe.encoder, partial(settings_problems, recipe), options.rows
        )
        results[f"input_scale {scale:g}"] = run(recipe, embedded)
    results["shipped"] = shipped(recipe, embedded)
    harness.write("anchor", results)
