"""Gives a graph of :mod:`goemotions.training.onnx_graph` a second head, or takes it away; all else stays as it is."""

from __future__ import annotations

import onnx

from goemotions.errors import ModelError
from goemotions.training.encoder import SecondHead
from goemotions.training.onnx_graph import GraphBuilder, numpy_of

LOGITS, FIRST = "logits", "first_logits"


def with_second_head(plain: onnx.ModelProto, head: SecondHead) -> onnx.ModelProto:
    """Return the graph with ``head`` behind its states, beside its first head."""
    made = onnx.ModelProto()
    made.CopyFrom(plain)
    graph = GraphBuilder()
    graph.nodes, graph.weights = list(made.graph.node), list(made.graph.initializer)
    last = graph.nodes[-1]
    last.output[0] = FIRST
    x = graph.add("Gelu", [gemm(graph, last.input[0], head.hidden)])
    both = graph.add("Add", [FIRST, gemm(graph, x, head.output)])
    steeper = graph.add("Mul", [both, graph.weight(numpy_of(head.slope))])
    graph.add("Add", [steeper, graph.weight(numpy_of(head.offset))])
    graph.nodes[-1].output[0] = LOGITS
    added = len(made.graph.node), len(made.graph.initializer)
    made.graph.node.extend(graph.nodes[added[0] :])
    made.graph.initializer.extend(graph.weights[added[1] :])
    onnx.checker.check_model(made)
    return made


def gemm(graph: GraphBuilder, x: str, layer: object) -> str:
    """Return a linear layer in float32."""
    weights = [graph.weight(numpy_of(getattr(layer, name))) for name in ("weight", "bias")]
    return graph.add("Gemm", [x, *weights], transB=1)


def without_second_head(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a graph that ends in its first head.

    Raises:
        ModelError: it ends in neither one nor two heads as they are written here.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    nodes = made.graph.node
    ends = [number for number, node in enumerate(nodes) if node.output[0] == FIRST]
    if ends:
        del nodes[ends[0] + 1 :]
        nodes[-1].output[0] = LOGITS
        used = {name for node in nodes for name in node.input}
        kept = [tensor for tensor in made.graph.initializer if tensor.name in used]
        del made.graph.initializer[:]
        made.graph.initializer.extend(kept)
    if not nodes or nodes[-1].op_type != "Gemm" or list(nodes[-1].output) != [LOGITS]:
        raise ModelError("start_from: the model's graph does not end in a head that `goemotions train` wrote")
    return made
