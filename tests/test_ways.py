"""The ways of docs/architecture.md are short: the modules that a text enters on its way through ``predict``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from goemotions import EmotionClassifier

PREDICT = 6
"""Modules entered for ``compact``: five that answer, and the one that tells languages. It may only become less."""


def modules_entered(call: Callable[[], object]) -> set[str]:
    """Return the modules of the package whose functions a call enters, in this thread."""
    entered: set[str] = set()

    def follow(frame: FrameType, event: str, _: Any) -> None:
        # Importing a module, or making a class, is no function of its.
        if event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            entered.add(str(frame.f_globals.get("__name__")))

    before = sys.getprofile()
    sys.setprofile(follow)
    try:
        call()
    finally:
        sys.setprofile(before)
    return {name for name in entered if name.split(".")[0] == "goemotions"}


def entered_by_predict(classifier: EmotionClassifier) -> set[str]:
    texts = ["Thank you so much!", "I am so sorry, and a bit afraid."]
    classifier.predict(texts)  # what is loaded or imported at first use is not on the way
    return modules_entered(lambda: classifier.predict(texts))


def test_the_way_of_texts_through_predict(classifier: EmotionClassifier) -> None:
    entered = entered_by_predict(classifier)
    assert {"goemotions.architectures.transformer", "goemotions.languages"} <= entered
    assert len(entered) <= PREDICT, sorted(entered)
