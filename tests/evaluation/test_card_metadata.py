"""The hub's metadata of cards: read back by the hub's own library."""

from __future__ import annotations

import json
from typing import cast

import pytest
from conftest import USE_HEAD
from huggingface_hub import ModelCard, ModelCardData

from goemotions.catalog import find_model
from goemotions.evaluation.card_facts import card_facts
from goemotions.evaluation.head_card import head_about
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


@pytest.mark.parametrize(("encoder", "languages"), [("compact", ["en"]), ("use-v4", ["en"]), ("mine", [])])
def test_the_card_of_a_head_has_the_facts_of_its_own_encoder(encoder: str, languages: list[str]) -> None:
    """Fault 3: the card of any head spoke of USE multilingual and of 16 languages."""
    config = json.loads((USE_HEAD / "config.json").read_text(encoding="utf-8"))
    config["encoder"] = {"id": encoder, "fingerprint": "0" * 64}
    config["trained_on"] = {"dataset": "moods", "rows": 3, "splits": {}}
    about = head_about(card_facts(config), 1000)
    assert about.language == languages
    said = str(about)
    assert encoder in said
    assert "ultilingual" not in said.replace(USE_HEAD.name, "")


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
