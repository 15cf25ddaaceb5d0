"""Simulated quantisation against its definition, and against what onnxruntime computes from the written graph."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from goemotions.training.onnx_graph import GraphBuilder, linear, quantise, quantise_rows
from goemotions.training.quantisation import (
    ActivationQuantiser,
    QuantEmbedding,
    QuantLinear,
    best_range,
    calibrate,
)


def quantised_layer(seed: int = 0) -> tuple[QuantLinear, torch.Tensor]:
    torch.manual_seed(seed)
    layer = QuantLinear(nn.Linear(32, 16), ActivationQuantiser())
    x = torch.randn(64, 32) * 2 + 0.5
    with calibrate(layer):
        layer(x)
    return layer, x


def test_nothing_changes_before_calibration() -> None:
    plain = nn.Linear(8, 4)
    layer = QuantLinear(plain, ActivationQuantiser())
    x = torch.randn(5, 8)
    assert torch.equal(layer(x), plain(x))


def test_forward_is_integers_times_scales() -> None:
    layer, x = quantised_layer()
    scale, zero = layer.quantiser.scale.item(), layer.quantiser.zero_point.item()
    codes = np.clip(np.rint(x.double().numpy() / scale) + zero, 0, 255) - zero
    weight, weight_scale = quantise_rows(layer.weight.detach().numpy(), 64)
    expected = (codes @ weight.T.astype(float)) * scale * weight_scale + layer.bias.detach().numpy()
    assert layer(x).detach().numpy() == pytest.approx(expected, abs=1e-4)
    assert np.abs(weight).max() == 64


def test_the_written_graph_computes_the_same() -> None:
    layer, x = quantised_layer()
    graph = GraphBuilder()
    graph.nodes.append(helper.make_node("Identity", [linear(graph, quantise(graph, "x", layer), layer)], ["y"]))
    proto = helper.make_graph(
        graph.nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 16])],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(proto, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": x.numpy()})[0] == pytest.approx(layer(x).detach().numpy(), abs=1e-4)


def test_gradients_pass_straight_through() -> None:
    layer, x = quantised_layer()
    inside = x.clamp(-1, 1).requires_grad_()
    layer(inside).sum().backward()
    assert inside.grad is not None
    weight, scale = quantise_rows(layer.weight.detach().numpy(), 64)
    assert inside.grad[0].numpy() == pytest.approx((weight * scale[:, None]).sum(0), abs=1e-4)
    assert layer.weight.grad is not None
    assert layer.weight.grad.abs().sum() > 0


def test_an_outlier_does_not_set_the_range() -> None:
    torch.manual_seed(0)
    values = torch.cat([torch.randn(200_000), torch.tensor([9.0])])

    def error(low: float, high: float) -> float:
        quantiser = ActivationQuantiser()
        quantiser.set_range(low, high)
        return float((quantiser(values) - values).square().mean())

    low, high = best_range(values)
    assert high < 7
    assert error(low, high) < 0.9 * error(float(values.min()), float(values.max()))
    assert best_range(torch.rand(1000))[0] == 0.0


def test_embedding_rows_are_8_bit() -> None:
    table = QuantEmbedding(nn.Embedding(10, 16))
    codes, scale = quantise_rows(table.weight.detach().numpy(), 127)
    got = table(torch.arange(10)).detach().numpy()
    assert got == pytest.approx(codes * scale[:, None], abs=1e-6)
