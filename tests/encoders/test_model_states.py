"""The states of a model as a sentence encoder: the same vectors, known by a fingerprint, for every recipe and cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from goemotions import EmotionClassifier
from goemotions.data.embed import embed, open_cache
from goemotions.encoders import check_same, find_encoder
from goemotions.encoders.base import Encoder
from goemotions.errors import EncoderError, ModelError

TEXTS = ["Thank you so much!", "", "I am so sorry, and a bit afraid.", "🎉", "word " * 300, "What is that?"]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return find_encoder("compact", threads=1)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, classifier: EmotionClassifier) -> Path:
    folder = tmp_path_factory.mktemp("copy") / "mine"
    shutil.copytree(classifier.directory, folder)
    return folder


def change(folder: Path, target: Path, **settings: object) -> Path:
    """A copy of a model with other settings."""
    shutil.copytree(folder, target)
    raw = json.loads((target / "config.json").read_text(encoding="utf-8"))
    (target / "config.json").write_text(json.dumps(raw | settings), encoding="utf-8")
    return target


def test_they_are_the_states_of_the_model(encoder: Encoder, classifier: EmotionClassifier) -> None:
    encoded = encoder.encode(TEXTS)
    assert np.abs(encoded.embeddings - classifier.states(TEXTS)).max() <= 1e-5
    assert encoded.truncated.tolist() == [False, False, False, False, True, False]
    assert (encoder.id, encoder.dim, encoder.max_length) == ("compact", 384, 128)
    assert encoder.revision.startswith("goemotions ")
    assert encoder.encode([]).embeddings.shape == (0, 384)


def test_each_text_is_as_if_it_were_alone(encoder: Encoder) -> None:
    alone = np.concatenate([encoder.encode([text]).embeddings for text in TEXTS])
    assert np.abs(alone - encoder.encode(TEXTS).embeddings).max() <= 1e-5


def test_windows_cover_a_long_text(encoder: Encoder) -> None:
    windows = encoder.encode_windows(TEXTS)
    assert windows.first.tolist() == [0, 1, 2, 3, 4, 8]
    assert len(windows.embeddings) == 9
    assert np.abs(windows.embeddings[:4] - encoder.encode(TEXTS[:4]).embeddings).max() <= 1e-5
    assert encoder.encode_windows([]).first.shape == (0,)


def test_the_fingerprint_is_of_what_decides_the_vectors(encoder: Encoder, copy: Path, tmp_path: Path) -> None:
    same = find_encoder(copy)
    assert same.fingerprint == encoder.fingerprint
    assert same.revision == "from a folder"
    thresholds = find_encoder(change(copy, tmp_path / "thresholds", threshold=0.3))
    assert thresholds.fingerprint == encoder.fingerprint
    shorter = find_encoder(str(change(copy, tmp_path / "shorter", max_length=64)))
    assert shorter.fingerprint != encoder.fingerprint


def test_a_model_that_was_replaced_is_refused(encoder: Encoder, copy: Path, tmp_path: Path) -> None:
    wanted = {"id": "compact", "revision": encoder.revision, "fingerprint": encoder.fingerprint}
    check_same(find_encoder(copy), wanted)
    replaced = change(copy, tmp_path / "replaced", max_length=64)
    with pytest.raises(EncoderError, match=r"trained on the encoder compact.*name the one it was trained on"):
        check_same(find_encoder(replaced), wanted)


def test_the_cache_keeps_them_apart_from_others(encoder: Encoder, copy: Path, tmp_path: Path) -> None:
    cache = open_cache(tmp_path / "cache", encoder)
    vectors = embed(cache, encoder, TEXTS, show_progress=False).embeddings
    assert np.array_equal(open_cache(tmp_path / "cache", find_encoder(copy)).read(TEXTS)[0], vectors)
    other = find_encoder(change(copy, tmp_path / "other", max_length=64))
    assert open_cache(tmp_path / "cache", other).missing(TEXTS) == TEXTS


def test_what_has_no_states_of_its_own(copy: Path, tmp_path: Path) -> None:
    known = {"id": "use-multilingual-v3", "fingerprint": "ab" * 32}
    head = change(copy, tmp_path / "head", architecture="embedding-head", embed_dim=512, encoder=known)
    (head / "model.onnx").rename(head / "head.onnx")
    with pytest.raises(EncoderError, match="it stands on the encoder use-multilingual-v3: name that"):
        find_encoder(head)


def test_a_damaged_model(copy: Path, tmp_path: Path) -> None:
    damaged = change(copy, tmp_path / "damaged")
    (damaged / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged"):
        find_encoder(damaged).encode(TEXTS)


def test_no_torch_is_loaded() -> None:
    code = (
        "import sys\n"
        "from goemotions.encoders import find_encoder\n"
        "assert find_encoder('compact').encode(['Thanks!']).embeddings.shape == (1, 384)\n"
        "assert not {'torch', 'transformers', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
