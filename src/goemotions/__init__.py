"""Multi-label emotion classification with the 28 GoEmotions labels.

>>> from goemotions import EmotionClassifier
>>> EmotionClassifier().predict(["Thank you so much!"])
[{'gratitude': 0.9...}]

Importing this package loads nothing heavy: numpy, onnxruntime and the rest are loaded with the first model.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from goemotions.errors import (
    DataError,
    EncoderError,
    GoEmotionsError,
    MissingExtraError,
    ModelError,
    TruncatedTextWarning,
)
from goemotions.labels import LABELS

if TYPE_CHECKING:
    from goemotions.classifier import EmotionClassifier
    from goemotions.explaining.explanation import Explanation, Phrase, Reason
    from goemotions.fitting.fit import fit

__all__ = [
    "LABELS",
    "DataError",
    "EmotionClassifier",
    "EncoderError",
    "Explanation",
    "GoEmotionsError",
    "MissingExtraError",
    "ModelError",
    "Phrase",
    "Reason",
    "TruncatedTextWarning",
    "fit",
]

LAZY = {
    "EmotionClassifier": "goemotions.classifier",
    "Explanation": "goemotions.explaining.explanation",
    "Phrase": "goemotions.explaining.explanation",
    "Reason": "goemotions.explaining.explanation",
    "fit": "goemotions.fitting.fit",
}


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("goemotions")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
