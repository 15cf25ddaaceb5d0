"""Data frames with the emotions of a column of texts: of pandas, polars, pyarrow and whatever else narwhals knows.

What is given comes back: the same kind of frame, with its index and its other columns as they are, and new ones behind
them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from goemotions.annotations import Annotations, Answered, Predictor, added_columns, annotate, lay_out
from goemotions.errors import AssumptionWarning, DataError, MissingExtraError, counted_of
from goemotions.odd_texts import OddTexts
from goemotions.predictions import LongText, PredictOptions, Threshold, is_blank, warn_of_unread
from goemotions.tables.table import GROUP_ROWS, LISTS, Kind, Layout, NewColumn, check_columns

if TYPE_CHECKING:
    import narwhals as nw

Frame = TypeVar("Frame")


class AnnotateOptions(TypedDict, total=False):
    """Options of :func:`annotate_frame`; those of ``predict``, and how the new columns are laid out.

    Attributes:
        columns: ``"nested"``: a column ``emotions`` with a list per row; ``"wide"``: ``emotion_1``, ``score_1`` and so
            on, and a column of 0 and 1 for each label; ``"long"``: a row per text and emotion.
        prefix: the beginning of the new columns' names.
        explain: add a column ``explanation``: for each emotion its strongest words, and what they add in log odds.
        all_scores: add ``score_<label>`` columns; in the long layout, a row for every label.
        show_language: add columns ``language``, ``model`` and ``thresholds``: what each text is in, which model
            answered, and whose thresholds decided.
    """

    threshold: Threshold
    top_k: int | None
    reliable_only: bool
    long_text: LongText
    all_scores: bool
    explain: bool
    show_language: bool
    columns: Literal["nested", "wide", "long"]
    prefix: str


def annotate_frame(classifier: Predictor, frame: Frame, column: str, options: AnnotateOptions) -> Frame:
    """Return a frame with new columns for the emotions of a column of texts.

    A text that is missing or blank has no emotions: an empty list, nulls for names and scores, 0 for labels.

    Raises:
        DataError: no such column, two of one name, or one of the new columns is there already.
        MissingExtraError: narwhals is not installed.
        TypeError: no data frame, a lazy one, or something in the column that is no text (its row is named).
        ValueError: an option out of range.
    """
    try:
        import narwhals as nw
    except ImportError as error:
        raise MissingExtraError("annotating frames", "frames") from error
    wrapped: nw.DataFrame[Any] = as_frame(nw, frame)
    layout, prefix = layout_of(options), options.get("prefix", "")
    chosen = predict_options(options)
    labels = classifier.labels
    new_names = [new.name for new in added_columns(labels, chosen, layout, prefix)]
    check_columns(wrapped.columns, column, new_names, "the frame")
    found = annotate_texts(classifier, texts_of(wrapped.get_column(column)), chosen)
    laid = lay_out(found, labels, chosen, layout, prefix)
    kept = wrapped if laid.rows is None else wrapped[laid.rows]
    series = [new_series(nw, wrapped, new, values) for new, values in laid.columns.items()]
    native: Frame = kept.with_columns(*series).to_native()
    return native


def predict_options(options: AnnotateOptions) -> PredictOptions:
    """Return the options without those of the new columns; errors as :func:`annotate_frame`."""
    given = {name: value for name, value in options.items() if name not in ("columns", "prefix")}
    return PredictOptions(**given)  # type: ignore[arg-type]


def layout_of(options: AnnotateOptions) -> Layout:
    """Return how new columns are laid out.

    Raises:
        ValueError: no layout of that name.
    """
    given = options.get("columns", "nested")
    if given not in list(Layout):
        raise ValueError(f"columns must be {', '.join(Layout)}, got {given!r}")
    return Layout(given)


def as_frame(nw: Any, frame: Any) -> Any:
    """Return a frame as narwhals sees it.

    Raises:
        DataError: several columns have one name.
        TypeError: no data frame, or a lazy one.
    """
    try:
        return nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        twice = ", ".join(line.strip("- ") for line in str(error).splitlines()[1:])
        raise DataError(f"the frame has columns of the same name: {twice}; rename them first") from None
    except TypeError:
        kind = f"{type(frame).__module__.split('.')[0]}'s {type(frame).__name__}"
        raise TypeError(
            f"expected a data frame of pandas, polars, pyarrow or one that narwhals knows, in memory, got {kind}"
        ) from None


def texts_of(series: nw.Series[Any]) -> list[str | None]:
    """Return the texts of a column, None for those that are missing.

    Raises:
        TypeError: something that is no text; its row is named.
    """
    missing = series.is_null().to_list()
    texts = [None if gone else value for gone, value in zip(missing, series.to_list(), strict=True)]
    texts = [None if isinstance(text, float) and text != text else text for text in texts]  # NaN  # noqa: PLR0124
    for row, text in enumerate(texts):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"row {row} of {series.name!r} must be a str, got {text!r:.80} ({type(text).__name__})")
    return texts


def annotate_texts(classifier: Predictor, texts: Sequence[str | None], options: PredictOptions) -> Annotations:
    """Score texts, some thousand at a time, and say how many are missing or were truncated."""
    scores: dict[str, list[float | None]] = {}
    if options.all_scores:
        scores = {f"score_{label}": [] for label in classifier.labels}
    reasons: list[list[dict[str, Any]]] | None = [] if options.explain else None
    answered: list[Answered] | None = [] if options.show_language else None
    found = Annotations([], [], scores, reasons, answered)
    for start in range(0, len(texts), GROUP_ROWS):
        block = annotate(classifier, texts[start : start + GROUP_ROWS], options)
        found.emotions.extend(block.emotions)
        found.truncated.extend(block.truncated)
        found.languages.update(block.languages)
        if found.answered is not None and block.answered is not None:
            found.answered.extend(block.answered)
        for name, values in block.scores.items():
            found.scores[name].extend(values)
        if reasons is not None:
            reasons += block.reasons or []
    missing = sum(text is None or is_blank(text) for text in texts)
    if missing:
        one, many = "has no text: it has no emotions", "have no text: they have no emotions"
        warnings.warn(counted_of(missing, len(texts), "row", one, many), AssumptionWarning, stacklevel=4)
    odd = OddTexts()
    odd.add(text for text in texts if text and not is_blank(text))
    for note in odd.notes():
        warnings.warn(note, AssumptionWarning, stacklevel=4)
    warn_of_unread(found.truncated, None, classifier.unread_note(found.languages), stacklevel=5)
    return found


def new_series(nw: Any, frame: Any, new: NewColumn, values: Sequence[Any]) -> Any:
    """Return a column of a frame's own library."""
    types = {
        Kind.RANKED: nw.List(nw.Struct({"label": nw.String, "score": nw.Float64})),
        Kind.REASONS: nw.List(
            nw.Struct({"label": nw.String, "text": nw.String, "start": nw.Int32, "end": nw.Int32, "effect": nw.Float32})
        ),
        Kind.FLAG: nw.Boolean,
        Kind.SCORE: nw.Float64,
        Kind.NAME: nw.String,
        Kind.BIT: nw.Int8,
    }
    dtype = types[new.kind]
    if new.kind in LISTS and frame.implementation.is_pandas_like():
        dtype = None  # pandas keeps lists as objects
    return nw.new_series(new.name, list(values), dtype, backend=frame.implementation)
