"""The `embedding-head` architecture: a small network on embeddings, without torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import CARD_TEXTS, USE_HEAD, Run

from goemotions import EmotionClassifier
from goemotions.errors import EncoderError, ModelError

X = np.random.default_rng(0).normal(size=(300, 512)).astype(np.float32)
X /= np.linalg.norm(X, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def head() -> EmotionClassifier:
    return EmotionClassifier(USE_HEAD)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped model that a test may damage."""
    return shutil.copytree(USE_HEAD, tmp_path / "model")


def test_texts_and_embeddings(head: EmotionClassifier) -> None:
    vectors = head.encode(CARD_TEXTS)
    assert vectors.shape == (3, 512)
    assert vectors.dtype == np.float32
    got = head.predict_proba_from_embeddings(vectors)
    assert np.array_equal(got, head.predict_proba(CARD_TEXTS))
    found = head.predict([*CARD_TEXTS, "", "Grazie mille, sei gentilissimo!", "Ich bin so wütend auf dich!"])
    assert "admiration" in found[0]
    assert "anger" in found[1]
    assert "gratitude" in found[4]
    assert "anger" in found[5]


@pytest.mark.parametrize("size", [1, 7, 256, 257])
def test_rows_do_not_depend_on_their_neighbours(head: EmotionClassifier, size: int) -> None:
    whole = head.predict_proba_from_embeddings(X)
    parts = [head.predict_proba_from_embeddings(X[start : start + size]) for start in range(0, 300, size)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert head.predict_proba_from_embeddings(X[:0]).shape == (0, 28)


def test_the_graph_is_the_mlp_it_says(head: EmotionClassifier) -> None:
    """Computed again in NumPy from the weights in the file."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(USE_HEAD / "head.onnx").graph
    weights = [onnx.numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer]
    x = X
    for layer in range(0, len(weights), 2):
        x = (x if layer == 0 else np.maximum(x, 0)) @ weights[layer].T + weights[layer + 1]
    assert np.abs(1 / (1 + np.exp(-x)) - head.predict_proba_from_embeddings(X)).max() < 1e-5


def test_long_texts(head: EmotionClassifier) -> None:
    long = "Nothing happened today. " * 300 + "Thank you so much, I am so grateful!"
    cut = head.score([long, "short"])
    assert cut.truncated.tolist() == [True, False]
    whole = head.predict_proba([long], long_text="windows")[0]
    assert whole[head.labels.index("gratitude")] > cut.probabilities[0, head.labels.index("gratitude")]


def test_it_needs_no_torch() -> None:
    code = (
        "import sys; from goemotions import EmotionClassifier; EmotionClassifier(sys.argv[1]).predict(['Thanks!'])\n"
        "assert not {'torch', 'onnx', 'transformers', 'safetensors', 'yaml'} & set(sys.modules), set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(USE_HEAD)], check=True)


def test_saved_it_loads_again(head: EmotionClassifier, tmp_path: Path) -> None:
    head.save(tmp_path / "saved")
    again = EmotionClassifier(tmp_path / "saved").predict_proba_from_embeddings(X)
    assert np.array_equal(again, head.predict_proba_from_embeddings(X))


def test_what_does_not_fit_is_refused(copy: Path) -> None:
    for options, message in (
        ({"backbone": "x"}, "has no base: leave out backbone"),
        ({"precision": "float32"}, "leave out precision"),
        ({"device": "cuda"}, "computes on the CPU"),
    ):
        with pytest.raises(ModelError, match=message):
            EmotionClassifier(copy, **options)  # type: ignore[arg-type]
    raw = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(raw | {"embed_dim": 511}))
    with pytest.raises(ModelError, match=r"head\.onnx has embeddings .* 512\].*; expected embeddings \[n, 511\]"):
        EmotionClassifier(copy)
    (copy / "config.json").write_text(json.dumps(raw | {"encoder": {**raw["encoder"], "fingerprint": "0" * 64}}))
    with pytest.raises(EncoderError, match="trained on the encoder"):
        EmotionClassifier(copy).predict(["x"])
    (copy / "config.json").write_text(json.dumps({k: v for k, v in raw.items() if k != "encoder"}))
    with pytest.raises(ModelError, match="encoder must have an id and a fingerprint"):
        EmotionClassifier(copy)
    (copy / "head.onnx").write_bytes(b"not a graph")
    (copy / "config.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="damaged"):
        EmotionClassifier(copy)


def test_info_names_the_encoder(cli: Run) -> None:
    done = cli("info", USE_HEAD)
    assert done.returncode == 0
    assert "use-multilingual-v3" in done.stdout
    assert "embedding-head" in done.stdout
