"""A model that gives NaN for some texts: those requests fail, and nobody else's."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from running import Server, serving

from goemotions.catalog import find_model

WORD = "zebra"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model gives NaN for texts with :data:`WORD`."""
    model = shutil.copytree(find_model(None), tmp_path_factory.mktemp("nan") / "model")
    vocabulary = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    divide_by_zero(model / "model.onnx", vocabulary[WORD])
    with serving(model) as running:
        yield running


def divide_by_zero(path: Path, token: int) -> None:
    """Multiply a graph's logits by ``x / x``, where x is 0 for texts with a token, and 1 for others."""
    model = onnx.load(path)
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["before" if name == "logits" else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.array(token, np.int32), "bad_token"))
    graph.initializer.append(numpy_helper.from_array(np.array([1], np.int64), "axes"))
    graph.node.extend(
        [
            helper.make_node("Equal", ["input_ids", "bad_token"], ["is_bad"]),
            helper.make_node("Not", ["is_bad"], ["is_good"]),
            helper.make_node("Cast", ["is_good"], ["good"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMin", ["good", "axes"], ["x"], keepdims=1),
            helper.make_node("Div", ["x", "x"], ["one_or_nan"]),
            helper.make_node("Mul", ["before", "one_or_nan"], ["logits"]),
        ]
    )
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
