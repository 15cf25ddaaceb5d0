"""Training on the states of a model: what the written directory is bound to, by every way to use it."""

from __future__ import annotations

import hashlib
import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from corpora import FINE_TUNING, OWN_LABELS, write_recipe, write_texts
from published_route import save_base, save_quantised

from goemotions import EmotionClassifier
from goemotions.catalog import MODELS
from goemotions.encoders import find_encoder
from goemotions.errors import DataError, EncoderError
from goemotions.training.embedded import embedded_targets, load_data
from goemotions.training.embedding_head import train_head
from goemotions.training.embedding_llm import train_llm
from goemotions.training.recipe import HeadRecipe, LlmRecipe
from goemotions.training.recipe_file import load_recipe

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
TEXTS = ["I am so mad at Ann over the car", "I dread what Cy says of the tea", "Bob adores my game"]
TEACHERS = {"teachers": ["kind-1"], "teacher_weight": 0.75}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("own") / "moods")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    return save_quantised(folder / "nf4", save_base(folder / "plain", "mistral3"))


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    """What a teacher would have written, who is sure of nothing but the first label."""
    folder = tmp_path_factory.mktemp("teachers")
    (folder / "kind-1").mkdir()
    np.save(folder / "kind-1" / "logits.npy", np.tile(np.array([4, 0, 0], dtype=np.float16), (96, 1)))
    about = {
        "labels": list(OWN_LABELS),
        "rows": 96,
        "splits": {"train": hashlib.sha256((corpus / "train.tsv").read_bytes()).hexdigest()},
        "logits_sha256": hashlib.sha256((folder / "kind-1" / "logits.npy").read_bytes()).hexdigest(),
    }
    (folder / "kind-1" / "teacher.json").write_text(json.dumps(about))
    return folder


@pytest.fixture(scope="module")
def llm(tmp_path_factory: pytest.TempPathFactory, corpus: Path, cache: Path, base: Path) -> Path:
    folder = tmp_path_factory.mktemp("llm")
    path = tiny.write_recipe(folder / "tiny.yaml", base, encoder="compact", loss="bce")
    recipe = load_recipe(str(path))
    assert isinstance(recipe, LlmRecipe)
    train_llm(corpus, folder / "mine", recipe, cache, CPU)
    return folder / "mine"


def head_recipe(folder: Path, **settings: object) -> HeadRecipe:
    shared = {key: FINE_TUNING[key] for key in ("batch_size", "warmup_ratio", "weight_decay", "max_grad_norm", "seed")}
    own = {
        "trains": "embedding-head",
        "hidden": [32],
        "loss": "bce",
        "dropout": 0.1,
        "epochs": 6,
        "learning_rate": 5.0e-3,
    }
    recipe = load_recipe(str(write_recipe(folder / "head.yaml", **shared, **own, **settings)))
    assert isinstance(recipe, HeadRecipe)
    return recipe


def test_the_directory_names_the_states_by_their_fingerprint(llm: Path) -> None:
    config = json.loads((llm / "config.json").read_text())
    states = find_encoder("compact")
    expected = {"id": "compact", "revision": states.revision, "fingerprint": states.fingerprint}
    assert (config["encoder"], config["embed_dim"]) == (expected, 384)
    assert not (llm / "encoder").exists()
    assert "the states of the model compact (Apache-2.0)" in (llm / "README.md").read_text(encoding="utf-8")


def test_the_published_route_gives_the_same_probabilities_of_texts(llm: Path, base: Path) -> None:
    """Its own ``infer.py``: transformers + peft, and the states by this package."""
    ours = EmotionClassifier(llm, backbone=base, precision="bfloat16").predict_proba(TEXTS)
    helper = runpy.run_path(str(llm / "infer.py"))["EmotionClassifier"](llm, base=str(base))
    said = [[row[label] for label in OWN_LABELS] for row in helper.predict(TEXTS, threshold=0)]
    assert np.abs(ours - np.array(said)).max() <= 0.02
    assert ours.std() > 0.05


def test_the_classifier_begins_with_what_the_states_know(corpus: Path, cache: Path, base: Path, tmp_path: Path) -> None:
    """A training that hardly moves anything: what is found was read off before it."""
    found = []
    for rows in (None, 96):
        changes = {
            "readout_rows": rows,
            "learning_rate": 1e-9,
            "head_learning_rate": 1e-9,
            "epochs": 1,
            "corpus_share": 0.5,
        }
        path = tiny.write_recipe(tmp_path / "tiny.yaml", base, encoder="compact", loss="bce", **changes)
        recipe = load_recipe(str(path))
        assert isinstance(recipe, LlmRecipe)
        train_llm(corpus, tmp_path / f"from-{rows}", recipe, cache, CPU)
        config = json.loads((tmp_path / f"from-{rows}" / "config.json").read_text())
        assert [row["step"] for row in config["training"]["history"]] == [2]  # half of 96 rows, by 8 x 4
        found.append(config["training"]["history"][0]["dev_mean_average_precision"])
    assert found[0] < 0.8
    assert found[1] > 0.95


def test_another_compact_is_refused_by_both_ways(llm: Path, base: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(MODELS / "compact", other)
    raw = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(raw | {"max_length": 64}))
    with pytest.raises(EncoderError, match="name the one it was trained on"):
        EmotionClassifier(llm, backbone=base, encoder=other)
    with pytest.raises(EncoderError, match="name the one it was trained on"):
        runpy.run_path(str(llm / "infer.py"))["EmotionClassifier"](llm, base=str(base), encoder=str(other))


def test_a_model_on_a_folders_states_brings_that_model_along(corpus: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder-of-mine"
    shutil.copytree(MODELS / "compact", folder)
    train_head(corpus, tmp_path / "mine", head_recipe(tmp_path, encoder=str(folder)), cache, CPU)
    shutil.rmtree(folder)
    model = EmotionClassifier(tmp_path / "mine")
    assert [next(iter(found)) for found in model.predict(TEXTS, threshold=0)] == list(OWN_LABELS)
    assert model.encoder.fingerprint == find_encoder("compact").fingerprint
    model.save(tmp_path / "saved")
    assert np.array_equal(EmotionClassifier(tmp_path / "saved").predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_an_encoder_brought_along_is_the_one_that_was_trained_on(llm: Path, base: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(llm, model)
    shutil.copytree(MODELS / "compact", model / "encoder")
    expected = EmotionClassifier(llm, backbone=base).predict_proba(TEXTS)
    assert np.array_equal(EmotionClassifier(model, backbone=base).predict_proba(TEXTS), expected)
    raw = json.loads((model / "encoder" / "config.json").read_text())
    (model / "encoder" / "config.json").write_text(json.dumps(raw | {"max_length": 64}))
    with pytest.raises(EncoderError, match="was trained on the encoder compact"):
        EmotionClassifier(model, backbone=base).predict_proba(TEXTS)


def test_what_teachers_say_is_learnt_beside_the_labels(
    corpus: Path, cache: Path, teachers: Path, tmp_path: Path
) -> None:
    recipe = head_recipe(tmp_path, encoder="compact", **TEACHERS)
    data = load_data(corpus, cache, "compact", lambda _: [])
    labels = data.splits["train"][1]
    sure = 1 / (1 + np.exp(-4.0))
    expected = 0.25 * labels + 0.75 * np.array([sure, 0.5, 0.5])
    np.testing.assert_allclose(embedded_targets(data, labels, recipe, teachers), expected, atol=1e-6)
    train_head(corpus, tmp_path / "taught", recipe, cache, CPU, None, teachers)
    means = EmotionClassifier(tmp_path / "taught").predict_proba(TEXTS).mean(0)
    assert means[0] > 0.6  # of a third of the rows
    with pytest.raises(DataError, match=r"has no teacher 'kind-1'"):
        train_head(corpus, tmp_path / "untaught", recipe, cache, CPU, None, tmp_path)


def test_teachers_know_nothing_of_rows_that_are_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="teachers have said nothing of rows that oversampling makes"):
        head_recipe(tmp_path, encoder="compact", oversampling="mlsmote", **TEACHERS)
