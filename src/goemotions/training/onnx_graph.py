"""Writes a trained encoder as one ONNX graph: token ids in, logits out, pooling inside, 8-bit matrix products.

Built by hand rather than by an exporter followed by a quantiser, for two reasons measured in ``docs/experiments.md``:
every matrix product reads an input quantised with the *fixed* scale of quantisation-aware training and goes straight
back to float (one fused ``MatMulIntegerToFloat``), and additions stay apart from layer normalisation, whose fused form
in onnxruntime is several times slower on a CPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.quantisation import EMBEDDING_MAX, WEIGHT_MAX, QuantLinear

OPSET = 20  # the first with Gelu
MICROSOFT = "com.microsoft"  # onnxruntime's own operators
Array = npt.NDArray[Any]


class GraphBuilder:
    """Collects the nodes and weights of a graph; values are known by their names."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, value: Array) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def split(self, op: str, inputs: list[str], outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node and name its outputs."""
        label = f"{op}_{len(self.nodes)}"
        names = [f"{label}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=label, domain=domain, **attributes))
        return names

    def add(self, op: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and name it."""
        return self.split(op, inputs, 1, domain, **attributes)[0]


def quantise_rows(weight: Array, largest: int) -> tuple[Array, Array]:
    """Signed 8-bit codes and one scale a row. *Shape:* [n, k] -> int8 [n, k], float32 [n]."""
    scale = np.maximum(np.abs(weight).max(1) / largest, 1e-12).astype(np.float32)
    codes = np.clip(np.rint(weight / scale[:, None]), -largest, largest).astype(np.int8)
    return codes, scale


def numpy_of(tensor: Any) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array


def layer_norm(graph: GraphBuilder, x: str, norm: Any) -> str:
    weights = [graph.weight(numpy_of(norm.weight)), graph.weight(numpy_of(norm.bias))]
    return graph.add("LayerNormalization", [x, *weights], axis=-1, epsilon=norm.eps)


def linear(graph: GraphBuilder, x: str, layers: list[QuantLinear]) -> str:
    """Layers that read the same input, as one 8-bit matrix product with its bias; outputs stand side by side."""
    quantiser = layers[0].quantiser
    codes, scale = quantise_rows(np.concatenate([numpy_of(layer.weight) for layer in layers]), WEIGHT_MAX)
    x_scale = graph.weight(np.array(quantiser.scale.item(), np.float32))
    x_zero = graph.weight(np.array(quantiser.zero_point.item(), np.uint8))
    quantised = graph.add("QuantizeLinear", [x, x_scale, x_zero])
    bias = np.concatenate([numpy_of(layer.bias) for layer in layers])
    inputs = [quantised, graph.weight(codes.T), x_scale, graph.weight(scale), x_zero, "", graph.weight(bias)]
    return graph.add("MatMulIntegerToFloat", inputs, MICROSOFT)


def embeddings(graph: GraphBuilder, module: Any, max_length: int) -> str:
    codes, scale = quantise_rows(numpy_of(module.word_embeddings.weight), EMBEDDING_MAX)
    rows = graph.add("Cast", [graph.add("Gather", [graph.weight(codes), "input_ids"])], to=TensorProto.FLOAT)
    words = graph.add("Mul", [rows, graph.add("Gather", [graph.weight(scale[:, None]), "input_ids"])])
    # Every token is of type 0, so its embedding is a constant of the position.
    positions = (
        numpy_of(module.position_embeddings.weight)[:max_length] + numpy_of(module.token_type_embeddings.weight)[0]
    )
    zero = graph.weight(np.zeros(1, np.int64))
    tokens = graph.add("Shape", ["input_ids"], start=1, end=2)
    positions_used = graph.add("Slice", [graph.weight(positions), zero, tokens, zero])
    return layer_norm(graph, graph.add("Add", [words, positions_used]), module.LayerNorm)


def encoder_layer(graph: GraphBuilder, x: str, layer: Any, heads: int) -> str:
    attention = layer.attention
    qkv = linear(graph, x, [attention.self.query, attention.self.key, attention.self.value])
    query, key, value = graph.split("Split", [qkv], 3, axis=-1, num_outputs=3)
    inputs = [query, key, value, "", "attention_mask"]
    context = graph.add("MultiHeadAttention", inputs, MICROSOFT, num_heads=heads)
    attended = linear(graph, context, [attention.output.dense])
    x = layer_norm(graph, graph.add("Add", [attended, x]), attention.output.LayerNorm)
    hidden = graph.add("Gelu", [linear(graph, x, [layer.intermediate.dense])])
    return layer_norm(graph, graph.add("Add", [linear(graph, hidden, [layer.output.dense]), x]), layer.output.LayerNorm)


def mean_pool(graph: GraphBuilder, states: str) -> str:
    """Mean over the tokens of the mask. *Shape:* [n, tokens, hidden] -> [n, hidden]."""
    axis = graph.weight(np.ones(1, np.int64))
    mask = graph.add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    total = graph.add("Squeeze", [graph.add("MatMul", [graph.add("Unsqueeze", [mask, axis]), states]), axis])
    return graph.add("Div", [total, graph.add("ReduceSum", [mask, axis], keepdims=1)])


def build(model: MeanPooledEncoder, max_length: int) -> onnx.ModelProto:
    """The graph: ``input_ids`` and ``attention_mask``, int32 [n, tokens], to ``logits``, float32 [n, labels].

    ``model`` must have calibrated quantisers. ``max_length`` is the most tokens the graph can take.
    """
    graph = GraphBuilder()
    bert = model.bert
    x = embeddings(graph, bert.embeddings, max_length)
    for layer in bert.encoder.layer:
        x = encoder_layer(graph, x, layer, bert.config.num_attention_heads)
    head = [graph.weight(numpy_of(model.head.weight)), graph.weight(numpy_of(model.head.bias))]
    logits = graph.add("Gemm", [mean_pool(graph, x), *head], transB=1)
    graph.nodes[-1].output[0] = logits = "logits"
    proto = helper.make_graph(
        graph.nodes,
        "goemotions",
        [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["n", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["n", model.head.out_features])],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    built: onnx.ModelProto = helper.make_model(proto, opset_imports=opsets, ir_version=9, producer_name="goemotions")
    return built
