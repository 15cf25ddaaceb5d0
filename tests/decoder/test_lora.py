"""Adapters: every language tensor finds its place, or an error counts and names what did not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from published_route import load_base, random_adapter, save_base, tiny_config
from safetensors.torch import load_file, save_file

from goemotions.decoder.config import from_transformers
from goemotions.decoder.lora import read_adapter
from goemotions.errors import ModelError

UP = "base_model.model.model.language_model.layers.1.mlp.up_proj.lora_A.weight"
Q = "base_model.model.model.language_model.layers.2.self_attn.q_proj.lora_B.weight"
BASE = from_transformers(tiny_config("mistral3").to_dict())


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    base = save_base(tmp_path / "base", "mistral3")
    return random_adapter(load_base(base), tmp_path / "adapter")


def edit(adapter: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


def configure(adapter: Path, **keys: Any) -> None:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def test_all_tensors_are_counted(adapter: Path) -> None:
    read = read_adapter(adapter, BASE)
    assert sorted({matrix for _, matrix in read.weights}) == ["down_proj", "gate_proj", "o_proj", "up_proj", "v_proj"]
    assert len(read.weights) == 5 * BASE.num_layers
    tensors = load_file(adapter / "adapter_model.safetensors")
    assert read.elements["language"] + read.elements["vision"] == sum(tensor.numel() for tensor in tensors.values())
    assert read.config.scale == 2


def test_rank_stabilised_scale(adapter: Path) -> None:
    configure(adapter, use_rslora=True)
    assert read_adapter(adapter, BASE).config.scale == 32 / 4


@pytest.mark.parametrize("key", [UP, Q])
def test_a_tensor_removed(adapter: Path, key: str) -> None:
    edit(adapter, lambda tensors: tensors.pop(key))
    with pytest.raises(
        ModelError, match=r"of 41 language LoRA tensors 41 fit the base, which takes 42; 1 missing: layers\."
    ):
        read_adapter(adapter, BASE)


def test_a_tensor_renamed(adapter: Path) -> None:
    edit(adapter, lambda tensors: tensors.update({UP.replace("up_proj", "upp_proj"): tensors.pop(UP)}))
    message = r"42 language LoRA tensors 41 fit.*1 missing: layers\.1\.mlp\.up_proj\.lora_A; 1 not known: .*upp_proj"
    with pytest.raises(ModelError, match=message):
        read_adapter(adapter, BASE)


@pytest.mark.parametrize(
    "name", ["layers.3.mlp.up_proj.lora_A.weight", "lm_head.lora_A.weight", "layers.0.mlp.up_proj.x"]
)
def test_a_tensor_added(adapter: Path, name: str) -> None:
    edit(adapter, lambda tensors: tensors.update({f"base_model.model.model.{name}": torch.zeros(16, 64)}))
    with pytest.raises(ModelError, match=rf"43 language LoRA tensors 42 fit.*0 missing; 1 not known: .*{name}"):
        read_adapter(adapter, BASE)


def test_two_tensors_for_one_place(adapter: Path) -> None:
    edit(adapter, lambda tensors: tensors.update({UP.replace("language_model.", ""): tensors[UP].clone()}))
    with pytest.raises(ModelError, match="1 not known"):
        read_adapter(adapter, BASE)


def test_a_matrix_missing_in_all_layers(adapter: Path) -> None:
    edit(adapter, lambda tensors: [tensors.pop(key) for key in list(tensors) if "language" in key and "up_proj" in key])
    with pytest.raises(ModelError, match="6 missing"):
        read_adapter(adapter, BASE)


def test_no_language_tensors(adapter: Path) -> None:
    edit(adapter, lambda tensors: [tensors.pop(key) for key in list(tensors) if "language" in key])
    with pytest.raises(ModelError, match="of 0 language LoRA tensors 0 fit"):
        read_adapter(adapter, BASE)


def test_values_that_are_not_finite(adapter: Path) -> None:
    edit(adapter, lambda tensors: tensors[UP].fill_(float("nan")))
    with pytest.raises(ModelError, match=r"up_proj\.lora_A\.weight holds NaN"):
        read_adapter(adapter, BASE)


def test_another_rank_than_the_config_says(adapter: Path) -> None:
    configure(adapter, r=8)
    with pytest.raises(ModelError, match=r"has the shape \[.*16.*\], expected \[.*8.*\] for rank 8"):
        read_adapter(adapter, BASE)


def test_an_adapter_of_another_base(adapter: Path) -> None:
    more_layers = from_transformers(
        tiny_config("mistral3").to_dict() | {"text_config": {**TEXT, "num_hidden_layers": 4}}
    )
    with pytest.raises(ModelError, match=r"42 fit the base, which takes 56; 14 missing.*trained on"):
        read_adapter(adapter, more_layers)
    wider = from_transformers(tiny_config("mistral3").to_dict() | {"text_config": {**TEXT, "hidden_size": 96}})
    with pytest.raises(ModelError, match="has the shape"):
        read_adapter(adapter, wider)


TEXT = tiny_config("mistral3").to_dict()["text_config"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"use_dora": True}, "only plain LoRA is read, not LORA, use_dora=True"),
        ({"peft_type": "IA3"}, "only plain LoRA is read, not IA3"),
        ({"bias": "all"}, "bias='all'"),
        ({"rank_pattern": {"up_proj": 4}}, "rank_pattern"),
        ({"r": 0}, "r must be a whole number"),
        ({"lora_alpha": None}, "lora_alpha must be a number"),
    ],
)
def test_settings_that_are_not_supported(adapter: Path, keys: dict[str, Any], message: str) -> None:
    configure(adapter, **keys)
    with pytest.raises(ModelError, match=message):
        read_adapter(adapter, BASE)


def test_damaged_files(adapter: Path) -> None:
    path = adapter / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="cut off or damaged"):
        read_adapter(adapter, BASE)
    (adapter / "adapter_config.json").write_text("{")
    with pytest.raises(ModelError, match=r"adapter_config\.json is not valid JSON"):
        read_adapter(adapter, BASE)
    (adapter / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="it lacks the key 'r'"):
        read_adapter(adapter, BASE)
