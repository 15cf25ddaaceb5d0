"""The hub's metadata of cards: read back by the hub's own library."""

from __future__ import annotations

import json
from typing import cast

import pytest
from huggingface_hub import ModelCard, ModelCardData

from goemotions.catalog import find_model
from goemotions.evaluation.model_card import card


@pytest.mark.parametrize("name", ["compact", "multilingual"])
def test_the_model_index_has_the_models_own_figures(name: str) -> None:
    config = json.loads((find_model(name) / "config.json").read_text(encoding="utf-8"))
    read = cast(ModelCardData, ModelCard(card(config)).data)
    assert read.model_name == name
    assert "goemotions" in (read.tags or [])
    found = {result.metric_name: result.metric_value for result in read.eval_results or []}
    test = config["metrics"]["test"]
    assert found == {
        "macro F1": round(test["macro_f1"]["value"], 4),
        "micro F1": round(test["micro_f1"]["value"], 4),
    }
    assert {result.dataset_type for result in read.eval_results or []} == {"google-research-datasets/go_emotions"}


def test_a_model_of_another_corpus_claims_neither_goemotions_nor_a_licence() -> None:
    config = {
        "model_name": "mine: [a, b]",  # is no YAML of its own
        "num_labels": 2,
        "emotion_labels": ["a", "b"],
        "thresholds": {"a": 0.5, "b": 0.5},
        "trained_on": {"dataset": "moods", "rows": 3, "splits": {}, "languages": ["it"]},
        "about": {"summary": "A model.", "language": ["it"]},
    }
    text = card(config)
    read = cast(ModelCardData, ModelCard(text).data)
    assert (read.language, read.license, read.datasets) == ("it", None, None)
    assert read.tags == ["emotion", "multi-label"]
    assert not read.eval_results
    assert "Data: moods, 3 texts." in text
