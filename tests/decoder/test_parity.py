"""The decoder gives the numbers of transformers + peft + bitsandbytes, on tiny random models of every kind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from published_route import (
    LAYERS,
    embeddings,
    load_base,
    plain,
    probabilities,
    random_adapter,
    random_head,
    save_base,
    save_quantised,
)
from safetensors.torch import load_file, save_file

from goemotions.decoder.lora import read_adapter
from goemotions.decoder.model import SingleTokenDecoder
from goemotions.decoder.tensors import open_source

pytestmark = pytest.mark.usefixtures("one_thread")
FLOAT32, NATIVE = 1e-5, 0.02
KINDS = ("mistral3", "mistral", "llama", "llama-biased", "qwen2", "qwen3")
Bases = Callable[[str], Path]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """Tiny checkpoints by kind, made when first asked for: "mistral", "mistral-nf4", "mistral3-mixed", …"""
    folder = tmp_path_factory.mktemp("bases")

    @cache
    def make(name: str) -> Path:
        kind, _, form = name.rpartition("-") if name.endswith(("-nf4", "-mixed", "-sharded")) else (name, "", "")
        if form == "nf4":
            return save_quantised(folder / name, make(kind))
        if form == "mixed":
            prefix = "model.language_model.layers" if kind == "mistral3" else "model.layers"
            left = [f"{prefix}.0.mlp", f"{prefix}.1.self_attn.o_proj", f"{prefix}.2.mlp.down_proj"]
            return save_quantised(folder / name, make(kind), sixteen_bit=left, max_shard_size="40KB")
        if form == "sharded":
            return save_base(folder / name, kind, max_shard_size="40KB")
        return save_base(folder / name, kind)

    return make


def ours(base: Path, adapter: Path, embeds: torch.Tensor, precision: str, scale: float, rows: int = 64) -> torch.Tensor:
    source = open_source(base)
    decoder = SingleTokenDecoder(source, read_adapter(adapter, source.config), device="cpu", precision=precision)
    head = random_head(scale=scale)
    states = torch.split(head.projection(embeds), rows)
    return torch.sigmoid(head.classifier(torch.cat([decoder(part) for part in states])))


def compare_float32(base: Path, adapter: Path) -> None:
    model = PeftModel.from_pretrained(load_base(base), adapter).eval()
    plain(model)
    expected = probabilities(model, random_head(), embeddings())
    got = ours(base, adapter, embeddings(), "float32", 3)
    assert expected.std(dim=0).mean() > 0.1  # the texts differ, so agreement says something
    assert (got - expected).abs().max() <= FLOAT32


def compare_native(base: Path, adapter: Path) -> None:
    """Against bfloat16 modules and ``Linear4bit``, whose packed CPU kernel computes in bfloat16."""
    expected = probabilities(
        PeftModel.from_pretrained(load_base(base), adapter).eval(), random_head(scale=1), embeddings()
    )
    threshold = 0.5
    for rows in (64, 1):
        got = ours(base, adapter, embeddings(), "bfloat16", 1, rows)
        assert (got - expected).abs().max() <= NATIVE
        sure = (expected - threshold).abs() > NATIVE
        assert ((got >= threshold) == (expected >= threshold))[sure].all()


@pytest.mark.parametrize("form", ["", "-nf4", "-mixed"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_base(bases: Bases, tmp_path: Path, kind: str, form: str) -> None:
    base = bases(kind + form)
    adapter = random_adapter(load_base(base), tmp_path)
    compare_float32(base, adapter)
    compare_native(base, adapter)


@pytest.mark.parametrize(("rank", "rslora"), [(8, False), (64, False), (16, True)])
def test_ranks(bases: Bases, tmp_path: Path, rank: int, rslora: bool) -> None:
    base = bases("mistral3")
    adapter = random_adapter(load_base(base), tmp_path, rank=rank, rslora=rslora)
    compare_float32(base, adapter)


def test_sharded(bases: Bases, tmp_path: Path) -> None:
    base = bases("mistral-sharded")
    assert len(list(base.glob("*.safetensors"))) > 3
    compare_float32(base, random_adapter(load_base(base), tmp_path))


@pytest.mark.parametrize(
    ("adapter_prefix", "base_prefix"),
    [
        # As transformers up to 4.51 and from 4.52 on name them, and PEFT with and without its own prefix.
        ("base_model.model.language_model.model.", "language_model.model."),
        ("base_model.model.model.language_model.", "model.language_model."),
        ("language_model.model.", "model.language_model."),
        ("base_model.model.model.language_model.model.", "language_model.model."),
    ],
)
def test_key_prefixes(bases: Bases, tmp_path: Path, adapter_prefix: str, base_prefix: str) -> None:
    base, adapter = bases("mistral3-nf4"), random_adapter(load_base(bases("mistral3-nf4")), tmp_path / "adapter")
    expected = ours(base, adapter, embeddings(), "float32", 3)
    renamed = shutil.copytree(base, tmp_path / "base")
    rename(renamed / "model.safetensors", base_prefix)
    rename(adapter / "adapter_model.safetensors", adapter_prefix)
    assert torch.equal(ours(renamed, adapter, embeddings(), "float32", 3), expected)


def rename(path: Path, prefix: str) -> None:
    """Give the decoder's keys another prefix."""
    tensors = load_file(path)
    for key in [
        key for key in tensors if "vision" not in key and ("layers." in key or key.endswith("model.norm.weight"))
    ]:
        start = key.find("layers.") if "layers." in key else key.rfind("norm.weight")
        tensors[prefix + key[start:]] = tensors.pop(key)
    save_file(tensors, path, metadata={"format": "pt"})


def test_quantised_on_loading(bases: Bases, tmp_path: Path) -> None:
    """A 16-bit base turned into NF4 as the published route turns it."""
    base = bases("mistral")
    adapter = random_adapter(load_base(base), tmp_path)
    model = PeftModel.from_pretrained(load_base(base, four_bit=True), adapter).eval()
    plain(model)
    source, head = open_source(base), random_head()
    decoder = SingleTokenDecoder(source, read_adapter(adapter, source.config), precision="float32", quantise=True)
    got = torch.sigmoid(head.classifier(decoder(head.projection(embeddings()))))
    assert (got - probabilities(model, head, embeddings())).abs().max() <= FLOAT32


def test_without_an_adapter(bases: Bases) -> None:
    base, head = bases("llama"), random_head()
    model = load_base(base, dtype=torch.float32)
    got = torch.sigmoid(head.classifier(SingleTokenDecoder(open_source(base))(head.projection(embeddings()))))
    assert (got - probabilities(model, head, embeddings())).abs().max() <= FLOAT32


def test_rows_do_not_depend_on_their_neighbours(bases: Bases) -> None:
    head, states = random_head(), random_head().projection(embeddings())
    for precision, most in (("float32", 1e-5), ("bfloat16", 0.02)):
        decoder = SingleTokenDecoder(open_source(bases("mistral-nf4")), precision=precision)
        together = torch.sigmoid(head.classifier(decoder(states)))
        alone = torch.sigmoid(head.classifier(torch.cat([decoder(row) for row in states.split(1)])))
        assert (together - alone).abs().max() <= most


def test_layers_are_as_many_as_the_config_says(bases: Bases) -> None:
    assert open_source(bases("mistral3")).config.num_layers == LAYERS
    raw = json.loads((bases("mistral3") / "config.json").read_text())
    assert (
        raw["text_config"]["head_dim"] * raw["text_config"]["num_attention_heads"] != raw["text_config"]["hidden_size"]
    )
