"""The bundled model is what its config says: golden probabilities always, figures where the official data is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from conftest import CARD_TEXTS

from goemotions import LABELS, EmotionClassifier
from goemotions.data.corpus import Split, seen_in
from goemotions.evaluation.metrics import evaluate
from goemotions.evaluation.model_card import compact_card
from goemotions.training.compact import FEW_POSITIVES

GOLDEN_SHA256 = "3ba356c6fee1b5a4ed264a4bd2d7bb282da255f597e79768baf356fd2b968417"
GOLDEN_STRONGEST = [0.8464, 0.7583, 0.9384]


def test_figures_on_the_official_test_split(classifier: EmotionClassifier, official: Callable[[str], Split]) -> None:
    test = official("test")
    probabilities = classifier.score(test.texts).probabilities
    cuts = list(classifier.thresholds.values())
    result = evaluate(probabilities, test.targets, cuts, LABELS)
    assert result.macro_f1.value >= 0.52
    assert result.micro_f1.value >= 0.585
    fresh = ~seen_in(test, official("train"))
    unseen = evaluate(probabilities[fresh], test.targets[fresh], cuts, LABELS)
    assert unseen.macro_f1.value >= 0.52
    stored = classifier.config.raw["metrics"]
    for got, name in ((result, "test"), (unseen, "test_without_train_duplicates")):
        assert got.macro_f1.value == pytest.approx(stored[name]["macro_f1"]["value"], abs=2e-3)
        assert got.micro_f1.value == pytest.approx(stored[name]["micro_f1"]["value"], abs=2e-3)


def test_trained_on_the_official_files(classifier: EmotionClassifier, official: Callable[[str], Split]) -> None:
    assert classifier.config.raw["trained_on"]["splits"] == {
        name: official(name).sha256 for name in ("train", "dev", "test")
    }


def test_the_card_is_made_from_the_config(classifier: EmotionClassifier) -> None:
    card = (classifier.directory / "README.md").read_text(encoding="utf-8")
    assert card == compact_card(dict(classifier.config.raw), FEW_POSITIVES)
    assert "judge people" in card


def test_golden_probabilities(classifier: EmotionClassifier) -> None:
    """A change here changes every user's results: it needs a new model and a line in the changelog."""
    graph = (classifier.directory / "model.onnx").read_bytes()
    assert hashlib.sha256(graph).hexdigest() == GOLDEN_SHA256
    strongest = classifier.predict_proba(CARD_TEXTS).max(axis=1)
    assert strongest == pytest.approx(np.array(GOLDEN_STRONGEST), abs=5e-3)
