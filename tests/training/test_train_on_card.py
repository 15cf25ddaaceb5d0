"""The training of cards, on a pretended one: all it needs is moved there, and it ends as that of a CPU does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from pretend_card import CARD, OnCard, pretend_card
from published_route import EMBED, save_base, save_quantised

from goemotions import EmotionClassifier
from goemotions.cli.train import training_device
from goemotions.decoder.config import LIVE
from goemotions.decoder.plan import Plan, Residency
from goemotions.decoder.tensors import open_source
from goemotions.training.embedding_llm import train_llm
from goemotions.training.loop import Run
from goemotions.training.losses import make_loss
from goemotions.training.recipe import LlmRecipe
from goemotions.training.recipe_file import load_recipe
from goemotions.training.single_token import EmbeddingLlmNet, LoraDecoder

pytestmark = pytest.mark.usefixtures("one_thread")
LABELS = 28


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    return save_quantised(folder / "nf4", save_base(folder / "plain", "mistral"))


def gradients(base: Path, device: torch.device, residency: Residency) -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    plan = Plan(device, torch.bfloat16, residency, 0, 1024, 1024, "")
    decoder = LoraDecoder(open_source(base), plan, quantise=False, rank=4, scale=2.0)
    with torch.no_grad():
        for name in LIVE:
            decoder.pairs(name).b.normal_(0, 0.1)
    net = EmbeddingLlmNet(decoder, EMBED, LABELS, dropout=0.0, input_scale=3.0).to(device)
    x, y = torch.randn(32, EMBED), (torch.rand(32, LABELS) < 0.2).float()
    make_loss("focal-card", [1] * LABELS).to(device)(net(x.to(device)), y.to(device)).backward()
    assert all(isinstance(p.grad, OnCard) == (device == CARD) for p in net.parameters())
    return {name: p.grad.cpu() for name, p in net.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("residency", Residency)
def test_gradients(base: Path, residency: Residency, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = gradients(base, torch.device("cpu"), residency)
    with pretend_card(1e9, monkeypatch):
        got = gradients(base, CARD, residency)
    assert expected.keys() == got.keys()
    assert all((got[name] - expected[name]).norm() <= 0.02 * expected[name].norm() for name in expected)


@pytest.mark.parametrize("optimizer", ["adamw", "adamw-8bit"])
def test_a_run_stopped_and_gone_on_with(
    base: Path, tmp_path: Path, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends where a run on the CPU does, and its directory is read on the card as a user reads it."""
    data, cache = tiny.write_corpus(tmp_path / "data", rows=96), tmp_path / "cache"
    recipe = load_recipe(str(tiny.write_recipe(tmp_path / "tiny.yaml", base, optimizer=optimizer, epochs=2)))
    assert isinstance(recipe, LlmRecipe)
    train_llm(data, tmp_path / "cpu", recipe, cache, torch.device("cpu"))
    with pretend_card(1e9, monkeypatch):
        assert training_device("auto").type == "cuda"
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Run, "save_checkpoint", stop_after(Run.save_checkpoint))
            train_llm(data, tmp_path / "card", recipe, cache, CARD)
        train_llm(data, tmp_path / "card", recipe, cache, CARD)
        classifier = EmotionClassifier(tmp_path / "card", device="cuda")
        assert classifier.device == "cuda:0"
        x = np.random.default_rng(0).normal(size=(5, EMBED)).astype(np.float32)
        on_card = classifier.predict_proba_from_embeddings(x)
    for model in ("card", "cpu"):  # the same directory computed here, and that of a training here
        on_cpu = EmotionClassifier(tmp_path / model, device="cpu").predict_proba_from_embeddings(x)
        assert np.abs(on_card - on_cpu).max() <= 0.01


def stop_after(save: Callable[[Run], None]) -> Callable[[Run], None]:
    def once(run: Run) -> None:
        save(run)
        raise KeyboardInterrupt

    return once
