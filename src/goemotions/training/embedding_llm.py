"""Trains an ``embedding-llm``: LoRA on a frozen decoder, a projection into it and a classifier behind it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from goemotions.architectures.llm_directory import TrainedAdapter, llm_files
from goemotions.classifier import EmotionClassifier
from goemotions.data.checks import together
from goemotions.decoder.lora import LowRank
from goemotions.decoder.plan import Plan, make_plan
from goemotions.decoder.tensors import TensorSource, open_source
from goemotions.evaluation.llm_card import llm_about
from goemotions.evaluation.model_metrics import StoredFigures
from goemotions.precision import fast_precision, name_of
from goemotions.training.embedded import (
    EmbeddedData,
    EmbeddingTask,
    Vectors,
    attempt,
    balanced,
    digest_of,
    embedded_targets,
    load_data,
    recipe_loss,
    settings_problems,
    start_bias,
)
from goemotions.training.focal_config import preset
from goemotions.training.loop import LoopSettings, fit
from goemotions.training.model_directory import Made, Tolerance, write_model
from goemotions.training.optimisation import decay_groups
from goemotions.training.processes import Processes
from goemotions.training.readout import start_readout
from goemotions.training.recipe import LlmRecipe
from goemotions.training.single_token import DEAD, EmbeddingLlmNet, LoraDecoder
from goemotions.weights.bases import Backbone, find_backbone

log = logging.getLogger("goemotions.training")
TOLERANCE = Tolerance(largest=0.03)  # training and inference may compute in different precisions


def train_llm(
    data: Path,
    output: Path,
    recipe: LlmRecipe,
    cache: Path,
    device: torch.device,
    backbone: str | None = None,
    limit: int | None = None,
    teachers: Path = Path("teachers"),
) -> StoredFigures | None:
    """Train on the corpus in ``data`` and write the model directory ``output``.

    The state of an unfinished run stands beside it, in ``<output>.training``; the same command resumes there.

    Args:
        cache: of embeddings.
        backbone: another copy of the recipe's base: a path, a packaged one, a hub id.
        limit: use only the first rows of every split (a trial run).
        teachers: the folder of what the recipe's teachers say of the train texts.

    Raises:
        GoEmotionsError: a corpus, teacher, encoder or base that cannot be used (all problems at once), or a training
            that went wrong.

    Returns:
        The figures on test, from the written directory, at thresholds tuned on dev; None in a process that does not
        write.
    """
    problems: list[str] = []
    base = attempt(problems, lambda: find_base(recipe, backbone))
    source = attempt(problems, lambda: open_source(base.path)) if base else None
    embedded = attempt(
        problems, lambda: load_data(data, cache, recipe.encoder, partial(settings_problems, recipe), limit)
    )
    if base is None or source is None or embedded is None:
        raise together(problems)
    processes = Processes(device.type == "cpu")
    quantise = recipe.quantisation == "nf4" and source.quantisation != "nf4"
    precision = name_of(fast_precision(device)) if recipe.precision == "auto" else recipe.precision
    plan = make_plan(source.config, quantise or source.quantisation == "nf4", str(device), precision)
    x, y = balanced(embedded, recipe)
    targets = embedded_targets(embedded, y, recipe, teachers)
    torch.manual_seed(recipe.seed)
    model = new_model(recipe, source, plan, quantise, embedded.dim, len(embedded.labels))
    begin(model.to(device), recipe, x, targets)
    task, accumulation = make_task(model, recipe, embedded, (x, targets), device, processes.count)
    if processes.main:
        describe(model, base, source, plan, task.batch_size * accumulation)
    decisive = [accumulation, limit, str(base), plan.precision, digest_of(targets), *embedded.decisive]
    settings = LoopSettings.from_recipe(recipe, device, *decisive, accumulation=accumulation)
    position = fit(task, settings, output.with_name(output.name + ".training"), True, processes)
    if not processes.main:
        return None
    made = exported(task, model, source, base, embedded, recipe)
    return write_model(output, made, embedded.held_out(), recipe, position, precision=plan.precision)


def find_base(recipe: LlmRecipe, backbone: str | None) -> Backbone:
    """The base to train on; errors as :func:`goemotions.weights.bases.find_backbone`."""
    return find_backbone(backbone, {"backbone": {"id": recipe.backbone, "quantisation": recipe.quantisation}}, "")


def new_model(
    recipe: LlmRecipe, source: TensorSource, plan: Plan, quantise: bool, embed_dim: int, num_labels: int
) -> EmbeddingLlmNet:
    """The untrained model."""
    scale = recipe.alpha / (recipe.rank**0.5 if recipe.rslora else recipe.rank)
    decoder = LoraDecoder(source, plan, quantise, recipe.rank, scale)
    return EmbeddingLlmNet(decoder, embed_dim, num_labels, recipe.dropout, recipe.input_scale)


def begin(model: EmbeddingLlmNet, recipe: LlmRecipe, x: Vectors, targets: npt.NDArray[np.float32]) -> None:
    """Begin the classifier as the recipe says: by what its states know of the targets, or by how frequent they are."""
    if recipe.readout_rows is None:
        start_bias(model.classifier, targets)
        return
    rows = np.random.default_rng(recipe.seed).permutation(len(x))[: recipe.readout_rows]
    states = model.states(torch.from_numpy(x[rows]).to(model.classifier.weight.device))
    start_readout(model.classifier, states, targets[rows])


def make_task(
    model: EmbeddingLlmNet,
    recipe: LlmRecipe,
    data: EmbeddedData,
    train: tuple[npt.NDArray[np.float32], npt.NDArray[Any]],
    device: torch.device,
    processes: int = 1,
) -> tuple[EmbeddingTask, int]:
    """The loop's task, and how many of its batches make a step.

    A recipe's accumulation is for memory that single tokens do not need: the rows of a step go through the decoder
    together, so that its weights are read once, divided only among processes.
    """
    batch_size = -(-recipe.batch_size * recipe.accumulation // processes)
    decay, scale = recipe.weight_decay, recipe.head_learning_rate / recipe.learning_rate
    groups = decay_groups(model.decoder, decay)
    groups += decay_groups(model.projection, decay, scale) + decay_groups(model.classifier, decay, scale)
    loss = recipe_loss(recipe, train[1])
    task = EmbeddingTask(
        model,
        groups,
        train,
        data.splits["dev"],
        loss,
        select_by=recipe.select_by,
        seed=recipe.seed,
        batch_size=batch_size,
        device=device,
        corpus_share=recipe.corpus_share,
    )
    return task, processes


def describe(model: EmbeddingLlmNet, base: Backbone, source: TensorSource, plan: Plan, rows: int) -> None:
    """Say what is trained and how."""
    lora = sum(parameter.numel() for parameter in model.decoder.parameters())
    log.info("base %s (%s), %s", base, source.quantisation, plan.why)
    log.info(
        "%s LoRA parameters on v, o, gate, up, down and %s of the head are trained; %s get no gradient from a sequence "
        "of one token and are written as zeros",
        f"{lora:,}",
        f"{model.head.parameters:,}",
        DEAD,
    )
    log.info("%d rows a step go through the base together: its weights are read once each way", rows)


def exported(
    task: EmbeddingTask,
    model: EmbeddingLlmNet,
    source: TensorSource,
    base: Backbone,
    data: EmbeddedData,
    recipe: LlmRecipe,
) -> Made:
    """Return the files of the published layout, with what they are to be compared with."""
    weights = {place: LowRank(low.a.detach(), low.b.detach(), low.scale) for place, low in model.decoder.adapter()}
    adapter = TrainedAdapter(recipe.rank, recipe.alpha, recipe.rslora, weights)
    base_config: Mapping[str, Any] = getattr(source, "raw", {})
    kind, _, name = recipe.loss.partition("-")
    focal = preset(name).as_dict(data.labels) if kind == "focal" else None
    config = {
        "architecture": "embedding-llm",
        "model_name": recipe.backbone,  # as the published layout has it
        "hidden_size": source.config.hidden_size,
        "embed_dim": data.dim,
        "backbone": {"id": recipe.backbone, "revision": base.revision, "quantisation": recipe.quantisation},
        "encoder": dict(data.encoder),
    }

    def read(folder: Path) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
        return EmotionClassifier(folder, backbone=base.path, device=str(task.device)).predict_proba_from_embeddings

    task.model.eval()
    return Made(
        files=llm_files(recipe.backbone, model.head, adapter, source.config, base_config, focal) | dict(data.brought),
        config=config,
        read=read,
        expected=task.probabilities(data.splits["dev"][0]),
        tolerance=TOLERANCE,
        about=partial(llm_about, rank=recipe.rank),
    )
