"""Measure what the decoder of ``smollm2`` is worth: it, random weights, none, and an MLP of the same trainable size.

All are trained by the recipe ``smollm2`` on the same vectors and targets, tuned on dev, measured on test. What
``results/decoder_ablation.json`` has of the same recipe and vectors is not run again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import harness
import numpy as np
import torch
from torch import Tensor, nn

from goemotions.architectures.head import new_head
from goemotions.decoder.layer import rms_norm
from goemotions.decoder.plan import make_plan
from goemotions.decoder.tensors import TensorSource, open_source
from goemotions.predictions import Thresholds
from goemotions.training.embedded import (
    EmbeddedData,
    EmbeddingTask,
    Vectors,
    embedded_targets,
    load_data,
    recipe_loss,
    settings_problems,
    start_bias,
)
from goemotions.training.embedding_head import Mlp
from goemotions.training.embedding_llm import find_base, new_model
from goemotions.training.loop import LoopSettings, evaluating, fit
from goemotions.training.model_directory import measure, thresholds_of
from goemotions.training.optimisation import decay_groups
from goemotions.training.readout import start_readout
from goemotions.training.recipe import LlmRecipe
from goemotions.training.recipe_file import load_recipe
from goemotions.training.single_token import EmbeddingLlmNet

ROOT = Path(__file__).parent.parent
VARIANTS = ("decoder", "random-decoder", "no-decoder", "mlp")


class RandomSource:
    """A base whose matrices are normal noise of each one's own standard deviation; normalisation weights stay."""

    def __init__(self, source: TensorSource, seed: int) -> None:
        self._source, self._seed = source, seed
        self.path, self.config, self.quantisation = source.path, source.config, source.quantisation

    def __contains__(self, name: str) -> bool:
        return name in self._source

    def shape(self, name: str) -> tuple[int, ...]:
        return self._source.shape(name)

    def tensor(self, name: str) -> Tensor:
        real = self._source.tensor(name)
        if real.ndim < 2:
            return real
        generator = torch.Generator().manual_seed(zlib.crc32(f"{name} {self._seed}".encode()))
        return real.std() * torch.randn(real.shape, generator=generator)

    def release(self) -> None:
        self._source.release()


class NoDecoder(nn.Module):
    """Projection and classifier with the decoder's last normalisation between, and nothing else."""

    def __init__(self, dim: int, hidden: int, num_labels: int, recipe: LlmRecipe) -> None:
        super().__init__()
        head = new_head(dim, hidden, num_labels)
        self.projection, self.classifier = head.projection, head.classifier
        self.dropout = nn.Dropout(recipe.dropout)
        with torch.no_grad():
            for parameter in self.projection[2].parameters():
                parameter.mul_(recipe.input_scale)

    def states(self, x: Tensor) -> Tensor:
        states = self.projection(x)
        return rms_norm(states, torch.ones(states.shape[1]), 1e-5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.dropout(self.states(x)))
        return logits


def build(variant: str, recipe: LlmRecipe, data: EmbeddedData) -> EmbeddingLlmNet | NoDecoder | Mlp:
    torch.manual_seed(recipe.seed)
    source = open_source(find_base(recipe, None).path)
    plan = make_plan(source.config, True, "cpu", recipe.precision)
    labels = len(data.labels)
    if variant in ("decoder", "random-decoder"):
        chosen = source if variant == "decoder" else RandomSource(source, recipe.seed)
        return new_model(recipe, chosen, plan, True, data.dim, labels)
    if variant == "no-decoder":
        return NoDecoder(data.dim, source.config.hidden_size, labels, recipe)
    return Mlp(data.dim, [890, 890], labels, recipe.dropout)  # 1.27 M numbers, those of adapter and head 1.32 M


@torch.inference_mode()
def states_of(model: EmbeddingLlmNet | NoDecoder | Mlp, x: Tensor) -> Tensor:
    """Return what a model's classifier reads of vectors."""
    if not isinstance(model, Mlp):
        return model.states(x)
    for layer in model.hidden:
        x = torch.relu(layer(x))
    return x


def begin(model: EmbeddingLlmNet | NoDecoder | Mlp, recipe: LlmRecipe, x: Vectors, y: Vectors) -> None:
    """Begin the classifier as the recipe says."""
    if recipe.readout_rows is None:
        start_bias(model.classifier, y)
        return
    rows = np.random.default_rng(recipe.seed).permutation(len(x))[: recipe.readout_rows]
    start_readout(model.classifier, states_of(model, torch.from_numpy(x[rows])), y[rows])


def run(variant: str, recipe: LlmRecipe, data: EmbeddedData, show: bool) -> dict[str, Any]:
    model = build(variant, recipe, data)
    x, labels = data.splits["train"]
    y = embedded_targets(data, labels, recipe, ROOT / "teachers")
    begin(model, recipe, x, y)
    ratio = recipe.head_learning_rate / recipe.learning_rate
    inside = getattr(model, "decoder", None)
    groups = [] if inside is None else decay_groups(inside, recipe.weight_decay)
    # An MLP has no part that the recipe's higher rate is meant for. The two rates were not compared for it.
    scale = 1.0 if variant == "mlp" else ratio
    outer = nn.ModuleList(child for name, child in model.named_children() if name != "decoder")
    groups += decay_groups(outer, recipe.weight_decay, scale)
    task = EmbeddingTask(
        model, groups, (x, y), data.splits["dev"], recipe_loss(recipe, y),
        select_by=recipe.select_by, seed=recipe.seed, batch_size=recipe.batch_size, device=torch.device("cpu"),
        corpus_share=recipe.corpus_share,
    )  # fmt: skip
    settings = LoopSettings.from_recipe(recipe, torch.device("cpu"), variant, *data.decisive)
    with tempfile.TemporaryDirectory() as folder:
        position = fit(task, settings, Path(folder), show)
    with evaluating(model):
        held_out = data.held_out()
        tuned = thresholds_of(task.probabilities(held_out.dev[0]), held_out, None)
        thresholds = Thresholds(tuned["thresholds"], tuned["thresholds_beside"])
        test = measure(task.probabilities(held_out.test[0]), held_out, thresholds).test
    best = position.history[position.best_epoch - 1]
    return {
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "dev_macro_f1": round(best["dev_macro_f1"], 4),
        "dev_mean_average_precision": round(best["dev_mean_average_precision"], 4),
        "test_macro_f1": round(test.macro_f1.value or 0, 4),
        "test_micro_f1": round(test.micro_f1.value or 0, 4),
    }


def known_runs(name: str, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return, by variant and seed, what an earlier call by the same recipe has done."""
    path = harness.RESULTS / f"{name}.json"
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found: dict[str, dict[str, Any]] = earlier["runs"] if earlier.get("recipe") == settings else {}
    return found


def means(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the mean of each variant's figures over its seeds."""
    figures = ("dev_macro_f1", "test_macro_f1", "test_micro_f1")
    return {
        variant: {figure: round(float(np.mean([r[figure] for r in by_seed.values()])), 4) for figure in figures}
        | {"seeds": len(by_seed)}
        for variant, by_seed in results.items()
        if by_seed
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--input-scale", type=float)
    parser.add_argument("--encoder", help="instead of the recipe's")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--name", default="decoder_ablation")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    changes = {"epochs": options.epochs, "input_scale": options.input_scale, "encoder": options.encoder}
    recipe = load_recipe("smollm2", **changes)
    assert isinstance(recipe, LlmRecipe)
    data = load_data(options.data, options.cache, recipe.encoder, partial(settings_problems, recipe))
    settings = {key: value for key, value in recipe.as_dict().items() if key != "seed"}
    settings["fingerprint"] = data.encoder["fingerprint"]
    results = known_runs(options.name, settings)
    for seed in options.seeds:
        for variant in options.variants:
            if f"seed {seed}" not in results.setdefault(variant, {}):
                results[variant][f"seed {seed}"] = run(
                    variant, recipe.model_copy(update={"seed": seed}), data, show=True
                )
                harness.write(options.name, {"recipe": settings, "mean": means(results), "runs": results})
