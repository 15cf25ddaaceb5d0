"""``focal_config.json`` in the shapes it may have."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from goemotions.errors import DataError
from goemotions.labels import LABELS
from goemotions.training.focal_config import FocalConfig, preset, read_focal_config, write_focal_config

CARD = preset("card")
ALPHA = dict(zip(LABELS, CARD.alpha, strict=True))


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_presets_are_the_published_lists() -> None:
    """Alpha 0.75 for fifteen labels on the card; the notebook has disapproval for desire."""
    high = {
        name: {label for label, alpha in zip(LABELS, preset(name).alpha, strict=True) if alpha == 0.75}
        for name in ("card", "notebook")
    }
    assert len(high["card"]) == len(high["notebook"]) == 15
    assert high["card"] - high["notebook"] == {"desire"}
    assert high["notebook"] - high["card"] == {"disapproval"}
    assert {"admiration", "surprise", "optimism", "disgust"} <= high["card"]
    assert not {"grief", "neutral", "relief", "curiosity", "approval", "gratitude"} & high["card"]
    for name in high:
        assert set(preset(name).alpha) == {0.25, 0.75}
        assert set(preset(name).gamma) == {2.0}
    with pytest.raises(ValueError, match="no focal preset 'cards'; did you mean 'card'"):
        preset("cards")


@pytest.mark.parametrize(
    "content",
    [
        ALPHA,
        {label.upper(): alpha for label, alpha in ALPHA.items()},
        {**ALPHA, "gamma": 2},
        {"alpha": ALPHA, "gamma": 2.0},
        {"alpha": list(CARD.alpha), "gamma": 2},
        {"alpha": list(CARD.alpha)},
        {"focal_alpha": list(CARD.alpha), "focal_gamma": dict.fromkeys(LABELS, 2)},
        {"alpha_per_label": dict(reversed(ALPHA.items())), "gamma": [2] * 28, "num_labels": 28},
        list(CARD.alpha),
    ],
)
def test_shapes(tmp_path: Path, content: Any) -> None:
    assert read_focal_config(write(tmp_path / "focal_config.json", content)) == CARD


def test_one_number_for_all_and_other_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "focal_config.json", {"alpha": 0.3, "gamma": 1})
    assert read_focal_config(path, ["a", "b"]) == FocalConfig((0.3, 0.3), (1.0, 1.0))


@pytest.mark.parametrize("config", [CARD, dataclasses.replace(CARD, gamma=tuple(i / 10 for i in range(28)))])
def test_what_is_written_is_read(tmp_path: Path, config: FocalConfig) -> None:
    write_focal_config(tmp_path / "focal_config.json", config)
    assert read_focal_config(tmp_path / "focal_config.json") == config


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not valid JSON"),
        (3, "expected an object, got 3"),
        ({"weights": [1]}, "a key that contains 'alpha', got the keys weights"),
        ({}, "got the keys none"),
        ({"alpha": [0.5] * 27}, "expected 28 numbers for alpha, got 27"),
        ({"alpha": {k: v for k, v in ALPHA.items() if k != "joy"} | {"jo": 1}}, "missing: joy; unknown: 'jo'; did you"),
        ({"alpha": {**ALPHA, "joy": 1.5}}, r"alpha must be from 0 to 1, got \[1.5\]"),
        ({"alpha": {**ALPHA, "joy": "high"}}, "alpha must be numbers, got 'high'"),
        ({"alpha": ALPHA, "gamma": -1}, "gamma must be 0 or more"),
        ('{"alpha": [NaN], "gamma": 2}', "not finite"),
        ({"alpha": 0.5, "alpha_low": 0.2}, "several keys contain 'alpha': alpha, alpha_low"),
        ({"joy": 0.5, "Joy": 0.2}, "differ only in case"),
    ],
)
def test_other_shapes_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = write(tmp_path / "focal_config.json", content)
    with pytest.raises(DataError, match=message) as caught:
        read_focal_config(path)
    assert str(path) in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        read_focal_config(tmp_path / "focal_config.json")
