"""`goemotions distill`: a student that decides as its teacher."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from conftest import USE_HEAD
from sklearn.metrics import f1_score

from goemotions import EmotionClassifier
from goemotions.data.embedding_corpus import read_embeddings
from goemotions.training.distillation import agreement, distill, mixtures, to_logits
from goemotions.training.recipe import StudentRecipe
from goemotions.training.recipe_file import load_recipe

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.slow
def test_a_student_of_the_shipped_model(tmp_path: Path) -> None:
    """Vectors at random are far from texts: near agreement says that the function itself was learnt."""
    data = tiny.write_corpus(tmp_path / "corpus", rows=2000)
    teacher = EmotionClassifier(USE_HEAD, threshold=0.03)
    recipe = load_recipe("student", epochs=15)
    assert isinstance(recipe, StudentRecipe)
    found = distill(teacher, data, tmp_path / "student", recipe, tmp_path / "cache", torch.device("cpu"))
    student = EmotionClassifier(tmp_path / "student")
    x = np.array(read_embeddings(data).splits["test"][0])
    ours, theirs = (model.predict_proba_from_embeddings(x) >= np.float32(0.03) for model in (student, teacher))
    assert found.micro_f1 == pytest.approx(f1_score(theirs, ours, average="micro"))
    assert found.exact == pytest.approx((ours == theirs).all(1).mean())
    assert found.micro_f1 > 0.7
    assert found.speed is not None
    config = json.loads((tmp_path / "student" / "config.json").read_text())
    assert config["teacher"] == "multilingual"
    assert config["thresholds"] == teacher.thresholds
    assert config["encoder"] == teacher.config.raw["encoder"]


def test_agreement() -> None:
    teacher = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]], dtype=bool)
    assert agreement(teacher, teacher) == (1.0, 1.0)
    student = teacher.copy()
    student[0, 1] = True
    assert agreement(student, teacher) == pytest.approx((6 / 7, 2 / 3))


def test_mixtures_lie_between_two_rows() -> None:
    x = np.eye(3, dtype=np.float32) * 2
    mixed = mixtures(x, 200, seed=0)
    assert mixed.shape == (200, 3)
    assert ((np.abs(mixed) > 1e-6).sum(1) <= 2).all()
    assert np.allclose(np.linalg.norm(mixed, axis=1), 2)
    assert np.array_equal(mixed, mixtures(x, 200, seed=0))


def test_logits_are_finite() -> None:
    assert to_logits(np.array([0, 0.5, 1], dtype=np.float32)).tolist() == [-12, 0, 12]
