"""What a scored table gains: the columns made from its texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goemotions.classifier import EmotionClassifier
from goemotions.predictions import PredictOptions, is_blank
from goemotions.tables.table import Kind, NewColumn, NewValues

EMOTIONS = NewColumn("emotions", Kind.RANKED)
TRUNCATED = NewColumn("truncated", Kind.FLAG)


@dataclass(frozen=True)
class Annotations:
    """The new values of n rows, in order. A null or blank text has no emotions and no scores.

    Attributes:
        emotions: for each row, ``{"label", "score"}`` objects, highest first.
        truncated: for each row, whether its text was cut.
        scores: column name to a value a row, empty unless all scores were asked for.
    """

    emotions: list[list[dict[str, Any]]]
    truncated: list[bool]
    scores: dict[str, list[float | None]]

    @property
    def columns(self) -> NewValues:
        """The values as a table's new columns."""
        scores = {NewColumn(name, Kind.SCORE): values for name, values in self.scores.items()}
        return {EMOTIONS: self.emotions, TRUNCATED: self.truncated, **scores}


def added_columns(labels: Sequence[str], options: PredictOptions) -> list[NewColumn]:
    """Return the columns that :func:`annotate` makes."""
    scores = [NewColumn(f"score_{label}", Kind.SCORE) for label in labels] if options.all_scores else []
    return [EMOTIONS, TRUNCATED, *scores]


def annotate(classifier: EmotionClassifier, texts: Sequence[str | None], options: PredictOptions) -> Annotations:
    """Score the texts of some rows; one that is null or blank has no emotions and no scores."""
    present = [row for row, text in enumerate(texts) if text is not None and not is_blank(text)]
    found = classifier.predictions([texts[row] or "" for row in present], options)
    emotions: list[list[dict[str, Any]]] = [[] for _ in texts]
    truncated = [False] * len(texts)
    scores: dict[str, list[float | None]] = {}
    if options.all_scores:
        scores = {f"score_{label}": [None] * len(texts) for label in classifier.labels}
    for place, row in enumerate(present):
        emotions[row] = [{"label": label, "score": score} for label, score in found[place].emotions.items()]
        truncated[row] = found[place].truncated
        for column, values in enumerate(scores.values()):
            values[row] = round(float(found[place].scores[column]), 4)
    return Annotations(emotions, truncated, scores)
