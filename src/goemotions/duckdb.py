"""Emotions in SQL: ``SELECT emotions(text) FROM comments`` on a DuckDB connection.

>>> import duckdb
>>> from goemotions.duckdb import register
>>> connection = duckdb.connect()
>>> register(connection)
>>> connection.sql("SELECT emotions('Thank you!')[1].label").fetchall()
[('gratitude',)]
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from goemotions.annotations import annotate
from goemotions.classifier import EmotionClassifier
from goemotions.errors import AssumptionWarning, MissingExtraError
from goemotions.predictions import PredictOptions

if TYPE_CHECKING:
    import duckdb

TYPE = "STRUCT(label VARCHAR, score DOUBLE)[]"


def register(
    connection: duckdb.DuckDBPyConnection,
    classifier: EmotionClassifier | None = None,
    options: PredictOptions | None = None,
    name: str = "emotions",
) -> None:
    """Give a connection the function ``emotions(text)``: a list of ``{label, score}``, highest first.

    A null or blank text has an empty list. The function is registered again if it is there. Texts in languages that
    the model does not read are warned of once, by those that DuckDB hands over together.

    Args:
        classifier: None for the bundled default.
        options: how texts are decided; None for the model's own thresholds.
        name: of the function.

    Raises:
        MissingExtraError: pyarrow is not installed, by which DuckDB hands over columns.
    """
    try:
        from goemotions.tables.parquet import TYPES
        from goemotions.tables.table import Kind
    except ImportError as error:
        raise MissingExtraError("DuckDB", "tables") from error
    import pyarrow as pa

    model = classifier or EmotionClassifier()
    chosen = options or PredictOptions()
    said: list[str] = []

    def emotions(texts: Any) -> Any:  # DuckDB evaluates annotations here
        found = annotate(model, texts.to_pylist(), chosen)
        if not said and (note := model.unread_note(found.languages)):
            said.append(note)
            warnings.warn(note, AssumptionWarning, stacklevel=2)
        return pa.array(found.emotions, TYPES[Kind.RANKED])

    functions: Any = connection
    there = connection.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = ?", [name]).fetchall()
    if there:
        functions.remove_function(name)
    functions.create_function(name, emotions, ["VARCHAR"], TYPE, type="arrow", null_handling="special")
