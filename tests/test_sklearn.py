"""goemotions as scikit-learn's estimators: in pipelines and searches, cloned, pickled, and by its own checks."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from own_rows import LABELS, own_rows, single_rows
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from goemotions import EmotionClassifier
from goemotions.sklearn import EmotionFeatures, FittedEmotions

TEXTS, ROWS = own_rows(42)
ONE_TEXTS, ONE = single_rows(30)
FLAGS = np.array([[int(label in row) for label in LABELS] for row in ROWS])

CHECKS = (
    "estimator_cloneable",
    "estimator_repr",
    "estimator_tags_renamed",
    "get_params_invariance",
    "mixin_order",
    "no_attributes_set_in_init",
    "parameters_default_constructible",
    "set_params",
    "valid_tag_types",
)
"""Those that need no rows: check_estimator itself gives numbers, and passes over estimators of texts."""


@pytest.fixture(scope="module")
def single() -> FittedEmotions:
    return FittedEmotions().fit(ONE_TEXTS, ONE)


@pytest.mark.parametrize("estimator", [EmotionFeatures(), FittedEmotions()], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("check", CHECKS)
def test_checks_of_scikit_learn(estimator: BaseEstimator, check: str) -> None:
    getattr(estimator_checks, f"check_{check}")(type(estimator).__name__, estimator)


def test_features_in_a_pipeline_and_a_search(classifier: EmotionClassifier) -> None:
    pipeline = make_pipeline(EmotionFeatures(), LogisticRegression(max_iter=1000))
    search = GridSearchCV(pipeline, {"emotionfeatures__features": ["states", "probabilities"]}, cv=2)
    search.fit(ONE_TEXTS, ONE)
    assert search.best_score_ > 0.8
    assert set(search.predict(ONE_TEXTS[:3])) <= set(LABELS)
    features = EmotionFeatures(features="probabilities").fit(ONE_TEXTS)
    assert np.array_equal(features.transform(ONE_TEXTS), classifier.predict_proba(ONE_TEXTS))
    assert list(features.get_feature_names_out()) == list(classifier.labels)
    again = pickle.loads(pickle.dumps(features))
    assert np.array_equal(again.transform(TEXTS), classifier.predict_proba(TEXTS))
    with pytest.raises(ValueError, match="features must be one of states, probabilities, got 'words'"):
        EmotionFeatures(features="words").fit(TEXTS)


def test_one_label_per_text(single: FittedEmotions, tmp_path: Path) -> None:
    assert list(single.classes_) == sorted(LABELS)
    assert single.score(ONE_TEXTS, ONE) > 0.9
    assert np.allclose(single.predict_proba(TEXTS).sum(1), 1, atol=1e-5)
    again = pickle.loads(pickle.dumps(single))
    assert np.array_equal(again.predict_proba(TEXTS), single.predict_proba(TEXTS))
    single.save(tmp_path / "model")
    found = EmotionClassifier(tmp_path / "model").predict(ONE_TEXTS)
    assert [next(iter(made)) for made in found] == list(single.predict(ONE_TEXTS))
    assert clone(single).get_params() == single.get_params()
    assert not hasattr(clone(single), "files_")


def test_any_number_of_labels() -> None:
    fitted = FittedEmotions(label_names=LABELS).fit(TEXTS, FLAGS)
    assert fitted.predict(TEXTS).shape == FLAGS.shape
    assert (fitted.predict(TEXTS) == FLAGS).mean() > 0.9
    assert not fitted.predict(["", " \n"]).any()  # as EmotionClassifier.predict
    with pytest.raises(ValueError, match="label_names has 2 names, y has 3 columns"):
        FittedEmotions(label_names=LABELS[:2]).fit(TEXTS, FLAGS)


def test_labels_may_be_numbers() -> None:
    numbers = [LABELS.index(name) * 2.0 for name in ONE]
    fitted = FittedEmotions().fit(ONE_TEXTS, numbers)
    assert fitted.predict(ONE_TEXTS[:3]).tolist() == numbers[:3]


def test_what_cannot_be_fitted() -> None:
    for texts, labels, words in (
        (TEXTS, ["a"] * 42, "one class"),
        (TEXTS[:4], ONE[:4], "n_samples=4 texts, expected at least 8"),
        (TEXTS, ONE[:5], "42 texts, but 5 rows of labels"),
        (TEXTS, np.linspace(0, 1, 42), "Unknown label type"),
    ):
        with pytest.raises(ValueError, match=words):
            FittedEmotions().fit(texts, labels)


def test_the_real_scikit_learn_is_not_shadowed() -> None:
    code = "import goemotions.sklearn, sklearn; print(sklearn.__name__, sklearn.__version__[0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sklearn", "1"]


def test_a_classifier_pickles_by_reference(classifier: EmotionClassifier) -> None:
    tuned = EmotionClassifier(threshold={"grief": 0.9})
    content = pickle.dumps(tuned)
    assert len(content) < 3000
    again = pickle.loads(content)
    assert again.thresholds == tuned.thresholds
    assert np.array_equal(again.predict_proba(TEXTS[:3]), classifier.predict_proba(TEXTS[:3]))
    assert pickle.loads(pickle.dumps(EmotionClassifier(threshold=0.4))).threshold == 0.4
