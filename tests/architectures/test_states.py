"""The states that a model's last layer reads: any model gives them, and other labels can be fitted on them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from conftest import USE_HEAD
from onnx import TensorProto, helper, numpy_helper

from goemotions import EmotionClassifier, ModelError
from goemotions.architectures.onnx_graph import OnnxGraph

TEXTS = ["Thank you so much!", "", "I am so sorry, and a bit afraid.", "🎉", "word " * 300, "What is that?"]


def test_the_last_layer_makes_the_logits_of_them(classifier: EmotionClassifier) -> None:
    features = classifier.features(TEXTS)
    graph = onnx.load(str(classifier.directory / "model.onnx")).graph
    head = next(node for node in graph.node if "logits" in node.output)
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    logits = features.states @ weights[head.input[1]].T + weights[head.input[2]]
    assert features.states.dtype == np.float32
    assert features.states.shape == (len(TEXTS), 384)
    assert np.abs(logits - features.logits).max() < 1e-4
    assert np.array_equal(features.logits, classifier.score(TEXTS, calibrated=False).logits)


def test_a_state_does_not_depend_on_the_texts_beside_it(classifier: EmotionClassifier) -> None:
    together = classifier.states(TEXTS)
    alone = np.concatenate([classifier.states([text]) for text in TEXTS])
    assert np.abs(together - alone).max() <= 1e-5
    assert classifier.states([]).shape == (0, 384)
    with pytest.raises(TypeError, match="bare str"):
        classifier.states("text")


def graph_of(nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]) -> bytes:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size]) for name, size in (("x", 3), ("y", 2))]
    graph = helper.make_graph(nodes, "test", ends[:1], ends[1:], weights)
    content: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    return content


def weight(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


RELU = helper.make_node("Relu", ["x"], ["hidden"])


def test_a_product_and_its_bias_are_a_last_layer() -> None:
    nodes = [RELU, helper.make_node("MatMul", ["hidden", "w"], ["z"]), helper.make_node("Add", ["b", "z"], ["y"])]
    graph = OnnxGraph(graph_of(nodes, [weight("w", 3, 2), weight("b", 2)]), 1)
    logits, states = graph.run_states({"x": np.array([[1, -2, 3]], np.float32)}, 2)
    assert (logits.tolist(), states.tolist()) == ([[5, 5]], [[1, 0, 3]])
    assert list(graph.outputs) == ["y"]


def test_of_heads_that_are_added_up_the_first_says_what_the_states_are() -> None:
    first, second = (helper.make_node("MatMul", [x, "w"], [z]) for x, z in (("hidden", "z1"), ("more", "z2")))
    more, both = helper.make_node("Relu", ["hidden"], ["more"]), helper.make_node("Add", ["z1", "z2"], ["z"])
    nodes = [RELU, first, more, second, both, helper.make_node("Mul", ["z", "b"], ["y"])]
    graph = OnnxGraph(graph_of(nodes, [weight("w", 3, 2), weight("b", 2)]), 1)
    logits, states = graph.run_states({"x": np.array([[1, -2, 3]], np.float32)}, 2)
    assert (logits.tolist(), states.tolist()) == ([[8, 8]], [[1, 0, 3]])


@pytest.mark.parametrize(
    ("nodes", "weights"),
    [
        ([helper.make_node("Gemm", ["x", "w"], ["y"])], [weight("w", 3, 2)]),  # on the input itself
        ([RELU, helper.make_node("Slice", ["hidden", "from", "to", "axis"], ["y"])], []),
    ],
)
def test_a_graph_with_another_end_runs_and_has_no_states(
    nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]
) -> None:
    places = [numpy_helper.from_array(np.array([i]), name) for name, i in (("from", 0), ("to", 2), ("axis", 1))]
    graph = OnnxGraph(graph_of(nodes, weights + places), 1)
    feed = {"x": np.array([[1, 2, 3]], np.float32)}
    assert graph.run(feed, 2).shape == (1, 2)
    with pytest.raises(ModelError, match="has no states"):
        graph.run_states(feed, 2)


def test_other_architectures_give_their_embeddings() -> None:
    head = EmotionClassifier(USE_HEAD)
    features = head.features(["Grazie mille!"])
    assert np.array_equal(features.states, head.encode(["Grazie mille!"]))
    assert np.array_equal(features.logits, head.score(["Grazie mille!"], calibrated=False).logits)
