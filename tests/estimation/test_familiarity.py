"""Texts of another kind than the training's are said to be."""

from __future__ import annotations

import random

from goemotions import EmotionClassifier
from goemotions.estimation.familiarity import ROWS, Drawing, Home, homes_text, measure_home, shipped_home

GERMAN = ["Der Zug hat heute wieder Verspätung", "Die Sitzung beginnt um zehn Uhr", "Das Wetter bleibt so wie gestern"]
ENGLISH = ["The train is late again today", "Thank you so much for this", "What a strange way to end the game"]


def texts(lines: list[str], number: int, seed: int) -> list[str]:
    generator = random.Random(seed)
    return [f"{generator.choice(lines)} {generator.randrange(100)}" for _ in range(number)]


def test_texts_of_another_kind_are_far(classifier: EmotionClassifier) -> None:
    home = measure_home(classifier, texts(ENGLISH, 200, 0), texts(ENGLISH, 200, 1))
    assert 0 < home.usual < home.most
    for lines, far in ((ENGLISH, False), (GERMAN, True)):
        drawing = Drawing()
        drawing.add(texts(lines, 200, 2))
        found = drawing.distance(classifier, home)
        assert found is not None
        assert found.far == far
        assert ("unlike" in found.sentence()) == far


def test_texts_are_drawn_from_all_that_go_by() -> None:
    drawing = Drawing()
    for start in range(0, 20 * ROWS, 1000):
        drawing.add([str(number) for number in range(start, start + 1000)])
    assert len(set(drawing.texts)) == ROWS
    assert 0.4 < sum(int(text) < 10 * ROWS for text in drawing.texts) / ROWS < 0.6


def test_nothing_is_said_of_a_model_that_is_not_known(classifier: EmotionClassifier) -> None:
    known = shipped_home(classifier)
    assert known is None or len(known.mean) == classifier.states(["a"]).shape[1]
    assert '"mean":[0.5]' in homes_text({"mine": Home("x", 0.1, 0.2, [0.5], [1.0])})
