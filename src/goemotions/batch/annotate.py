"""What a scored table gains: the columns made from its texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from goemotions.classifier import EmotionClassifier, LongText
from goemotions.thresholds import Threshold, resolve


@dataclass(frozen=True)
class PredictOptions:
    """How texts are scored and shown; fields as in :meth:`goemotions.EmotionClassifier.predict`."""

    threshold: Threshold = None
    top_k: int | None = None
    reliable_only: bool = False
    long_text: LongText = "cut"
    all_scores: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Annotations:
    """The new values of n rows, in order. A null text has no emotions and no scores.

    Attributes:
        emotions: for each row, ``{"label", "score"}`` objects, highest first.
        truncated: for each row, whether its text was cut.
        scores: column name to a value a row, empty unless all scores were asked for.
    """

    emotions: list[list[dict[str, Any]]]
    truncated: list[bool]
    scores: dict[str, list[float | None]]


def added_columns(labels: Sequence[str], options: PredictOptions) -> list[str]:
    """The names of the columns :func:`annotate` makes."""
    scores = [f"score_{label}" for label in labels] if options.all_scores else []
    return ["emotions", "truncated", *scores]


def annotate(classifier: EmotionClassifier, texts: Sequence[str | None], options: PredictOptions) -> Annotations:
    """Score the texts of some rows."""
    present = [row for row, text in enumerate(texts) if text is not None]
    scored = classifier.score([text for text in texts if text is not None], long_text=options.long_text)
    probabilities = scored.probabilities
    found = classifier.select(
        probabilities,
        resolve(options.threshold, classifier.thresholds),
        top_k=options.top_k,
        reliable_only=options.reliable_only,
    )
    emotions: list[list[dict[str, Any]]] = [[] for _ in texts]
    truncated = [False] * len(texts)
    scores: dict[str, list[float | None]] = {}
    if options.all_scores:
        scores = {f"score_{label}": [None] * len(texts) for label in classifier.labels}
    for place, row in enumerate(present):
        emotions[row] = [{"label": label, "score": score} for label, score in found[place].items()]
        truncated[row] = bool(scored.truncated[place])
        for column, values in enumerate(scores.values()):
            values[row] = round(float(probabilities[place, column]), 4)
    return Annotations(emotions, truncated, scores)
