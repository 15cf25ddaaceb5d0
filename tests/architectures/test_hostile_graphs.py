"""Graphs that would read other files, run for ever or take all memory are refused before onnxruntime sees them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import USE_HEAD
from onnx import TensorProto, helper

from goemotions import EmotionClassifier
from goemotions.architectures.onnx_file import check_onnx
from goemotions.architectures.onnx_graph import OnnxGraph
from goemotions.catalog import find_model
from goemotions.errors import ModelError


def graph_of(nodes: list[onnx.NodeProto], *tensors: onnx.TensorProto, **model: object) -> onnx.ModelProto:
    """A model from ``input_ids`` to ``logits`` [n, 1]."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT32, ["n", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1])],
        list(tensors),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, **model)


def mean() -> onnx.ModelProto:
    return graph_of(
        [
            helper.make_node("Cast", ["input_ids"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["floats"], ["logits"], axes=[1]),
        ],
        helper.make_tensor("weight", TensorProto.FLOAT, [2], [1.0, 2.0]),
    )


def external(location: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        tensor = model.graph.initializer[0]
        tensor.ClearField("float_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    return change


def external_in_attribute(model: onnx.ModelProto) -> None:
    tensor = helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0])
    tensor.external_data.add(key="location", value="../secret")
    model.graph.node.append(helper.make_node("Constant", [], ["constant"], value=tensor))


def loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], ["x"], body=body))


def scan_of_several(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    node = helper.make_node("Scan", [], ["x"])
    node.attribute.append(helper.make_attribute("bodies", [body]))
    model.graph.node.append(node)


def custom(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Run", [], ["x"], domain="org.example"))


def reads_a_file(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("EPContext", [], ["x"], domain="com.microsoft"))


def function(model: onnx.ModelProto) -> None:
    model.functions.append(helper.make_function("org.example", "Twice", [], [], [], []))


def large_tensor(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [2**40]


def negative_tensor(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [-1]


def sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().dims.append(2**40)


HOSTILE = {
    "external data, relative": (external("../secret"), "external data"),
    "external data, absolute": (external("/etc/passwd"), "external data"),
    "external data, beside": (external("weights.bin"), "external data"),
    "external data in an attribute": (external_in_attribute, "external data"),
    "loop": (loop, "a graph within the graph"),
    "scan": (scan_of_several, "a graph within the graph"),
    "custom domain": (custom, r"the operator org\.example\.Run"),
    "operator that reads a file": (reads_a_file, r"the operator com\.microsoft\.EPContext"),
    "functions": (function, "functions of its own"),
    "2^40 numbers": (large_tensor, "more numbers than the file holds"),
    "-1 numbers": (negative_tensor, "more numbers than the file holds"),
    "sparse": (sparse, "sparse tensors"),
}


@pytest.mark.parametrize(("change", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_graphs_are_refused_from_their_bytes(change: Callable[[onnx.ModelProto], None], message: str) -> None:
    """Faults 10 and 16. ``check_onnx`` sees only bytes, so that no release of onnxruntime has a say."""
    model = mean()
    check_onnx(model.SerializeToString())
    change(model)
    with pytest.raises(ValueError, match=message):
        check_onnx(model.SerializeToString())
    with pytest.raises(ModelError, match=message):
        OnnxGraph(model.SerializeToString(), 1)


def test_external_data_of_a_model_directory_is_not_read(model_copy: Path) -> None:
    """Fault 10, through the front door."""
    model = onnx.load(model_copy / "model.onnx")
    (model_copy.parent / "secret").write_bytes(b"\0" * 4 * 384)
    external("../secret")(model)
    (model_copy / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"model\.onnx .*external data"):
        EmotionClassifier(model_copy)


def doubling(times: int, start: str, *tensors: onnx.TensorProto) -> onnx.ModelProto:
    """A chain that joins a tensor with itself, again and again."""
    nodes = [helper.make_node("Concat", [f"x{i}"] * 2, [f"x{i + 1}"], axis=0) for i in range(times)]
    first = [
        helper.make_node("Cast", ["input_ids"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["floats"], ["sum"], keepdims=0),
        helper.make_node("Reshape", ["sum", "one"], ["sums"]),
        helper.make_node("Identity", [start], ["x0"]),
    ]
    last = [
        helper.make_node("ReduceSum", [f"x{times}"], ["all"], keepdims=0),
        helper.make_node("Mul", ["all", "row"], ["logits"]),
    ]
    one = helper.make_tensor("one", TensorProto.INT64, [1], [1])
    row = helper.make_tensor("row", TensorProto.FLOAT, [1, 1], [1.0])
    return graph_of([*first, *nodes, *last], one, row, *tensors)


def test_what_could_grow_at_load_is_not_computed_then() -> None:
    """Fault 16: a chain of 2 kB would take 2 GB as onnxruntime folds constants. Copies and casts still are folded."""
    chain = doubling(29, "k", helper.make_tensor("k", TensorProto.FLOAT, [1], [1.0])).SerializeToString()
    assert not check_onnx(chain).foldable
    assert all(
        check_onnx(path.read_bytes()).foldable
        for path in (
            find_model("compact") / "model.onnx",
            find_model("multilingual") / "model.onnx",
            USE_HEAD / "head.onnx",
        )
    )


def test_a_graph_that_takes_too_much_memory_is_an_error() -> None:
    """Fault 16: 31 doublings, 8 GB, end at the bound of the shared memory."""
    graph = OnnxGraph(doubling(33, "sums").SerializeToString(), 1)
    with pytest.raises(ModelError, match="cannot be run on 1 texts at once"):
        graph.run({"input_ids": np.ones((1, 3), np.int32)}, 1)
    assert OnnxGraph(mean().SerializeToString(), 1).run({"input_ids": np.ones((2, 3), np.int32)}, 1).tolist() == [
        [1],
        [1],
    ]


def test_every_cut_and_every_damaged_byte_is_an_error_or_a_graph() -> None:
    content = mean().SerializeToString()
    for end in range(len(content)):
        try:
            check_onnx(content[:end])
        except ValueError:
            continue
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        try:
            OnnxGraph(bytes(changed), 1).run({"input_ids": np.ones((1, 3), np.int32)}, 1)
        except ModelError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("model", ["compact", str(USE_HEAD)], ids=["transformer", "embedding-head"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_gives_nan_is_an_error_at_every_door(tmp_path: Path, model: str, value: float) -> None:
    """Fault 8: it was written as ``nan`` and as no emotion at all."""
    folder = shutil.copytree(find_model(model), tmp_path / "model")
    file = next(folder.glob("*.onnx"))
    graph = onnx.load(file)
    bias = next(tensor for tensor in reversed(graph.graph.initializer) if list(tensor.dims) == [28])
    numbers = onnx.numpy_helper.to_array(bias).copy()
    numbers[3] = value
    bias.CopyFrom(onnx.numpy_helper.from_array(numbers, bias.name))
    file.write_bytes(graph.SerializeToString())
    classifier = EmotionClassifier(folder)
    prepared = classifier.prepare(["a text"])
    doors: list[Callable[[], object]] = [
        lambda: classifier.predict(["a text"]),
        lambda: classifier.predict_proba(["a text"], long_text="windows"),
        lambda: classifier.score(["a text"], calibrated=False),
        lambda: classifier.compute(prepared),
    ]
    if classifier.config.embed_dim is not None:
        doors.append(lambda: classifier.predict_proba_from_embeddings(np.zeros((1, 512))))
    for door in doors:
        with pytest.raises(
            ModelError, match=f"the model {classifier.config.name} in .* gives (nan|inf) for annoyance of text 0"
        ):
            door()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_links_out_of_a_directory_are_refused_and_the_hubs_are_not(tmp_path: Path) -> None:
    """Fault 10: ``save`` and ``push`` would have copied whatever file a link names."""
    folder = shutil.copytree(find_model("compact"), tmp_path / "model")
    secret = tmp_path / "secret"
    secret.write_text("card")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(secret)
    with pytest.raises(ModelError, match=r"README\.md is a link out of the model directory"):
        EmotionClassifier(folder)
    classifier = EmotionClassifier("compact")
    classifier.directory = folder
    with pytest.raises(ModelError, match=r"README\.md is a link out of the model directory"):
        classifier.save(tmp_path / "saved")
    snapshot = tmp_path / "models--org--model" / "snapshots" / "abc"
    blobs = snapshot.parent.parent / "blobs"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, file in enumerate(find_model("compact").iterdir()):
        shutil.copy(file, blobs / str(number))
        (snapshot / file.name).symlink_to(Path("../../blobs") / str(number))
    assert EmotionClassifier(snapshot).labels == classifier.labels


@pytest.mark.parametrize("name", ["http://192.0.2.1/encoder/1", "https://example.org/encoder/1", "/tmp", "saved-model"])
def test_a_directory_cannot_name_a_program_as_its_encoder(tmp_path: Path, name: str) -> None:
    """Fault 9: an address was fetched and its SavedModel run."""
    folder = shutil.copytree(USE_HEAD, tmp_path / "model")
    raw = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(raw | {"encoder": {**raw["encoder"], "id": name}}))
    with pytest.raises(ModelError, match="a SavedModel is a program"):
        EmotionClassifier(folder).predict(["a text"])
    (folder / "config.json").write_text(json.dumps(raw | {"encoder": {"id": "use-multilingual-v3"}}))
    with pytest.raises(ModelError, match="encoder must have an id and a fingerprint"):
        EmotionClassifier(folder)
    with pytest.raises(ModelError, match="give an https address"):
        EmotionClassifier(USE_HEAD, encoder="http://192.0.2.1/encoder/1")
