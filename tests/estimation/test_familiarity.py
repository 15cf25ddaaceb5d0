"""Texts of another kind than the training's are said to be."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from goemotions import EmotionClassifier
from goemotions.estimation.familiarity import (
    FamiliarTexts,
    distance_of,
    familiar_text,
    measure_familiar,
    shipped_familiar,
)

GERMAN = ["Der Zug hat heute wieder Verspätung", "Die Sitzung beginnt um zehn Uhr", "Das Wetter bleibt so wie gestern"]
ENGLISH = ["The train is late again today", "Thank you so much for this", "What a strange way to end the game"]


def texts(lines: list[str], number: int, seed: int) -> list[str]:
    generator = random.Random(seed)
    return [f"{generator.choice(lines)} {generator.randrange(100)}" for _ in range(number)]


def test_texts_of_another_kind_are_far(classifier: EmotionClassifier) -> None:
    familiar = measure_familiar(classifier, texts(ENGLISH, 200, 0), texts(ENGLISH, 200, 1))
    assert 0 < familiar.usual < familiar.most
    for lines, far in ((ENGLISH, False), (GERMAN, True)):
        found = distance_of(texts(lines, 200, 2), classifier, familiar)
        assert found is not None
        assert found.far == far
        assert ("unlike" in found.sentence()) == far


def test_what_is_shipped_is_of_the_shipped_model_alone(classifier: EmotionClassifier, tmp_path: Path) -> None:
    known = shipped_familiar(classifier)
    assert known is not None
    assert len(known.mean) == classifier.states(["a"]).shape[1]
    copy = shutil.copytree(classifier.directory, tmp_path / "compact")
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"max_length": config["max_length"] - 1}), encoding="utf-8")
    other = EmotionClassifier(copy, threads=1)
    assert shipped_familiar(other) is None
    assert distance_of(["a text"], other) is None


def test_the_file_that_ships() -> None:
    assert '"mean":[0.5]' in familiar_text({"mine": FamiliarTexts("x", 0.1, 0.2, [0.5], [1.0])})
