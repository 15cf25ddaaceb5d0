"""The columns that a scored table or frame gains: made from its texts, and laid out in one of three ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from goemotions.explaining.explanation import DECIMALS, Explanation
from goemotions.predictions import LongText, Prediction, PredictOptions, is_blank
from goemotions.tables.table import Kind, Layout, NewColumn, NewValues

EMOTIONS = NewColumn("emotions", Kind.RANKED)
TRUNCATED = NewColumn("truncated", Kind.FLAG)
LANGUAGE, MODEL = NewColumn("language", Kind.NAME), NewColumn("model", Kind.NAME)
THRESHOLDS = NewColumn("thresholds", Kind.NAME)
EXPLANATION = NewColumn("explanation", Kind.REASONS)
EMOTION, SCORE, GIVEN = NewColumn("emotion", Kind.NAME), NewColumn("score", Kind.SCORE), NewColumn("given", Kind.FLAG)
REASONS = 5
"""Words and phrases that are given for an emotion."""
RANKS = 3
"""Emotions in columns of their own, where no number is asked for."""


class Predictor(Protocol):
    """Interface of something that scores texts."""

    @property
    def labels(self) -> Sequence[str]:
        """The model's labels."""

    def predictions(self, texts: Iterable[str], options: PredictOptions | None = None) -> list[Prediction]:
        """Return what is found in each text."""

    def unread_note(self, counts: Mapping[str | None, int]) -> str | None:
        """Return what is said of texts, by language, that the model does not read; None if they are few or none."""

    def explain(
        self, texts: Iterable[str], labels: Iterable[str] | None = None, *, long_text: LongText = "cut"
    ) -> list[Explanation]:
        """Return what each word of each text adds to each label."""


class Answered(NamedTuple):
    """The way a text was answered: fields as in :class:`Prediction`; None of a row without text."""

    language: str | None
    model: str | None
    thresholds: str | None


@dataclass(frozen=True)
class Annotations:
    """The new values of n rows, in order. A null or blank text has no emotions and no scores.

    Attributes:
        emotions: for each row, ``{"label", "score"}`` objects, highest first.
        truncated: for each row, whether its text was cut.
        scores: column name to a value per row, empty unless all scores were asked for.
        reasons: for each row, the words that decide its emotions; None unless they were asked for.
        answered: how each row's text was answered; None unless that was asked for.
        languages: texts by language; None for those whose language was not told.
    """

    emotions: list[list[dict[str, Any]]]
    truncated: list[bool]
    scores: dict[str, list[float | None]]
    reasons: list[list[dict[str, Any]]] | None = None
    answered: list[Answered] | None = None
    languages: Counter[str | None] = field(default_factory=Counter)

    @property
    def columns(self) -> NewValues:
        """The values as a table's new columns."""
        return {EMOTIONS: self.emotions, TRUNCATED: self.truncated, **self.further_columns}

    @property
    def further_columns(self) -> NewValues:
        """The columns that were asked for."""
        return {**self.answer_columns, **self.explanation_column, **self.score_columns}

    @property
    def answer_columns(self) -> dict[NewColumn, list[str | None]]:
        """The languages, models and whose thresholds as columns, if they were asked for."""
        if self.answered is None:
            return {}
        return {
            LANGUAGE: [each.language for each in self.answered],
            MODEL: [each.model for each in self.answered],
            THRESHOLDS: [each.thresholds for each in self.answered],
        }

    @property
    def explanation_column(self) -> NewValues:
        """The words that decide as a column, if they were asked for."""
        return {} if self.reasons is None else {EXPLANATION: self.reasons}

    @property
    def score_columns(self) -> dict[NewColumn, list[float | None]]:
        """The probabilities of all labels as columns."""
        return {NewColumn(name, Kind.SCORE): values for name, values in self.scores.items()}


@dataclass(frozen=True)
class LaidOut:
    """New columns, and the rows that they belong to.

    Attributes:
        columns: the values.
        rows: the number of each value's row, in order; None where every row has one value.
    """

    columns: NewValues
    rows: list[int] | None = None


def added_columns(
    labels: Sequence[str], options: PredictOptions, layout: Layout = Layout.nested, prefix: str = ""
) -> list[NewColumn]:
    """Return the columns that :func:`annotate` and :func:`lay_out` make."""
    scores: dict[str, list[float | None]] = {f"score_{label}": [] for label in labels} if options.all_scores else {}
    nothing = Annotations([], [], scores, [] if options.explain else None, [] if options.show_language else None)
    return list(lay_out(nothing, labels, options, layout, prefix).columns)


def annotate(classifier: Predictor, texts: Sequence[str | None], options: PredictOptions) -> Annotations:
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
    why = reasons(classifier, texts, emotions, options) if options.explain else None
    answered = [Answered(None, None, None)] * len(texts)
    for row, prediction in zip(present, found, strict=True):
        answered[row] = answered_by(prediction)
    languages = Counter(prediction.language for prediction in found)
    return Annotations(emotions, truncated, scores, why, answered if options.show_language else None, languages)


def answered_by(prediction: Prediction) -> Answered:
    """Return how a text was answered."""
    return Answered(prediction.language, prediction.model, prediction.thresholds)


def reasons(
    classifier: Predictor,
    texts: Sequence[str | None],
    emotions: Sequence[Sequence[dict[str, Any]]],
    options: PredictOptions,
) -> list[list[dict[str, Any]]]:
    """Return for each row the words that decide its emotions: for each emotion the strongest, as objects."""
    found: list[list[dict[str, Any]]] = [[] for _ in texts]
    rows = [row for row, given in enumerate(emotions) if given]
    given = classifier.explain([texts[row] or "" for row in rows], long_text=options.long_text)
    for row, explained in zip(rows, given, strict=True):
        found[row] = [
            {"label": entry["label"], **vars(reason), "effect": round(reason.effect, DECIMALS)}
            for entry in emotions[row]
            for reason in explained.strongest(entry["label"], REASONS)
        ]
    return found


def lay_out(
    found: Annotations, labels: Sequence[str], options: PredictOptions, layout: Layout, prefix: str = ""
) -> LaidOut:
    """Return what was found in some rows as columns, whose names begin with ``prefix``."""
    if layout is Layout.wide:
        laid = LaidOut(wide(found, labels, options.top_k))
    elif layout is Layout.long:
        laid = long(found, labels, options.all_scores)
    else:
        laid = LaidOut(found.columns)
    named = {replace(column, name=prefix + column.name): values for column, values in laid.columns.items()}
    return LaidOut(named, laid.rows)


def wide(found: Annotations, labels: Sequence[str], top_k: int | None) -> NewValues:
    """Return columns of the first emotions, and one of 0 and 1 for each label."""
    columns: dict[NewColumn, Sequence[Any]] = {}
    for rank in range(min(top_k or RANKS, len(labels))):
        ranked = [emotions[rank] if rank < len(emotions) else None for emotions in found.emotions]
        columns[NewColumn(f"emotion_{rank + 1}", Kind.NAME)] = [entry and entry["label"] for entry in ranked]
        columns[NewColumn(f"score_{rank + 1}", Kind.SCORE)] = [entry and entry["score"] for entry in ranked]
    given = [{entry["label"] for entry in emotions} for emotions in found.emotions]
    for label in labels:
        columns[NewColumn(label, Kind.BIT)] = [int(label in names) for names in given]
    return {**columns, TRUNCATED: found.truncated, **found.further_columns}


def long(found: Annotations, labels: Sequence[str], all_scores: bool) -> LaidOut:
    """Return a row per text and emotion; with all scores, one per text and label, highest first."""
    rows: list[int] = []
    names: list[str | None] = []
    scores: list[float | None] = []
    given: list[bool] = []
    for row, emotions in enumerate(found.emotions):
        ranked = [(entry["label"], entry["score"]) for entry in emotions]
        decided = {label for label, _ in ranked}
        if all_scores:
            every = ((label, found.scores[f"score_{label}"][row]) for label in labels)
            ranked = sorted(((label, score) for label, score in every if score is not None), key=lambda pair: -pair[1])
        for label, score in ranked or [(None, None)]:
            rows.append(row)
            names.append(label)
            scores.append(score)
            given.append(label in decided)
    truncated = [found.truncated[row] for row in rows]
    flags = {GIVEN: given} if all_scores else {}
    columns: dict[NewColumn, Sequence[Any]] = {EMOTION: names, SCORE: scores, **flags, TRUNCATED: truncated}
    columns |= {column: [values[row] for row in rows] for column, values in found.answer_columns.items()}
    if found.reasons is not None:
        every_reason = found.reasons
        columns[EXPLANATION] = [
            [reason for reason in every_reason[row] if reason["label"] == name]
            for row, name in zip(rows, names, strict=True)
        ]
    return LaidOut(columns, rows)
