"""Sizes from configurations of every kind, and the published parameter counts."""

from __future__ import annotations

from typing import Any

import pytest
from published_route import tiny_config

from goemotions.decoder.config import from_transformers
from goemotions.decoder.parameters import trainable_parameters
from goemotions.errors import ModelError

# The config.json of Mistral-Small-3.1-24B-Instruct-2503, but for what no computation here uses.
MISTRAL_SMALL: dict[str, Any] = {
    "model_type": "mistral3",
    "text_config": {
        "model_type": "mistral",
        "head_dim": 128,
        "hidden_act": "silu",
        "hidden_size": 5120,
        "intermediate_size": 32768,
        "num_attention_heads": 32,
        "num_hidden_layers": 40,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-05,
        "vocab_size": 131072,
    },
    "vision_config": {
        "model_type": "pixtral",
        "head_dim": 64,
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_attention_heads": 16,
        "num_hidden_layers": 24,
    },
}


def test_the_published_parameter_counts() -> None:
    count = trainable_parameters(MISTRAL_SMALL, rank=16, embed_dim=512, num_labels=28)
    assert (count.language, count.vision, count.head) == (92_405_760, 9_043_968, 14_568_988)
    assert count.total == 116_018_716
    assert count.live == 97_144_348


def test_the_published_base() -> None:
    config = from_transformers(MISTRAL_SMALL)
    assert config.shape("o_proj") == (5120, 4096)
    assert config.shape("v_proj") == (1024, 5120)
    assert round(config.live_weights / 1e9, 2) == 21.18


@pytest.mark.parametrize("kind", ["mistral3", "mistral", "llama", "qwen2", "qwen3"])
def test_configurations_of_transformers(kind: str) -> None:
    config = from_transformers(tiny_config(kind).to_dict())
    assert (config.hidden_size, config.num_heads, config.num_kv_heads) == (64, 4, 2)
    assert config.head_dim == (16 if kind == "qwen2" else 32)
    assert ("v_proj" in config.biased) == (kind == "qwen2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gemma3"}, "type 'gemma3', expected one of llama, mistral"),
        ({"model_type": "mistrla"}, "did you mean 'mistral'"),
        ({"hidden_act": "gelu"}, "activation is 'gelu', this decoder computes 'silu'"),
        ({"hidden_size": None}, "hidden_size must be a whole number of at least 1, got None"),
        ({"num_hidden_layers": 0}, "num_hidden_layers must be a whole number of at least 1, got 0"),
        ({"num_key_value_heads": 3}, "4 query heads cannot share 3 key-value heads"),
    ],
)
def test_configurations_that_do_not_work(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        from_transformers(tiny_config("llama").to_dict() | change)


def test_a_missing_size_is_named() -> None:
    raw = tiny_config("llama").to_dict()
    del raw["intermediate_size"]
    with pytest.raises(ModelError, match="it lacks the key 'intermediate_size'"):
        from_transformers(raw)
