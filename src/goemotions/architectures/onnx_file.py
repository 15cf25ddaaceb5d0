"""ONNX files, looked into before onnxruntime sees them: their own bytes alone, no loops, sizes that the bytes bear out.

Read from the protobuf wire format, so that no other package is needed. https://onnx.ai/onnx/repo-docs/IR.html has the
messages; the numbers below are those of their fields in ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from goemotions.errors import plain

MICROSOFT_OPERATORS = frozenset(
    "Attention BiasGelu DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul EmbedLayerNormalization FastGelu "
    "FusedGemm FusedMatMul GatherBlockQuantized Gelu MatMulInteger16 MatMulIntegerToFloat MatMulNBits "
    "MultiHeadAttention QAttention "
    "QEmbedLayerNormalization QGemm QLinearAdd QLinearConcat QLinearMul QLinearSigmoid QLinearSoftmax QuantizeLinear "
    "QuickGelu RotaryEmbedding SimplifiedLayerNormalization SkipLayerNormalization "
    "SkipSimplifiedLayerNormalization".split()
)
"""Of the domain ``com.microsoft``, what exports of text encoders use; others there read files or run loops."""

SAME_SIZE = frozenset(
    "Cast DequantizeLinear Flatten Identity QuantizeLinear Reshape Slice Squeeze Transpose Unsqueeze".split()
)
"""Operators whose output is no larger than their first input."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Node = tuple[str, list[str], list[str]]
MOST_PACKED = 8  # elements that a byte can hold: the smallest types have one bit


@dataclass(frozen=True)
class GraphFacts:
    """Facts of a checked graph.

    Attributes:
        foldable: whether what can be computed when the model is loaded is no larger than what the file holds.
        head_input: the name of what the last layer reads, the states; None where there is no such layer.
    """

    foldable: bool
    head_input: str | None


def check_onnx(content: bytes) -> GraphFacts:
    """Check a whole ONNX file.

    Raises:
        ValueError: what is refused or damaged, for people.
    """
    graphs = []
    for field, value in _fields(memoryview(content)):
        if field == 7:
            graphs.append(_message(value))
        elif field == 25:
            raise ValueError("it defines functions of its own, which are not read: export it with them inlined")
        elif field == 20:
            raise ValueError("it holds the description of a training, which is not read: export it for inference")
    if len(graphs) != 1:
        raise ValueError(f"it holds {len(graphs)} graphs, expected one")
    return _check_graph(graphs[0])


def _check_graph(graph: memoryview) -> GraphFacts:
    constants: set[str] = set()
    nodes = []
    ends: list[str] = []
    for field, value in _fields(graph):
        if field == 5:
            constants.add(_check_tensor(_message(value)))
        elif field == 15:
            raise ValueError("it holds sparse tensors, which are not read")
        elif field == 1:
            nodes.append(_check_node(_message(value)))
        elif field == 12:
            ends += [_text(name) for number, name in _fields(_message(value)) if number == 1]
    head_input = _head_input(nodes, ends)
    foldable = True
    for operator, inputs, outputs in nodes:
        if operator in ("Shape", "Size") or all(name in constants or not name for name in inputs):
            constants.update(outputs)
            foldable &= operator in (*SAME_SIZE, "Shape", "Size", "Constant")
    return GraphFacts(foldable, head_input)


def _head_input(nodes: Sequence[Node], ends: Sequence[str]) -> str | None:
    """Return what the linear layer before the only output reads, if that is the output of a node.

    Of several layers that are added up, each in its turn scaled, it is the first.
    """
    makers = {name: (operator, inputs) for operator, inputs, outputs in nodes for name in outputs}
    ahead, seen = list(ends) if len(ends) == 1 else [], set[str]()
    while ahead:
        name = ahead.pop()
        operator, inputs = makers.get(name, ("", []))
        if operator in ("Gemm", "MatMul") and len(inputs) >= 2 and inputs[0] in makers:
            return inputs[0]
        if operator in ("Add", "Mul") and name not in seen:
            ahead += reversed(inputs)
        seen.add(name)
    return None


def with_output(content: bytes, name: str) -> bytes:
    """Return an ONNX file with one more output, a value of its graph.

    A protobuf message that is given twice is one with the fields of both, so that a second graph of nothing but the
    output is all that is added; onnxruntime finds the output's type and shape.
    """
    value = _bytes_field(1, name.encode("utf-8"))
    return content + _bytes_field(7, _bytes_field(12, value))


def _bytes_field(number: int, value: bytes) -> bytes:
    """Return a field of a protobuf message."""
    return _as_varint(number << 3 | BYTES) + _as_varint(len(value)) + value


def _as_varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _as_varint(rest) if rest else bytes([low])


def _check_node(node: memoryview) -> Node:
    """Operator, inputs and outputs."""
    inputs, outputs, operator, domain = [], [], "", ""
    for field, value in _fields(node):
        if field == 1:
            inputs.append(_text(value))
        elif field == 2:
            outputs.append(_text(value))
        elif field == 4:
            operator = _text(value)
        elif field == 7:
            domain = _text(value)
        elif field == 5:
            _check_attribute(_message(value))
    known = domain in ("", "ai.onnx") or (domain == "com.microsoft" and operator in MICROSOFT_OPERATORS)
    if not known:
        raise ValueError(f"it uses the operator {plain(domain)}.{plain(operator)}, which is not read")
    return operator, inputs, outputs


def _check_attribute(attribute: memoryview) -> None:
    tensors = 0
    for field, value in _fields(attribute):
        tensors += field == 5
        if tensors > 1:  # protobuf would make one of them, of more numbers than either has
            raise ValueError("it is no ONNX model: an attribute has two values")
        if field in (6, 11):
            raise ValueError("it has a graph within the graph (a loop or a branch), which is not read")
        if field in (22, 23):
            raise ValueError("it holds sparse tensors, which are not read")
        if field in (5, 10):
            _check_tensor(_message(value))


def _check_tensor(tensor: memoryview) -> str:
    """Its name."""
    name, elements = "", 1
    for field, value in _fields(tensor):
        if field == 13 or (field == 14 and value != 0):
            raise ValueError("its weights are in another file (external data), which is not read: save it as one file")
        if field == 1:
            for size in [value] if isinstance(value, int) else _varints(value):
                elements *= size
                if elements > len(tensor) * MOST_PACKED:
                    raise ValueError("one of its tensors is said to have more numbers than the file holds")
        elif field == 8:
            name = _text(value)
    return name


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a message was expected where a number stands")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_message(value)).decode("utf-8")


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield field numbers and values: numbers as they are, what has a length as a view of its bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        value: int | memoryview
        if kind == VARINT:
            value, position = _varint(message, position)
        elif kind in (BYTES, FIXED32, FIXED64):
            size = {FIXED32: 4, FIXED64: 8}.get(kind)
            if size is None:
                size, position = _varint(message, position)
            value, position = message[position : position + size], position + size
        else:
            raise ValueError(f"it is no protobuf message (wire type {kind})")
        if position > len(message):
            raise ValueError("it is cut off")
        yield key >> 3, value


def _varints(packed: memoryview) -> Iterator[int]:
    position = 0
    while position < len(packed):
        value, position = _varint(packed, position)
        yield value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message) and shift < 64:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("it is cut off")
