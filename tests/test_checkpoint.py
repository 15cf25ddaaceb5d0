"""Model directories: what is missing, damaged or from the future is said, and nothing is half written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goemotions import EmotionClassifier
from goemotions.checkpoint import read_config
from goemotions.data.origin import languages_read
from goemotions.errors import ModelError
from goemotions.files import new_directory


def change(model: Path, **keys: Any) -> Path:
    path = model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))
    return model


@pytest.mark.parametrize("name", ["config.json", "model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(model_copy: Path, name: str) -> None:
    (model_copy / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}"):
        EmotionClassifier(model_copy)


def test_an_empty_directory_says_what_a_model_has(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not a model directory.*model\.onnx, tokenizer\.json"):
        EmotionClassifier(tmp_path)


@pytest.mark.parametrize(("start", "length"), [(0, 1000), (5_000_000, 100), (0, 0)])
def test_a_damaged_graph(model_copy: Path, start: int, length: int) -> None:
    content = bytearray((model_copy / "model.onnx").read_bytes())
    content = content[: len(content) // 2] if start else bytearray(length)
    (model_copy / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx is damaged"):
        EmotionClassifier(model_copy)


def test_a_damaged_tokenizer(model_copy: Path) -> None:
    (model_copy / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="not a usable tokenizer"):
        EmotionClassifier(model_copy)


def test_a_graph_with_other_outputs(model_copy: Path) -> None:
    change(
        model_copy, emotion_labels=["a", "b"], num_labels=2, thresholds={}, thresholds_beside={}, unreliable_labels={}
    )
    with pytest.raises(ModelError, match=r"one output \[n, 2\]"):
        EmotionClassifier(model_copy)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"format_version": 99}, "reads up to 1: pip install --upgrade"),
        ({"architecture": "diffusion"}, "architecture 'diffusion' is not one of transformer"),
        ({"threshold": 3}, "threshold must be from 0 to 1"),
        ({"thresholds": {"ennui": 0.5}}, "does not have: ennui"),
        ({"thresholds": {"joy": "high"}}, "threshold of joy must be a number"),
        ({"emotion_labels": ["joy", "joy"]}, "different names"),
        ({"num_labels": 27}, "num_labels is 27, but emotion_labels has 28"),
        ({"max_length": "long"}, "max_length"),
    ],
)
def test_wrong_values_are_named(model_copy: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        EmotionClassifier(change(model_copy, **keys))


def test_a_missing_key_is_named(model_copy: Path) -> None:
    path = model_copy / "config.json"
    path.write_text(json.dumps({"architecture": "transformer"}))
    with pytest.raises(ModelError, match="lacks the key 'emotion_labels'"):
        read_config(model_copy)
    path.write_text("{")
    with pytest.raises(ModelError, match="not valid JSON"):
        read_config(model_copy)


def test_unknown_keys_are_one_warning(model_copy: Path) -> None:
    change(model_copy, later_a=1, later_b=2)
    with pytest.warns(UserWarning, match="later_a, later_b") as caught:
        EmotionClassifier(model_copy)
    assert len(caught) == 1


def test_a_failed_write_leaves_the_old_directory(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with new_directory(target) as folder:
        (folder / "a").write_text("old")

    def fail() -> None:
        with new_directory(target) as folder:
            (folder / "a").write_text("new")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert (target / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("splits", {"trained_on": {"splits": "x"}}),
        ("languages", {"trained_on": {"languages": "en"}}),
        ("dataset", {"trained_on": {"dataset": ["x"]}}),
        ("recipe", {"training": {"recipe": [1]}}),
        ("vocabulary", {"training": {"recipe": {"vocabulary": 1}}}),
        ("languages", {"training": {"recipe": {"vocabulary": {"languages": [None]}}}}),
        ("languages", {"languages": {"en": 1}}),
    ],
)
def test_what_says_the_languages_is_checked(model_copy: Path, key: str, keys: dict[str, Any]) -> None:
    """Fault 23: damaged configs ended in a bare TypeError or ValueError when a model was loaded."""
    config = read_config(change(model_copy, **keys))
    with pytest.raises(ModelError, match=rf"config\.json: {key} must be "):
        languages_read(model_copy, config)
