"""Emotions of a Spark frame's column, by ``mapInArrow``: no row leaves the executors.

``annotate(frame, "text")`` is the frame with the columns that ``EmotionClassifier.annotate`` adds, and as lazy as any
other: nothing is scored before an action. Each Python worker loads the model once, so its directory must be on every
machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Unpack

from goemotions.annotations import added_columns
from goemotions.classifier import EmotionClassifier
from goemotions.errors import MissingExtraError
from goemotions.frames import AnnotateOptions, annotate_frame, layout_of, predict_options
from goemotions.tables.table import Kind, check_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Scoring:
    """Adds columns to record batches; travels to the workers, to which the model goes by name or path."""

    model: str | None
    column: str
    options: AnnotateOptions

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield each record batch with its new columns."""
        import pyarrow as pa

        classifier = loaded(self.model)
        for batch in batches:
            yield from annotate_frame(
                classifier, pa.Table.from_batches([batch]), self.column, self.options
            ).to_batches()


@cache
def loaded(model: str | None) -> EmotionClassifier:
    """Return the model, loaded once in a process; on one thread, for Spark runs as many tasks as there are cores."""
    return EmotionClassifier(model, threads=1)


def annotate(frame: DataFrame, column: str, model: str | None = None, **options: Unpack[AnnotateOptions]) -> DataFrame:
    """Return a frame with the emotions of a column of texts.

    A text that is missing or blank has none. Options are those of ``EmotionClassifier.annotate``.

    Args:
        model: a name or a path that every worker knows; None for the bundled default.

    Raises:
        DataError: no such column, or one of the new columns is there already.
        MissingExtraError: PySpark, pyarrow or narwhals is not installed.
        ValueError: an option out of range.
    """
    try:
        import narwhals  # noqa: F401
        import pyarrow  # noqa: F401
        from pyspark.sql import types
    except ImportError as error:
        raise MissingExtraError("Spark", "spark") from error
    chosen, layout = predict_options(options), layout_of(options)
    classifier = loaded(model)
    classifier.predictions([], chosen)  # an option out of range is said here, and not by a worker
    new = added_columns(classifier.labels, chosen, layout, options.get("prefix", ""))
    check_columns(frame.columns, column, [one.name for one in new], "the frame")
    schema = types.StructType(list(frame.schema.fields))
    for one in new:
        schema.add(one.name, spark_type(types, one.kind))
    return frame.mapInArrow(Scoring(model, column, options), schema)


def spark_type(types: Any, kind: Kind) -> Any:
    """Return the type of a new column."""
    text, number = types.StringType(), types.DoubleType()
    ranked = types.StructType().add("label", text).add("score", number)
    reason = types.StructType().add("label", text).add("text", text)
    for place in ("start", "end"):
        reason.add(place, types.IntegerType())
    return {
        Kind.RANKED: types.ArrayType(ranked),
        Kind.REASONS: types.ArrayType(reason.add("effect", types.FloatType())),
        Kind.FLAG: types.BooleanType(),
        Kind.SCORE: number,
        Kind.NAME: text,
        Kind.BIT: types.ByteType(),
    }[kind]
