"""Models that fail for some texts: NaN fails those requests, and nobody else's; what computes long is said."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from running import Server, serving

from goemotions.catalog import find_model

WORD = "zebra"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model gives NaN for texts with :data:`WORD`."""
    with serving(changed_model(tmp_path_factory.mktemp("nan") / "model", divide_by_zero)) as running:
        yield running


def changed_model(folder: Path, change: Callable[[Path, int], None]) -> Path:
    """Return a copy of the bundled model whose graph was changed, in view of the token of :data:`WORD`."""
    model = shutil.copytree(find_model(None), folder)
    vocabulary = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    change(model / "model.onnx", vocabulary[WORD])
    return model


def divide_by_zero(path: Path, token: int) -> None:
    """Multiply a graph's logits by ``x / x``, where x is 0 for texts with a token, and 1 for others."""
    node = helper.make_node
    constants = {"bad_token": np.array(token, np.int32), "axes": np.array([1])}
    nodes = [
        node("Equal", ["input_ids", "bad_token"], ["is_bad"]),
        node("Not", ["is_bad"], ["is_good"]),
        node("Cast", ["is_good"], ["good"], to=TensorProto.FLOAT),
        node("ReduceMin", ["good", "axes"], ["x"], keepdims=1),
        node("Div", ["x", "x"], ["one_or_nan"]),
        node("Mul", ["before", "one_or_nan"], ["logits"]),
    ]
    insert_before_logits(path, constants, nodes)


def multiply_long(path: Path, token: int) -> None:
    """Add 0 to a graph's logits, by 80 GFLOP for each time that a token occurs: a second of a core."""
    node = helper.make_node
    size, times = 2000, 5
    constants = {
        "slow_token": np.array(token, np.int32),
        "axes": np.array([0, 1]),
        "rows_each": np.array([size, 0]),
        "one_row": np.array([1, size]),
        "square": np.array([size, size]),
    }
    nodes = [
        node("Equal", ["input_ids", "slow_token"], ["is_slow"]),
        node("Cast", ["is_slow"], ["slow"], to=TensorProto.INT64),
        node("ReduceSum", ["slow", "axes"], ["number"], keepdims=0),
        node("Mul", ["number", "rows_each"], ["more_rows"]),
        node("Add", ["more_rows", "one_row"], ["shape"]),
        node("ConstantOfShape", ["shape"], ["product0"]),
        node("ConstantOfShape", ["square"], ["weights"]),
        *(node("MatMul", [f"product{i}", "weights"], [f"product{i + 1}"]) for i in range(times)),
        node("ReduceSum", [f"product{times}", "axes"], ["zero"], keepdims=0),
        node("Add", ["before", "zero"], ["logits"]),
    ]
    insert_before_logits(path, constants, nodes)


def insert_before_logits(
    path: Path, constants: Mapping[str, npt.NDArray[Any]], nodes: Sequence[onnx.NodeProto]
) -> None:
    """Put nodes at a graph's end: they make ``logits`` from ``before``, which the graph called so."""
    model = onnx.load(path)
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["before" if name == "logits" else name for name in node.output]
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.node.extend(nodes)
    onnx.save(model, path)


def test_nan_is_an_error_and_not_no_emotion(damaged: Server) -> None:
    """Fault 8: the server answered 200 with an empty list."""
    for path, body in (("/v1/emotions", {"texts": ["thank you", f"thank you, {WORD}"]}), ("/", {"inputs": WORD})):
        answer = damaged.post(path, body)
        assert answer.status == 500
        assert answer.json["error"] == "the model failed on this request; the server's log says why"
    assert "gives nan for admiration of text 1" in damaged.log()
    assert WORD not in damaged.log()


def test_requests_of_the_same_batch_are_answered(damaged: Server) -> None:
    statuses: list[tuple[bool, int]] = []

    def ask(text: str) -> None:
        for _ in range(10):
            answer = damaged.post("/v1/emotions", {"texts": [text]})
            statuses.append((WORD in text, answer.status))

    clients = [threading.Thread(target=ask, args=(f"thank you, {word}",)) for word in (WORD, "horse", "donkey", WORD)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert set(statuses) == {(True, 500), (False, 200)}
    assert len(statuses) == 40


def test_a_computation_that_does_not_end_is_said_at_ready(tmp_path: Path) -> None:
    """``/ready`` is 503 while one batch is computed for longer than ``--unready-after``, and only so long."""
    model = changed_model(tmp_path / "model", multiply_long)
    answers: list[int] = []
    with serving(model, "--unready-after", 0.2) as server:
        assert server.post("/v1/emotions", {"texts": ["thank you"]}).status == 200
        client = threading.Thread(target=lambda: answers.append(server.post("/v1/emotions", {"texts": [WORD]}).status))
        start = time.monotonic()
        client.start()
        while (said := server.get("/ready")).status == 200:
            assert not answers, "computed before /ready said that it takes long"
            time.sleep(0.02)
        assert time.monotonic() - start >= 0.2
        assert said.status == 503
        assert said.json["error"].startswith("a batch has been computed for more than 0.2 s (--unready-after)")
        assert server.get("/health").status == 200
        assert server.post("/v1/emotions", {"texts": ["thank you"]}).status == 200  # by the other core, or afterwards
        client.join()
        assert answers == [200]
        assert server.get("/ready").status == 200
