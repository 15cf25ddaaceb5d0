"""Trains an ``embedding-head``: an MLP on sentence embeddings, exported as an ONNX graph that needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from goemotions.architectures.base import LoadOptions
from goemotions.architectures.embedding_head import EmbeddingHead
from goemotions.evaluation.head_card import head_about
from goemotions.evaluation.model_metrics import StoredFigures
from goemotions.predictions import sigmoid
from goemotions.training.embedded import (
    EmbeddedData,
    EmbeddingTask,
    balanced,
    digest_of,
    embedded_targets,
    load_data,
    recipe_loss,
    settings_problems,
    start_bias,
)
from goemotions.training.loop import LoopSettings, fit
from goemotions.training.model_directory import Made, Tolerance, write_model
from goemotions.training.onnx_graph import OPSET, GraphBuilder, numpy_of
from goemotions.training.optimisation import decay_groups
from goemotions.training.processes import Processes
from goemotions.training.recipe import HeadRecipe

TOLERANCE = Tolerance(largest=0.01)  # the exported weights have 16 bit


class Mlp(nn.Module):
    """Linear, ReLU, dropout for each hidden width; then the labels. *Shape:* float32 [n, dim] → logits [n, labels]."""

    def __init__(self, dim: int, hidden: list[int], num_labels: int, dropout: float) -> None:
        super().__init__()
        widths = [dim, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in zip(widths, hidden, strict=False))
        self.classifier = nn.Linear(widths[-1], num_labels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.hidden:
            x = self.dropout(torch.relu(layer(x)))
        return cast(Tensor, self.classifier(x))


def train_head(
    data: Path,
    output: Path,
    recipe: HeadRecipe,
    cache: Path,
    device: torch.device,
    limit: int | None = None,
    teachers: Path = Path("teachers"),
) -> StoredFigures | None:
    """Train on the corpus in ``data`` and write the model directory ``output``.

    The state of an unfinished run stands beside it, in ``<output>.training``; the same command resumes there.

    Args:
        cache: of embeddings.
        limit: use only the first rows of every split (a trial run).
        teachers: the folder of what the recipe's teachers say of the train texts.

    Raises:
        GoEmotionsError: a corpus, a teacher or an encoder that cannot be used, or a training that went wrong.

    Returns:
        The figures on test, from the written file, at thresholds tuned on dev; None in a process that does not write.
    """
    embedded = load_data(data, cache, recipe.encoder, partial(settings_problems, recipe), limit)
    x, y = balanced(embedded, recipe)
    targets = embedded_targets(embedded, y, recipe, teachers)
    torch.manual_seed(recipe.seed)
    model = Mlp(embedded.dim, recipe.hidden, len(embedded.labels), recipe.dropout)
    start_bias(model.classifier, targets)
    processes = Processes(device.type == "cpu")
    task = EmbeddingTask(
        model.to(device),
        decay_groups(model, recipe.weight_decay),
        (x, targets),
        embedded.splits["dev"],
        recipe_loss(recipe, y),
        select_by=recipe.select_by,
        seed=recipe.seed,
        batch_size=recipe.batch_size,
        device=device,
        corpus_share=recipe.corpus_share,
    )
    settings = LoopSettings.from_recipe(recipe, device, limit, digest_of(targets), *embedded.decisive)
    position = fit(task, settings, output.with_name(output.name + ".training"), True, processes)
    if not processes.main:
        return None
    return write_model(output, exported(task, model, embedded), embedded.held_out(), recipe, position)


def exported(
    task: EmbeddingTask,
    model: Mlp,
    data: EmbeddedData,
    thresholds: Mapping[str, float] | None = None,
    **more: Any,
) -> Made:
    """Return the network as a graph, with what it is to be compared with.

    Args:
        thresholds: instead of tuning them.
        more: keys of ``config.json`` beside the usual ones.
    """
    content = build_graph(model.cpu().eval())
    network = EmbeddingHead(content, data.dim, len(data.labels), LoadOptions(), data.encoder)
    task.device = torch.device("cpu")
    config = {"architecture": "embedding-head", "embed_dim": data.dim, "encoder": dict(data.encoder), **more}
    return Made(
        files={"head.onnx": content, **data.brought},
        config=config,
        read=lambda _: lambda vectors: sigmoid(network.logits(vectors)),
        expected=task.probabilities(data.splits["dev"][0]),
        tolerance=TOLERANCE,
        about=partial(head_about, parameters=sum(parameter.numel() for parameter in model.parameters())),
        thresholds=thresholds,
    )


def build_graph(model: Mlp) -> bytes:
    """The MLP as an ONNX graph: weights in 16 bit, computing in 32."""
    graph = GraphBuilder()

    def linear(x: str, layer: nn.Module) -> str:
        half = graph.weight(numpy_of(layer.weight).astype(np.float16))
        weight = graph.add("Cast", [half], to=TensorProto.FLOAT)
        return graph.add("Gemm", [x, weight, graph.weight(numpy_of(layer.bias))], transB=1)

    x = "embeddings"
    for layer in model.hidden:
        x = graph.add("Relu", [linear(x, layer)])
    logits = linear(x, model.classifier)
    graph.nodes.append(helper.make_node("Identity", [logits], ["logits"]))
    ends = [("embeddings", numpy_of(next(model.parameters())).shape[1]), ("logits", model.classifier.out_features)]
    inputs, outputs = ([helper.make_tensor_value_info(n, TensorProto.FLOAT, ["rows", w])] for n, w in ends)
    whole = helper.make_graph(graph.nodes, "embedding-head", inputs, outputs, graph.weights)
    proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())
