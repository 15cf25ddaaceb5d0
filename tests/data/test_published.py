"""The published JSON form, in and out, and folders of vectors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run
from memory import memory_curve

from goemotions.data import checks, published
from goemotions.data.augmentation import augment
from goemotions.data.embedding_corpus import (
    EmbeddingCorpus,
    export_corpus,
    import_corpus,
    read_embeddings,
    write_embeddings,
)
from goemotions.data.published import read_published, write_published
from goemotions.errors import DataError

LABELS = ("a", "b", "c")


def vectors(rows: int, width: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    embeddings = (generator.normal(size=(rows, width)) * 10.0 ** generator.integers(-30, 30, (rows, width))).astype(
        np.float32
    )
    return embeddings, (generator.random((rows, 3)) < 0.4).astype(np.uint8)


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_what_is_written_is_json_and_comes_back_exactly(tmp_path: Path, rows: int) -> None:
    embeddings, targets = vectors(rows)
    write_published(tmp_path / "train.json", embeddings, targets)
    content = json.loads((tmp_path / "train.json").read_text())
    assert list(content) == ["X", "y"]
    assert np.array_equal(np.array(content["X"], dtype=np.float32), embeddings)
    assert np.array_equal(content["y"], targets)
    got = read_published(tmp_path / "train.json", 3)
    assert got[0].dtype == np.float32
    assert got[1].dtype == np.uint8
    assert np.array_equal(got[0], embeddings)
    assert np.array_equal(got[1], targets)


@pytest.mark.parametrize("chunk", [1, 3, 50, 1 << 20])
@pytest.mark.parametrize("form", ["compact", "indented", "y first", "floats"])
def test_any_layout_of_the_json_and_any_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, form: str
) -> None:
    monkeypatch.setattr(published, "CHUNK", chunk)
    embeddings, targets = np.array([[0.5, -1e-7], [3, 4]], dtype=np.float32), np.array([[1, 0, 0], [0, 1, 1]])
    content = {"X": embeddings.tolist(), "y": targets.tolist()}
    if form == "y first":
        content = dict(reversed(content.items()))
    if form == "floats":
        content["y"] = targets.astype(float).tolist()
    text = json.dumps(content, indent=3 if form == "indented" else None)
    if form == "compact":
        text = text.replace(" ", "")
    got = read_published(write(tmp_path / "x.json", text), 3)
    assert np.array_equal(got[0], embeddings)
    assert np.array_equal(got[1], targets)


X, Y = [[1.0, 2.0], [3.0, 4.0]], [[0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"X": [[1.0, 2.0], [3.0]], "y": Y}, "X, row 1: expected 2 numbers, got 1"),
        ({"X": X, "y": [[0, 1, 0], [1, 0]]}, "y, row 1: expected 3 numbers, got 2"),
        ({"X": X, "y": [[0, 1, 0], [1, 2, 0]]}, "y, row 1: targets must be 0 or 1"),
        ({"X": X, "y": [[0, 1, 0], [1, 0.5, 0]]}, "y, row 1: targets must be 0 or 1"),
        ({"X": [[1.0, float("nan")], [3.0, 4.0]], "y": Y}, "X, row 0: NaN"),
        ({"X": [[1.0, 2.0], [3.0, 1e39]], "y": Y}, "X, row 1: .*beyond float32"),
        ({"X": [[1.0, None], [3.0, 1.0]], "y": Y}, "X, row 0: NaN, null"),
        ({"X": [["1", "no"], [3.0, 1.0]], "y": Y}, "X, row 0: expected 2 numbers"),
        ({"X": X, "y": Y[:1]}, "2 rows of X, but 1 of y"),
        ({"X": [], "y": []}, "has no rows"),
        ({"X": X}, "has no key y"),
        ({"X": X, "z": Y}, 'expected the keys "X" and "y", got \'z\''),
        ([X, Y], r"start: expected '\{', got '\["),
        (json.dumps({"X": X, "y": Y})[:-9], "cut off|expected"),
        (json.dumps({"X": X, "y": Y})[:20], "row 1: the row has no end"),
        ('{"X": [[1, 2] [3, 4]]}', "X, row 1: expected ',', got"),
        ('{"X": 3}', 'expected "X" or "y" with a list of rows'),
        ("", "start: expected"),
    ],
)
def test_bad_files_are_refused_with_the_row(tmp_path: Path, content: Any, message: str) -> None:
    path = write(tmp_path / "x.json", content)
    with pytest.raises(DataError, match=message) as caught:
        read_published(path, 3)
    assert str(path) in str(caught.value)


def test_width_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="X, row 0: expected 512 numbers, got 2"):
        read_published(write(tmp_path / "x.json", {"X": X, "y": Y}), 3, width=512)


def corpus() -> EmbeddingCorpus:
    splits = {name: vectors(rows, seed=rows) for name, rows in {"train": 60, "dev": 8, "test": 9}.items()}
    return EmbeddingCorpus(LABELS, {"id": "words", "revision": "1", "fingerprint": "f"}, splits)


def assert_equal(one: EmbeddingCorpus, other: EmbeddingCorpus) -> None:
    assert one.labels == other.labels
    assert list(one.splits) == list(other.splits)
    for name in one.splits:
        for a, b in zip(one.splits[name], other.splits[name], strict=True):
            assert np.array_equal(np.asarray(a), np.asarray(b))


def test_folders_of_vectors(tmp_path: Path) -> None:
    write_embeddings(tmp_path / "vectors", corpus())
    got = read_embeddings(tmp_path / "vectors")
    assert_equal(got, corpus())
    assert got.encoder == corpus().encoder
    augmented = augment(got.finish().train, LABELS, target=40)
    assert len(augmented) > 60
    numbers = {name: rows.parents[:, 0].tolist() for name, rows in got.finish().held_out.items()}
    assert numbers == {"dev": list(range(60, 68)), "test": list(range(68, 77))}


def test_damaged_folders_are_named(tmp_path: Path) -> None:
    write_embeddings(tmp_path / "vectors", corpus())
    (tmp_path / "vectors" / "dev.X.npy").unlink()
    raw = bytearray((tmp_path / "vectors" / "test.y.npy").read_bytes())
    raw[-1] ^= 1
    (tmp_path / "vectors" / "test.y.npy").write_bytes(raw)
    with pytest.raises(DataError, match=r"2 problems: .*dev\.X\.npy is missing.*test\.y\.npy is missing or is not"):
        read_embeddings(tmp_path / "vectors")
    with pytest.raises(DataError, match=r"has no embeddings\.json"):
        read_embeddings(tmp_path)


def test_bad_vectors_are_refused_together(tmp_path: Path) -> None:
    bad = corpus()
    bad.splits["train"][0][3, 2] = np.inf
    bad.splits["dev"][1][0, 0] = 7
    splits = {**bad.splits, "test": (np.empty((0, 5), np.float32), np.empty((0, 3), np.uint8))}
    message = r"4 problems: .*widths: train 6, dev 6, test 5.*row 3 holds NaN.*0 or 1, got 7.*the test split is empty"
    with pytest.raises(DataError, match=message):
        write_embeddings(tmp_path / "vectors", EmbeddingCorpus(LABELS, None, splits))
    assert not (tmp_path / "vectors").exists()


def test_export_and_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = export_corpus(corpus(), tmp_path / "json")
    assert [path.name for path in paths] == ["train.json", "dev.json", "test.json"]
    files = dict(zip(("train", "dev", "test"), paths, strict=True))
    assert_equal(import_corpus(files, tmp_path / "vectors", LABELS), corpus())
    assert_equal(read_embeddings(tmp_path / "vectors"), corpus())
    with pytest.raises(DataError, match=r"3 problems: .*train\.json is there"):
        export_corpus(corpus(), tmp_path / "json")
    monkeypatch.setattr(checks, "ROOM_LEFT", 1 << 60)
    with pytest.raises(DataError, match=r"2 problems: \(1\) no file .*none; \(2\) no room for the vectors"):
        import_corpus({**files, "dev": tmp_path / "none"}, tmp_path / "again", LABELS)


@pytest.fixture(scope="module")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "labels.txt").write_text("a\nb\nc\n")
    (folder / "train.tsv").write_text("I love it\t0\t1\nso sad\t1\t2\nwhy?\t2\t3\n")
    (folder / "dev.tsv").write_text("I love it\t0,2\t4\n")
    (folder / "test.tsv").write_text("what a day\t1\t5\n")
    return folder


def test_commands(cli: Run, small_corpus: Path, tmp_path: Path) -> None:
    cache, output = tmp_path / "cache", tmp_path / "json"
    early = cli("data", "export", small_corpus, "--cache", cache, "--output", output)
    assert (early.returncode, early.stderr.count("\n")) == (1, 1)
    assert "3 of 3 texts have no vector of use-multilingual-v3" in early.stderr
    done = cli("data", "embed", small_corpus, "--cache", cache, "--json", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert {k: json.loads(done.stdout)[k] for k in ("texts", "computed", "truncated", "dim")} == {
        "texts": 5,
        "computed": 4,
        "truncated": 0,
        "dim": 512,
    }
    assert cli("data", "export", small_corpus, "--cache", cache, "--output", output).returncode == 0
    files = [part for name in ("train", "dev", "test") for part in (f"--{name}", output / f"{name}.json")]
    labels = small_corpus / "labels.txt"
    done = cli("data", "import", *files, "--label-set", labels, "--output", tmp_path / "vectors")
    assert done.returncode == 0, done.stderr
    got = read_embeddings(tmp_path / "vectors")
    assert np.allclose(np.linalg.norm(got.splits["train"][0], axis=1), 1, atol=1e-3)
    assert np.array_equal(got.splits["train"][0][0], got.splits["dev"][0][0])
    assert got.splits["dev"][1].tolist() == [[1, 0, 1]]
    wrong = cli("data", "import", *files, "--output", tmp_path / "more")  # the 28 labels
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "y, row 0: expected 28 numbers, got 3" in wrong.stderr


WRITE_LARGE = """
import sys, numpy as np
from pathlib import Path
from goemotions.data.published import write_published
generator = np.random.default_rng(0)
X = generator.normal(size=(89_201, 512)).astype(np.float32)
write_published(Path(sys.argv[1]), X, (generator.random((89_201, 28)) < 0.05).astype(np.uint8))
"""
READ_LARGE = """
import sys
from pathlib import Path
from goemotions.data.published import read_published
X, y = read_published(Path(sys.argv[1]), 28, 512)
assert X.shape == (89_201, 512) and y.shape == (89_201, 28)
"""


@pytest.mark.slow
def test_the_published_size_fits_in_two_gigabytes(tmp_path: Path) -> None:
    import psutil

    peaks = []
    for code in (WRITE_LARGE, READ_LARGE):
        process = psutil.Popen([sys.executable, "-c", code, str(tmp_path / "train.json")], stderr=subprocess.DEVNULL)
        peaks.append(max(memory_curve(process, 0.05)))
    assert max(peaks) < 2000, peaks


def test_a_leaky_import_is_warned_of(cli: Run, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    real = generator.normal(size=(300, 16)).astype(np.float32)
    made = real[:100] + 0.05 * generator.normal(size=(100, 16)).astype(np.float32)
    y = np.zeros((300, 28), np.uint8)
    y[:, 0] = 1
    for name, train in (("leaky", np.concatenate([real[100:200], made])), ("honest", real[100:200])):
        folder = tmp_path / name
        folder.mkdir()
        for split, vectors in (("train", train), ("dev", real[200:]), ("test", real[:100])):
            content = {"X": vectors.tolist(), "y": y[: len(vectors)].tolist()}
            (folder / f"{split}.json").write_text(json.dumps(content))
        files = [
            argument for split in ("train", "dev", "test") for argument in (f"--{split}", folder / f"{split}.json")
        ]
        done = cli("data", "import", "--output", folder / "out", *files)
        assert done.returncode == 0, done.stderr
        assert ("test: LEAKS" in done.stderr) == (name == "leaky")
        assert "dev: LEAKS" not in done.stderr
