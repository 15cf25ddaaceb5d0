"""Writes a trained encoder as one ONNX graph: token ids in, logits out, pooling inside, 8-bit matrix products.

Built by hand rather than by an exporter followed by a quantiser, for reasons measured in ``docs/experiments.md``:

* every matrix product reads an input quantised with the *fixed* scale of quantisation-aware training and goes straight
  back to float (one fused ``MatMulIntegerToFloat``);
* additions stay apart from layer normalisation, whose fused form in onnxruntime is several times slower on a CPU;
* states are [tokens, n, hidden] inside: so ``FusedMatMul`` reads queries, keys and values of every head where they lie,
  which onnxruntime's attention operators copy first;
* texts of a batch have one length, so that there is no mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.quantisation import EMBEDDING_MAX, WEIGHT_MAX, QuantEmbedding, QuantLinear

OPSET = 20  # the first with Gelu
MICROSOFT = "com.microsoft"  # onnxruntime's own operators
BLOCK = 32  # numbers of a 4-bit table that share a scale
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

    def add(self, op: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and name it."""
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, domain=domain, **attributes))
        return name


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


def quantise(graph: GraphBuilder, x: str, layer: QuantLinear) -> str:
    """``x`` in 8 bit, with the range that ``layer`` reads it in."""
    return graph.add("QuantizeLinear", [x, *quantisation(graph, layer)])


def quantisation(graph: GraphBuilder, layer: QuantLinear) -> list[str]:
    """Scale and zero point of a layer's input."""
    scale, zero = layer.quantiser.scale.item(), layer.quantiser.zero_point.item()
    return [graph.weight(np.array(scale, np.float32)), graph.weight(np.array(zero, np.uint8))]


def linear(graph: GraphBuilder, quantised: str, layer: QuantLinear) -> str:
    """An 8-bit matrix product with its bias, in float."""
    codes, scale = quantise_rows(numpy_of(layer.weight), WEIGHT_MAX)
    x_scale, x_zero = quantisation(graph, layer)
    bias = graph.weight(numpy_of(layer.bias))
    inputs = [quantised, graph.weight(codes.T), x_scale, graph.weight(scale), x_zero, "", bias]
    return graph.add("MatMulIntegerToFloat", inputs, MICROSOFT)


def embeddings(graph: GraphBuilder, module: Any, max_length: int) -> str:
    """*Shape:* ids [n, tokens] -> states [tokens, n, hidden]."""
    ids = graph.add("Transpose", ["input_ids"], perm=[1, 0])
    table = numpy_of(module.word_embeddings.weight)
    trained = isinstance(module.word_embeddings, QuantEmbedding)
    words = rows_in_8_bit(graph, table, ids) if trained else rows_in_4_bit(graph, table, ids)
    # Every token is of type 0, so its embedding is a constant of the position.
    positions = (
        numpy_of(module.position_embeddings.weight)[:max_length] + numpy_of(module.token_type_embeddings.weight)[0]
    )
    zero = graph.weight(np.zeros(1, np.int64))
    tokens = graph.add("Shape", ["input_ids"], start=1, end=2)
    positions_used = graph.add("Slice", [graph.weight(positions[:, None]), zero, tokens, zero])
    return layer_norm(graph, graph.add("Add", [words, positions_used]), module.LayerNorm)


def rows_in_8_bit(graph: GraphBuilder, table: Array, ids: str) -> str:
    """Rows of a table in 8 bit, with a scale each."""
    codes, scale = quantise_rows(table, EMBEDDING_MAX)
    rows = graph.add("Cast", [graph.add("Gather", [graph.weight(codes), ids])], to=TensorProto.FLOAT)
    return graph.add("Mul", [rows, graph.add("Gather", [graph.weight(scale[:, None]), ids])])


def rows_in_4_bit(graph: GraphBuilder, table: Array, ids: str) -> str:
    """Rows of a table in 4 bit, with a float16 scale for 32 numbers: exactly what a table of Q4_0 holds."""
    codes, scale = quantise_blocks(table)
    packed = (codes[:, 0::2] & 15) | ((codes[:, 1::2] & 15) << 4)
    name = f"w{len(graph.weights)}"
    raw = packed.astype(np.uint8).tobytes()
    graph.weights.append(helper.make_tensor(name, TensorProto.INT4, codes.shape, raw, raw=True))
    flags = {"gather_axis": 0, "quantize_axis": 1, "block_size": BLOCK}
    wide = graph.add("Cast", [graph.weight(scale)], to=TensorProto.FLOAT)  # else the products would have 16 bit
    return graph.add("GatherBlockQuantized", [name, ids, wide], MICROSOFT, **flags)


def quantise_blocks(table: Array) -> tuple[Array, Array]:
    """Q4_0's codes and scales: the number of largest magnitude among 32 has the code -8.

    *Shape:* [n, k] -> int8 [n, k], float16 [n, k / 32].
    """
    blocks = table.reshape(len(table), -1, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(2)[..., None], 2)[..., 0]
    scale = (largest / -8).astype(np.float16)
    divisor = np.where(scale == 0, np.float32(1), scale.astype(np.float32))
    codes = np.clip(np.rint(blocks / divisor[..., None]), -8, 7).astype(np.int8)
    return codes.reshape(table.shape), scale


def attention(graph: GraphBuilder, x: str, module: Any, heads: int) -> str:
    """Self-attention and its output product. *Shape:* [tokens, n, hidden] -> [tokens, n, hidden]."""
    layers = [module.self.query, module.self.key, module.self.value]
    quantised = quantise(graph, x, layers[0])  # the three share one quantiser
    by_head = graph.weight(np.array([0, 0, heads, -1]))
    query, key, value = (graph.add("Reshape", [linear(graph, quantised, layer), by_head]) for layer in layers)
    # transBatch: the operand is [tokens, n, heads, d] and taken as n * heads matrices of [tokens, d].
    flags = {"transBatchA": 1, "transBatchB": 1, "transB": 1, "alpha": (layers[0].out_features / heads) ** -0.5}
    weights = graph.add("Softmax", [graph.add("FusedMatMul", [query, key], MICROSOFT, **flags)], axis=-1)
    context = graph.add("FusedMatMul", [weights, value], MICROSOFT, transBatchB=1)  # [n, heads, tokens, d]
    quantised = graph.add("Transpose", [quantise(graph, context, module.output.dense)], perm=[2, 0, 1, 3])
    joined = graph.add("Reshape", [quantised, graph.weight(np.array([0, 0, -1]))])
    return linear(graph, joined, module.output.dense)


def encoder_layer(graph: GraphBuilder, x: str, layer: Any, heads: int) -> str:
    """*Shape:* [tokens, n, hidden] -> [tokens, n, hidden]."""
    attended = attention(graph, x, layer.attention, heads)
    x = layer_norm(graph, graph.add("Add", [attended, x]), layer.attention.output.LayerNorm)
    inner, outer = layer.intermediate.dense, layer.output.dense
    hidden = graph.add("Gelu", [linear(graph, quantise(graph, x, inner), inner)])
    output = linear(graph, quantise(graph, hidden, outer), outer)
    return layer_norm(graph, graph.add("Add", [output, x]), layer.output.LayerNorm)


def build(model: MeanPooledEncoder, max_length: int) -> onnx.ModelProto:
    """The graph: ``input_ids``, int32 [n, tokens], to ``logits``, float32 [n, labels]; all tokens are read.

    ``model`` must have calibrated quantisers. ``max_length`` is the most tokens the graph can take.
    """
    graph = GraphBuilder()
    bert = model.bert
    x = embeddings(graph, bert.embeddings, max_length)
    for layer in bert.encoder.layer:
        x = encoder_layer(graph, x, layer, bert.config.num_attention_heads)
    head = [graph.weight(numpy_of(model.head.weight)), graph.weight(numpy_of(model.head.bias))]
    pooled = graph.add("ReduceMean", [x, graph.weight(np.zeros(1, np.int64))], keepdims=0)
    logits = graph.add("Gemm", [pooled, *head], transB=1)
    graph.nodes[-1].output[0] = logits = "logits"
    proto = helper.make_graph(
        graph.nodes,
        "goemotions",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT32, ["n", "tokens"])],
        [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["n", model.head.out_features])],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    built: onnx.ModelProto = helper.make_model(proto, opset_imports=opsets, ir_version=9, producer_name="goemotions")
    return built
