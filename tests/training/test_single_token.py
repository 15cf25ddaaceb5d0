"""The trainable decoder against autograd through transformers + peft, on tiny models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from published_route import HIDDEN, LABELS, SEVEN, load_base, plain, save_base, save_quantised
from torch import Tensor

from goemotions.decoder.config import LIVE, path_of
from goemotions.decoder.layer import StoredLayer
from goemotions.decoder.plan import Plan, Residency
from goemotions.decoder.tensors import open_source
from goemotions.training.losses import make_loss
from goemotions.training.single_token import EmbeddingLlmNet, LoraDecoder

pytestmark = pytest.mark.usefixtures("one_thread")
RANK, SCALE, EMBED, ROWS = 4, 2.0, 24, 32
FLOAT32 = Plan(torch.device("cpu"), torch.float32, Residency.DENSE, 0, 1024, 65536, "")
STORED = dataclasses.replace(FLOAT32, residency=Residency.STORED)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    mistral = save_base(folder / "mistral", "mistral")
    return {
        "mistral": mistral,
        "nf4": save_quantised(folder / "nf4", mistral),
        "llama-biased": save_base(folder / "biased", "llama-biased"),
    }


def our_net(base: Path, plan: Plan = FLOAT32) -> EmbeddingLlmNet:
    """With nothing at zero, and a dropout of none."""
    torch.manual_seed(7)
    decoder = LoraDecoder(open_source(base), plan, quantise=False, rank=RANK, scale=SCALE)
    net = EmbeddingLlmNet(decoder, EMBED, LABELS, dropout=0.0, input_scale=3.0)
    with torch.no_grad():
        for name, parameter in decoder.named_parameters():
            if name.endswith(".b"):
                parameter.copy_(0.1 * torch.randn_like(parameter))
    return net


def batch() -> tuple[Tensor, Tensor]:
    torch.manual_seed(8)
    return torch.randn(ROWS, EMBED), (torch.rand(ROWS, LABELS) < 0.2).float()


def gradients_by_the_route(base: Path, net: EmbeddingLlmNet) -> dict[str, Tensor]:
    """Of the same loss, by transformers + peft, under our parameters' names."""
    peft = get_peft_model(load_base(base), LoraConfig(r=RANK, lora_alpha=int(SCALE * RANK), target_modules=SEVEN))
    plain(peft)  # 4-bit matrices dequantised, gradients in float32
    layers: dict[tuple[int, str], Any] = {
        (number, name): peft.get_submodule(f"base_model.model.model.{path_of(number, name)}")
        for number in range(net.decoder.config.num_layers)
        for name in SEVEN
    }
    for (number, name), low in net.decoder.adapter():
        layers[number, name].lora_A["default"].weight.data = low.a.detach().clone()
        layers[number, name].lora_B["default"].weight.data = low.b.detach().clone()
    projection, classifier = net.head.projection, net.head.classifier
    x, y = batch()
    mask = torch.ones(len(x), 1, dtype=torch.long)
    inner: Any = peft.get_base_model().model
    states = inner(inputs_embeds=projection(x)[:, None], attention_mask=mask, use_cache=False).last_hidden_state[:, 0]
    make_loss("focal-card", [1] * LABELS)(classifier(states), y).backward()
    dead = [
        layers[number, name].lora_B["default"].weight.grad for number, name in layers if name in ("q_proj", "k_proj")
    ]
    assert all(gradient is None or gradient.abs().max() < 1e-8 for gradient in dead), [g.abs().max() for g in dead]
    found = {f"projection.{name}": gradient_of(p).clone() for name, p in projection.named_parameters()}
    found |= {f"classifier.{name}": gradient_of(p).clone() for name, p in classifier.named_parameters()}
    for (number, name), module in layers.items():
        if name in LIVE:
            found[f"decoder.low_ranks.{name}.a[{number}]"] = module.lora_A["default"].weight.grad
            found[f"decoder.low_ranks.{name}.b[{number}]"] = module.lora_B["default"].weight.grad
    net.zero_grad()
    return found


def gradient_of(parameter: Tensor) -> Tensor:
    """Return the gradient of what must have one."""
    assert parameter.grad is not None
    return parameter.grad


def our_gradients(net: EmbeddingLlmNet) -> dict[str, Tensor]:
    x, y = batch()
    make_loss("focal-card", [1] * LABELS)(net(x), y).backward()
    found = {name: gradient_of(parameter) for name, parameter in net.named_parameters() if "low_ranks" not in name}
    for name, parameter in net.decoder.named_parameters():
        found |= {f"decoder.{name}[{number}]": gradient for number, gradient in enumerate(gradient_of(parameter))}
    return found


def worst(got: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> float:
    """The largest relative error of a tensor."""
    assert set(got) == set(expected)
    assert all(gradient.any() for gradient in expected.values())
    return max(float((got[name] - expected[name]).norm() / expected[name].norm()) for name in expected)


@pytest.mark.parametrize("plan", [FLOAT32, STORED], ids=["dense", "stored"])
@pytest.mark.parametrize("kind", ["mistral", "nf4", "llama-biased"])
def test_gradients_are_autograds_through_the_published_route(bases: dict[str, Path], kind: str, plan: Plan) -> None:
    net = our_net(bases[kind], plan)
    expected = gradients_by_the_route(bases[kind], net)
    assert len(expected) == 6 + 2 * len(LIVE) * 3
    assert worst(our_gradients(net), expected) <= 1e-4


def test_weights_are_made_once_a_layer_and_direction(bases: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    weights = StoredLayer.weights

    def counted(self: StoredLayer, *arguments: object) -> dict[str, Tensor]:
        made.append(1)
        return weights(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(StoredLayer, "weights", counted)
    stored = our_net(bases["nf4"], STORED)
    our_gradients(stored)
    assert len(made) == 2 * 3
    dense = our_net(bases["nf4"], FLOAT32)
    assert len(made) == 9
    for _ in range(2):
        our_gradients(dense)
    assert len(made) == 9


@pytest.mark.parametrize("plan", [FLOAT32, STORED], ids=["dense", "stored"])
def test_it_can_be_trained_after_an_evaluation(bases: dict[str, Path], plan: Plan) -> None:
    """As a run is that goes on from a state written at the last step of an epoch."""
    net, other = our_net(bases["nf4"], plan), our_net(bases["nf4"], plan)
    with torch.inference_mode():
        net(batch()[0])
    assert worst(our_gradients(net), our_gradients(other)) == 0


def test_bfloat16_stays_near_float32(bases: dict[str, Path]) -> None:
    exact = our_gradients(our_net(bases["nf4"]))
    rounded = our_gradients(our_net(bases["nf4"], dataclasses.replace(STORED, dtype=torch.bfloat16)))
    assert worst(rounded, exact) < 0.1


def test_only_adapter_and_head_are_trained_and_stored(bases: dict[str, Path]) -> None:
    net = our_net(bases["mistral"])
    lora = sum(p.numel() for p in net.decoder.parameters())
    assert lora == 3 * sum(RANK * sum(net.decoder.config.shape(name)) for name in LIVE)
    inner = HIDDEN // 2
    head = EMBED * inner + inner + inner * HIDDEN + HIDDEN + HIDDEN * LABELS + LABELS
    assert sum(value.numel() for value in net.state_dict().values()) == lora + head
