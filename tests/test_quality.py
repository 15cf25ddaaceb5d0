"""The bundled model is what its config says: golden probabilities always, figures where the official data is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from conftest import CARD_TEXTS

from goemotions import LABELS, EmotionClassifier
from goemotions.data.corpus import Split, seen_in
from goemotions.evaluation.datasets import LabelledTexts
from goemotions.evaluation.evaluate import evaluate
from goemotions.evaluation.model_card import card, stored_metrics

GOLDEN_SHA256 = "0ddb62852f29d57a207af5dd51ab737b432f6b6ed3547d5db0abd0c8a93bc09d"
GOLDEN_STRONGEST = [0.6765, 0.5598, 0.7516]


def test_figures_on_the_official_test_split(classifier: EmotionClassifier, official: Callable[[str], Split]) -> None:
    test = official("test")
    data = LabelledTexts("test.tsv", test.texts, LABELS, test.targets, test.ids, test.sha256)
    report = evaluate(classifier, data, resamples=200)
    assert report["seen"]["rows"] == seen_in(test, official("train")).sum()
    measured, stored = stored_metrics(report), classifier.config.raw["metrics"]
    for name in ("test", "test_without_train_duplicates"):
        for figure, least in (("macro_f1", 0.52), ("micro_f1", 0.585)):
            value = measured[name][figure]["value"]
            assert value >= least
            assert value == pytest.approx(stored[name][figure]["value"], abs=2e-3)
    assert set(report["unreliable"]) == set(classifier.unreliable_labels)


def test_trained_on_the_official_files(classifier: EmotionClassifier, official: Callable[[str], Split]) -> None:
    assert classifier.config.raw["trained_on"]["splits"] == {
        name: official(name).sha256 for name in ("train", "dev", "test")
    }


def test_the_card_is_made_from_the_config(classifier: EmotionClassifier) -> None:
    text = (classifier.directory / "README.md").read_text(encoding="utf-8")
    assert text == card(classifier.config.raw)
    assert "judge people" in text
    assert "A high or low F1 of grief, with 6 positives, is mostly chance." in text


def test_golden_probabilities(classifier: EmotionClassifier) -> None:
    """A change here changes every user's results: it needs a new model and a line in the changelog."""
    graph = (classifier.directory / "model.onnx").read_bytes()
    assert hashlib.sha256(graph).hexdigest() == GOLDEN_SHA256
    strongest = classifier.predict_proba(CARD_TEXTS).max(axis=1)
    assert strongest == pytest.approx(np.array(GOLDEN_STRONGEST), abs=5e-3)
