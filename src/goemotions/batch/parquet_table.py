"""Parquet, read and written as Arrow tables: every type and all metadata of the input's columns are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.batch.annotate import Annotations
from goemotions.batch.table import GROUP_CHARACTERS, GROUP_ROWS, Table, check_columns
from goemotions.errors import DataError

ROW_GROUP = 1 << 16  # rows of a row group in the output: parts are too small for those who read it
EMOTIONS = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())]))


class ParquetTable(Table):
    """A Parquet file with a column of strings."""

    def __init__(self, path: Path, text_column: str) -> None:
        super().__init__(path, text_column)
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
        except pa.ArrowInvalid as error:
            raise DataError(f"{path} is not a Parquet file: {error}") from error
        self._schema = self._file.schema_arrow
        self._rows_read = 0

    @property
    def columns(self) -> list[str]:
        return list(self._schema.names)

    @property
    def fraction_read(self) -> float:
        rows = self._file.metadata.num_rows
        return self._rows_read / rows if rows else 1.0

    def check_columns(self, new_columns: list[str]) -> None:
        check_schema(self._schema, self.text_column, new_columns, str(self.path))

    def groups(self) -> Iterator[pa.Table]:
        self._rows_read = 0
        for batch in self._file.iter_batches(batch_size=GROUP_ROWS):
            for part in bounded(batch, self.text_column):
                self._rows_read += part.num_rows
                yield pa.Table.from_batches([part], schema=self._schema)

    def texts(self, group: pa.Table) -> list[str | None]:
        try:
            texts: list[str | None] = group.column(self.text_column).to_pylist()
        except UnicodeDecodeError as error:
            first = self._rows_read - group.num_rows
            raise DataError(
                f"{self.path}, rows {first} to {self._rows_read - 1}: {self.text_column!r} holds bytes that are not "
                "UTF-8"
            ) from error
        return texts

    def write_part(self, path: Path, group: pa.Table, new: Annotations) -> None:
        pq.write_table(with_annotations(group, new), path)

    def assemble(self, parts: Sequence[Path], output: Path, new_columns: list[str]) -> None:
        schema = pq.read_schema(parts[0]) if parts else self._empty_schema(new_columns)
        with pq.ParquetWriter(output, schema) as writer:
            waiting: list[pa.Table] = []
            for part in parts:
                waiting.append(pq.read_table(part))
                if sum(table.num_rows for table in waiting) >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting or not parts:
                writer.write_table(pa.concat_tables(waiting) if waiting else schema.empty_table())

    def _empty_schema(self, new_columns: list[str]) -> pa.Schema:
        types = {"emotions": EMOTIONS, "truncated": pa.bool_()}
        schema = self._schema
        for name in new_columns:
            schema = schema.append(pa.field(name, types.get(name, pa.float32())))
        return schema


def check_schema(schema: pa.Schema, text_column: str, new_columns: list[str], name: str) -> None:
    """
    Raises:
        DataError: as :func:`goemotions.batch.table.check_columns`, or the text column holds no strings.
    """
    check_columns(list(schema.names), text_column, new_columns, name)
    kind = schema.field(text_column).type
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(values) or pa.types.is_large_string(values) or pa.types.is_string_view(values)):
        raise DataError(f"{name}: column {text_column!r} is of type {kind}, expected strings")


def with_annotations(group: pa.Table, new: Annotations) -> pa.Table:
    """``group`` with the new columns of its rows."""
    group = group.append_column("emotions", pa.array(new.emotions, EMOTIONS))
    group = group.append_column("truncated", pa.array(new.truncated, pa.bool_()))
    for name, values in new.scores.items():
        group = group.append_column(name, pa.array(values, pa.float32()))
    return group


def bounded(batch: pa.RecordBatch, text_column: str) -> Iterator[pa.RecordBatch]:
    """Halve a batch until its texts are of bounded size."""
    if batch.num_rows > 1 and batch.column(text_column).nbytes > GROUP_CHARACTERS:
        half = batch.num_rows // 2
        yield from bounded(batch.slice(0, half), text_column)
        yield from bounded(batch.slice(half), text_column)
    else:
        yield batch
