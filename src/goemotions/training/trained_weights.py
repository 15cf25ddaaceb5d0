"""The network of a graph that :mod:`goemotions.training.onnx_graph` wrote: what a training can start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from goemotions.errors import ModelError
from goemotions.training.encoder import MeanPooledEncoder, SecondHead


class GraphWeights:
    """The weights of a graph that ``training/onnx_graph.py`` built, in the order in which it made them."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.next = 0

    def take(self) -> Tensor:
        """Return the next weight."""
        self.next += 1
        return torch.from_numpy(np.array(self.found[f"w{self.next - 1}"]))

    @property
    def left(self) -> int:
        """Return how many weights are not taken yet."""
        return len(self.found) - self.next

    def skip(self, count: int) -> None:
        """Pass over weights that a network does not have."""
        self.next += count

    def linear(self, layer: nn.Linear) -> None:
        """Fill a layer, dequantised."""
        self.skip(2)  # scale and zero point of its input
        layer.bias.data = self.take()
        codes = self.take().float()
        layer.weight.data = (codes * self.take()).T.contiguous()

    def norm(self, layer: nn.LayerNorm) -> None:
        """Fill a layer normalisation."""
        layer.weight.data, layer.bias.data = self.take(), self.take()


def network_of(model: Path, base: Path) -> MeanPooledEncoder:
    """Return the network of a model directory in float32, frozen.

    Args:
        base: the folder of the base that the network began from.

    Raises:
        ModelError: a model whose graph was not written so, or whose table of pieces is not in 8 bit.
    """
    graph = onnx.load(model / "model.onnx").graph
    network = MeanPooledEncoder(base, graph.output[0].type.tensor_type.shape.dim[1].dim_value, 0.0, False)
    weights = GraphWeights(graph)
    try:
        fill(network, weights)
    except (KeyError, IndexError, RuntimeError) as error:
        raise ModelError(f"{model} is no transformer with a table in 8 bit: no training can start from it") from error
    if weights.left:
        raise ModelError(f"{model} has {len(weights.found)} weights, expected {weights.next}: it is of another base")
    network.eval()
    network.requires_grad_(False)
    return network


def fill(network: MeanPooledEncoder, weights: GraphWeights) -> None:
    """Give a network the weights, in the order in which the graph has them."""
    embeddings = network.bert.embeddings
    embeddings.word_embeddings.weight.data = weights.take().float() * weights.take()
    weights.skip(1)
    positions = weights.take()[:, 0]
    embeddings.position_embeddings.weight.data[: len(positions)] = positions
    embeddings.token_type_embeddings.weight.data.zero_()  # in the positions already
    weights.norm(embeddings.LayerNorm)
    for layer in network.bert.encoder.layer:
        own = layer.attention.self
        weights.skip(3)
        for part in (own.query, own.key, own.value):
            weights.linear(part)
        weights.skip(3)
        weights.linear(layer.attention.output.dense)
        weights.norm(layer.attention.output.LayerNorm)
        for part in (layer.intermediate, layer.output):
            weights.skip(2)
            weights.linear(part.dense)
        weights.norm(layer.output.LayerNorm)
    network.head.weight.data, network.head.bias.data = weights.take(), weights.take()
    weights.skip(1)  # the axis of the mean
    if weights.left:
        network.second = second_head(weights)


def second_head(weights: GraphWeights) -> SecondHead:
    """Return the head that stands behind the first."""
    hidden, hidden_bias, output, output_bias, slope, offset = (weights.take() for _ in range(6))
    head = SecondHead(hidden.shape[1], len(hidden), len(output), 0.0)
    head.hidden.weight.data, head.hidden.bias.data = hidden, hidden_bias
    head.output.weight.data, head.output.bias.data = output, output_bias
    head.slope, head.offset = slope, offset
    return head
