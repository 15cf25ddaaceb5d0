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
from goemotions.evaluation.model_card import card
from goemotions.evaluation.model_metrics import F1, ModelMetrics, metrics_of, read_metrics

GOLDEN_SHA256 = "a43e5d5f229aac58e0dcfd5706e7fbbbf2a9d26517d1218213f31f961130ccfd"
GOLDEN_STRONGEST = [0.6131, 0.7979, 0.7991]


def test_figures_on_the_official_test_split(classifier: EmotionClassifier, official: Callable[[str], Split]) -> None:
    test = official("test")
    data = LabelledTexts("test.tsv", test.texts, LABELS, test.targets, test.ids, test.sha256)
    report = evaluate(classifier, data, resamples=200)
    assert report.seen.rows == seen_in(test, official("train")).sum()
    for measured, stored in zip(f1_of(metrics_of(report)), f1_of(read_metrics(classifier.config.raw)), strict=True):
        assert measured.macro_f1.value is not None
        assert measured.macro_f1.value >= 0.52
        assert measured.macro_f1.value == pytest.approx(stored.macro_f1.value, abs=2e-3)
        assert measured.micro_f1.value is not None
        assert measured.micro_f1.value >= 0.585
        assert measured.micro_f1.value == pytest.approx(stored.micro_f1.value, abs=2e-3)
    assert set(report.unreliable) == set(classifier.unreliable_labels)


def f1_of(metrics: ModelMetrics | None) -> tuple[F1, F1]:
    """Return macro and micro F1, also without the texts that stand in train."""
    assert metrics is not None
    assert metrics.test_without_train_duplicates is not None
    test = metrics.test
    return F1(macro_f1=test.macro_f1, micro_f1=test.micro_f1), metrics.test_without_train_duplicates


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
