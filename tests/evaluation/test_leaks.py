"""Texts seen in training, by hash; and vectors of test rows in train, by geometry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

from goemotions import EmotionClassifier
from goemotions.data.corpus import Split
from goemotions.data.embedding_corpus import EmbeddingCorpus, export_corpus
from goemotions.errors import ModelError
from goemotions.evaluation.provenance import HASHES_FILE, find_seen, hash_texts, hashes_to_bytes, read_hashes
from goemotions.evaluation.vectors import check_vectors


def test_hashes_are_known_values_and_ignore_case_and_space() -> None:
    # SHA-256 of "abc" begins ba7816bf8f01cfea.
    assert hash_texts(["ABC", " abc\n"]).tolist() == [int.from_bytes(bytes.fromhex("ba7816bf8f01cfea"), "little")] * 2
    hash_texts(["\ud800"])  # a lone surrogate is a text too


def test_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / HASHES_FILE).write_bytes(hashes_to_bytes(hash_texts(["One text", "another", "one  TEXT"])))
    hashes = read_hashes(tmp_path)
    assert hashes is not None
    assert len(hashes) == 2
    assert find_seen(["ANOTHER", "a third"], hashes).tolist() == [True, False]
    assert read_hashes(tmp_path / "nowhere") is None
    for damaged in (b"1234567", hashes_to_bytes(hashes)[::-1]):
        (tmp_path / HASHES_FILE).write_bytes(damaged + damaged)
        with pytest.raises(ModelError, match="damaged"):
            read_hashes(tmp_path)


def test_the_bundled_model_knows_its_training_texts(
    classifier: EmotionClassifier, official: Callable[[str], Split]
) -> None:
    hashes = read_hashes(classifier.directory)
    assert hashes is not None
    assert find_seen(official("train").texts, hashes).all()
    assert find_seen(official("test").texts, hashes).sum() == 42
    assert find_seen(official("dev").texts, hashes).sum() == 49


def clusters(rows: int, seed: int) -> np.ndarray:
    """Points as text embeddings lie: near a few directions of many, on a sphere."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(30, 64))
    points = centres[generator.integers(0, 30, rows)] + generator.normal(size=(rows, 64)) * 0.7
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def interpolated(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    """``x + c·(x - x_j)`` with c from -0.5 to 1.5 and x_j one of the five nearest."""
    generator = np.random.default_rng(seed)
    near = np.argsort(((points[:, None] - points) ** 2).sum(-1), axis=1)[:, 1:6]
    rows = generator.integers(0, len(points), count)
    other = points[near[rows, generator.integers(0, 5, count)]]
    share = generator.uniform(-0.5, 1.5, (count, 1)).astype(np.float32)
    return np.asarray(points[rows] + share * (points[rows] - other))


def test_points_made_before_the_split_are_flagged_and_after_it_not() -> None:
    everything = clusters(1500, seed=1)
    train, test = everything[:1200], everything[1200:]
    leaky = check_vectors(np.concatenate([train, interpolated(everything, 2500, seed=2)]), test)
    honest = check_vectors(np.concatenate([train, interpolated(train, 2500, seed=3)]), test)
    plain = check_vectors(train, test)
    assert leaky.leaks
    assert min(leaky.on_a_line, leaky.near_copies) > 0.1
    assert "LEAKS" in str(leaky)
    for found in (honest, plain):
        assert not found.leaks
        assert max(found.on_a_line, found.near_copies) <= 0.02
    assert plain.as_dict()["leaks"] is False


def test_the_commands_flag_a_leaky_corpus_in_the_published_form(cli: Run, tmp_path: Path) -> None:
    everything = clusters(1500, seed=1)
    train, test = everything[:1200], everything[1200:]
    trains = {"leaky": interpolated(everything, 2500, seed=2), "honest": interpolated(train, 2500, seed=3)}
    for name, made in trains.items():
        splits = {"train": np.concatenate([train, made]), "dev": test[:150], "test": test[150:]}
        targets = {split: np.ones((len(rows), 1), np.uint8) for split, rows in splits.items()}
        corpus = EmbeddingCorpus(("a",), None, {split: (rows, targets[split]) for split, rows in splits.items()})
        export_corpus(corpus, tmp_path / name)
        (tmp_path / "labels.txt").write_text("a\n")
        files = [argument for split in splits for argument in (f"--{split}", tmp_path / name / f"{split}.json")]
        vectors = tmp_path / f"{name} vectors"
        done = cli("data", "import", *files, "--output", vectors, "--label-set", tmp_path / "labels.txt")
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("figures on it are not honest") == (2 if name == "leaky" else 0)
        checked = cli("data", "leaks", vectors)
        assert checked.returncode == (name == "leaky"), checked.stderr
        assert checked.stdout.count("LEAKS") == (2 if name == "leaky" else 0)
    found = json.loads(cli("data", "leaks", tmp_path / "leaky vectors", "--json").stdout)
    assert found["test"]["leaks"] is True


def test_copies_are_flagged() -> None:
    train, test = clusters(500, seed=1), clusters(100, seed=2)
    found = check_vectors(np.concatenate([train, test[:20]]), test)
    assert found.copies == pytest.approx(0.2)
    assert found.leaks
    nearly = test[:20] + np.float32(0.003) * np.random.default_rng(0).normal(size=(20, 64)).astype(np.float32)
    assert check_vectors(np.concatenate([train, nearly]), test).near_copies >= 0.2


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4)), "one width"),
        (np.zeros((5, 3)), np.zeros((1, 3)), "two or more"),
        (np.zeros(5), np.zeros(5), "got shapes"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "finite"),
    ],
)
def test_unusable_vectors(train: np.ndarray, test: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_vectors(train, test)
