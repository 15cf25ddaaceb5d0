"""The way of cards, on a pretended one: everything it needs is moved there, and the results are those of the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pretend_card import CARD, OnCard, pretend_card
from published_route import embeddings, load_base, random_adapter, random_head, save_base, save_quantised

from goemotions.decoder.lora import read_adapter
from goemotions.decoder.model import SingleTokenDecoder
from goemotions.decoder.plan import Plan, Residency
from goemotions.decoder.tensors import open_source

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=["mistral", "llama-biased", "nf4"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("model")
    base = save_base(folder / "base", "mistral" if request.param == "nf4" else request.param)
    if request.param == "nf4":
        base = save_quantised(folder / "quantised", base)
    return base, random_adapter(load_base(base), folder / "adapter")


def probabilities(model: tuple[Path, Path], device: torch.device, residency: Residency, fused: int) -> torch.Tensor:
    source, head = open_source(model[0]), random_head(scale=1)
    plan = Plan(device, torch.bfloat16, residency, fused, 7, 64, "")
    decoder = SingleTokenDecoder(source, read_adapter(model[1], source.config), plan=plan)
    head.projection.to(device), head.classifier.to(device)
    with torch.inference_mode():
        for _ in range(2):  # the second call is through 4-bit kernels, where there are any
            logits = head.classifier(decoder(head.projection(embeddings(20).to(device))))
    return torch.sigmoid(logits)


@pytest.mark.parametrize("fused", [0, 64])
@pytest.mark.parametrize("residency", Residency)
def test_probabilities(
    model: tuple[Path, Path], residency: Residency, fused: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = probabilities(model, torch.device("cpu"), residency, 0)
    with pretend_card(1e9, monkeypatch):
        got = probabilities(model, CARD, residency, fused)
        assert isinstance(got, OnCard)
        got = got.cpu()
    assert (got - expected).abs().max() <= 0.01
