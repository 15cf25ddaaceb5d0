"""Parquet, read and written as Arrow tables: every type and all metadata of the input's columns are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.errors import DataError
from goemotions.escaping import one_line
from goemotions.tables.conversion import Shape, Type, shape_values, typed
from goemotions.tables.source import Source
from goemotions.tables.table import (
    GROUP_CHARACTERS,
    GROUP_ROWS,
    RENAME,
    TEXT_OPTION,
    Group,
    KeptTable,
    Kind,
    NewColumn,
    NewValues,
    check_columns,
    check_different,
)

ROW_GROUP = 1 << 16  # rows of a row group in the output: parts are too small for those who read it
TYPES = {
    Kind.RANKED: pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())])),
    Kind.REASONS: pa.list_(
        pa.struct(
            [
                ("label", pa.string()),
                ("text", pa.string()),
                ("start", pa.int32()),
                ("end", pa.int32()),
                ("effect", pa.float32()),
            ]
        )
    ),
    Kind.FLAG: pa.bool_(),
    Kind.SCORE: pa.float32(),
    Kind.NAME: pa.string(),
    Kind.BIT: pa.int8(),
}
PLAIN_TYPES = {Type.TEXT: pa.string(), Type.WHOLE: pa.int64(), Type.NUMBER: pa.float64(), Type.FLAG: pa.bool_()}


@dataclass(frozen=True)
class Rows(Group):
    """Rows ``first``, counted from 0, and after of a file."""

    path: Path
    first: int
    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> list[str]:
        return list(self.table.column_names)

    def take(self, rows: Sequence[int]) -> Rows:
        return Rows(self.path, self.first, self.table.take(pa.array(rows, pa.int64())))

    def column(self, name: str) -> list[Any]:
        try:
            values: list[Any] = self.table.column(name).to_pylist()
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self.path}, rows {self.first} to {self.first + len(self) - 1}: {name!r} holds bytes that are not "
                "UTF-8"
            ) from error
        return values


class ParquetTable(KeptTable):
    """A Parquet file with a column of strings."""

    def __init__(self, path: Path, text_column: str) -> None:
        super().__init__(path, text_column)
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
            self._schema = self._file.schema_arrow
        except Exception as error:  # damage raises whatever it meets, errors of decoding and of memory too
            raise DataError(f"{path} is not a Parquet file: {one_line(str(error))}") from error
        self._rows_read = 0

    @property
    def columns(self) -> list[str]:
        return list(self._schema.names)

    @property
    def schema(self) -> dict[str, str]:
        return {field.name: str(field.type) for field in self._schema}

    @property
    def form(self) -> Any:
        return self._schema  # equal to one with other metadata, such as pandas' number of rows

    @property
    def fraction_read(self) -> float:
        rows = self._file.metadata.num_rows
        return self._rows_read / rows if rows else 1.0

    def check_columns(self, new: Sequence[str], taken: str = RENAME) -> None:
        check_schema(self._schema, self.text_column, new, str(self.path), taken)

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[Rows]:
        self._rows_read = 0
        schema = self._schema if columns is None else pa.schema([self._schema.field(name) for name in columns])
        batches = self._file.iter_batches(batch_size=GROUP_ROWS, columns=None if columns is None else list(columns))
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:  # as above
                raise DataError(f"{self.path}: damaged after row {self._rows_read}: {one_line(str(error))}") from error
            if batch is None:
                return
            for part in bounded(batch, self.text_column):
                first = self._rows_read
                self._rows_read += part.num_rows
                yield Rows(self.path, first, pa.Table.from_batches([part.select(schema.names)], schema=schema))

    def write_part(self, path: Path, group: Rows, new: NewValues) -> None:
        pq.write_table(with_columns(group.table, new), path)

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        join_parts(parts, self._schema, output, new)


class ParquetWriter:
    """Writes rows of any table as a Parquet file."""

    def __init__(self, shape: Shape) -> None:
        self._fields = shape.fields
        self._schema = pa.schema([(field.name, PLAIN_TYPES[field.type]) for field in shape.fields])

    def write_part(self, path: Path, group: Group, new: NewValues) -> None:
        columns = shape_values(group, self._schema.names)
        arrays = [
            pa.array(typed(field, values), self._schema.field(field.name).type)
            for field, values in zip(self._fields, columns, strict=True)
        ]
        pq.write_table(with_columns(pa.Table.from_arrays(arrays, schema=self._schema), new), path)

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        join_parts(parts, self._schema, output, new)


def join_parts(parts: Sequence[Path], schema: pa.Schema, output: Path, new: Sequence[NewColumn]) -> None:
    """Write parts as one file; without any, an empty one with the columns of ``schema`` and the new ones."""
    for column in new:
        schema = schema.append(pa.field(column.name, TYPES[column.kind]))
    if parts:
        schema = pq.read_schema(parts[0])
    with pq.ParquetWriter(output, schema) as writer:
        waiting: list[pa.Table] = []
        for part in parts:
            with pq.ParquetFile(part) as file:  # read_table would take a folder's name for a column, if it could
                waiting.append(file.read())
            if sum(table.num_rows for table in waiting) >= ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting or not parts:
            writer.write_table(pa.concat_tables(waiting) if waiting else schema.empty_table())


def check_schema(
    schema: pa.Schema, text_column: str, new_columns: Sequence[str], name: str, taken: str = RENAME
) -> None:
    """Check that a file's columns have names of their own, and that its texts are strings.

    Raises:
        DataError: as :func:`goemotions.tables.table.check_columns`, two columns of one name, or the text column holds
            no strings.
    """
    names = list(schema.names)
    check_different(names, name)
    check_columns(names, text_column, new_columns, name, taken, TEXT_OPTION)
    kind = schema.field(text_column).type
    advice = ": cast it first, as pyarrow's column.cast('string') does" if pa.types.is_binary(kind) else ""
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(values) or pa.types.is_large_string(values) or pa.types.is_string_view(values)):
        raise DataError(f"{name}: column {text_column!r} is of type {kind}, expected strings{advice}")


def with_columns(table: pa.Table, new: NewValues) -> pa.Table:
    """Return ``table`` with new columns of its rows."""
    for column, values in new.items():
        table = table.append_column(column.name, pa.array(values, TYPES[column.kind]))
    return table


def bounded(batch: pa.RecordBatch, text_column: str) -> Iterator[pa.RecordBatch]:
    """Halve a batch until its texts are of bounded size."""
    if batch.num_rows > 1 and batch.column(text_column).nbytes > GROUP_CHARACTERS:
        half = batch.num_rows // 2
        yield from bounded(batch.slice(0, half), text_column)
        yield from bounded(batch.slice(half), text_column)
    else:
        yield batch


def open_table(source: Source, text_column: str) -> ParquetTable:
    """Open a file."""
    return ParquetTable(source.path, text_column)


def make_writer(shape: Shape, _: Path) -> ParquetWriter:
    """Return what writes tables of other formats."""
    return ParquetWriter(shape)
