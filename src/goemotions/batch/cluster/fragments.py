"""Fragments of bounded size, into which an input is cut from its files' footers before any text is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.batch.cluster.storage import Listed, Location
from goemotions.batch.cluster.tally import check_grouping
from goemotions.errors import DataError
from goemotions.grouping import Grouping
from goemotions.tables.parquet import check_schema
from goemotions.tables.table import OTHER_NAMES

FRAGMENT_BYTES = 32 << 20
"""Of a fragment's uncompressed columns; a fragment ends at this or at its rows, whichever comes first."""
FRAGMENT_FILES = 1024
READERS = 16
"""Small files opened at a time: an object store answers slowly, and many at once."""


@dataclass(frozen=True)
class Piece:
    """Rows ``start`` to ``stop`` of one row group."""

    path: str
    row_group: int
    start: int
    stop: int


@dataclass(frozen=True)
class Fragment:
    """A unit of work, whose result is one file.

    Attributes:
        number: its place in the manifest.
        pieces: whole row groups of one or more files with one schema, or a part of a single row group.
        partial: whether it is a part of a row group, which is read together with the other parts.
    """

    number: int
    pieces: tuple[Piece, ...]
    partial: bool

    @property
    def rows(self) -> int:
        return sum(piece.stop - piece.start for piece in self.pieces)

    @property
    def result(self) -> str:
        """The name of the file with its result."""
        return f"part-{self.number:09d}.parquet"


@dataclass(frozen=True)
class Footer:
    """A file's footer: rows and uncompressed bytes per row group, or the reason why it cannot be read."""

    file: Listed
    row_groups: tuple[tuple[int, int], ...] = ()
    schema: str = ""
    problem: str = ""


def read_footers(
    location: Location, files: Sequence[Listed], text_column: str, new_columns: list[str], grouping: Grouping
) -> Iterator[Footer]:
    """Yield the footers, in order; that of a file which is no Parquet holds the problem.

    Raises:
        DataError: a file whose columns do not allow the job.
    """

    def read(file: Listed) -> Footer:
        try:
            with location.filesystem.open_input_file(file.path) as stream:
                parquet = pq.ParquetFile(stream)
                metadata, schema = parquet.metadata, parquet.schema_arrow
        except (pa.ArrowException, OSError) as error:
            return Footer(file, problem=f"not readable as Parquet: {' '.join(str(error).split())}")
        check_schema(schema, text_column, new_columns, file.path, OTHER_NAMES)
        check_grouping(grouping, schema, file.path)
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        sizes = tuple((group.num_rows, group.total_byte_size) for group in groups)
        return Footer(file, sizes, hashlib.sha256(schema.remove_metadata().serialize()).hexdigest())

    with ThreadPoolExecutor(READERS) as pool:
        yield from pool.map(read, files)


def cut(footers: Iterable[Footer], fragment_rows: int, fragment_bytes: int = FRAGMENT_BYTES) -> Iterator[Fragment]:
    """Yield the fragments of readable files: small row groups and files joined, large row groups divided evenly."""
    number = 0
    waiting: list[Piece] = []
    rows = size = 0
    schema = ""
    for footer in footers:
        for index, (group_rows, group_bytes) in enumerate(footer.row_groups):
            full = rows + group_rows > fragment_rows or size + group_bytes > fragment_bytes
            full |= len(waiting) >= FRAGMENT_FILES
            if waiting and (full or footer.schema != schema):
                yield Fragment(number, tuple(waiting), partial=False)
                number, waiting, rows, size = number + 1, [], 0, 0
            schema = footer.schema
            if (group_rows <= fragment_rows and group_bytes <= fragment_bytes) or group_rows == 1:
                waiting.append(Piece(footer.file.path, index, 0, group_rows))
                rows, size = rows + group_rows, size + group_bytes
                continue
            step = max(1, min(fragment_rows, group_rows * fragment_bytes // max(1, group_bytes)))
            for start in range(0, group_rows, step):
                piece = Piece(footer.file.path, index, start, min(start + step, group_rows))
                yield Fragment(number, (piece,), partial=True)
                number += 1
    if waiting:
        yield Fragment(number, tuple(waiting), partial=False)


def read_together(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """Return fragments grouped by what one task reads: the parts of a row group in one pass, every other alone."""
    together: list[list[Fragment]] = []
    last: tuple[str, int] | None = None
    for fragment in fragments:
        key = (fragment.pieces[0].path, fragment.pieces[0].row_group) if fragment.partial else None
        if key is not None and key == last:
            together[-1].append(fragment)
        else:
            together.append([fragment])
        last = key
    return together


def read_fragments(location: Location, fragments: Sequence[Fragment]) -> Iterator[tuple[Fragment, pa.Table]]:
    """Yield fragments that :func:`read_together` put together, each with its rows, in bounded memory."""
    if not fragments[0].partial:
        for fragment in fragments:
            yield fragment, pa.concat_tables(whole_groups(location, fragment.pieces))
        return
    first = fragments[0].pieces[0]
    step = first.stop - first.start
    # No pre-buffering: it would hold the whole row group.
    with location.filesystem.open_input_file(first.path) as stream:
        file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
        rows = Rows(file.iter_batches(batch_size=step, row_groups=[first.row_group]), file.schema_arrow)
        for fragment in fragments:
            (piece,) = fragment.pieces
            rows.skip_to(piece.start)
            yield fragment, rows.take(piece.stop - piece.start)


def whole_groups(location: Location, pieces: Sequence[Piece]) -> Iterator[pa.Table]:
    groups: dict[str, list[int]] = {}
    for piece in pieces:
        groups.setdefault(piece.path, []).append(piece.row_group)

    def read_groups(path: str) -> pa.Table:
        with location.filesystem.open_input_file(path) as stream:
            return pq.ParquetFile(stream).read_row_groups(groups[path])

    with ThreadPoolExecutor(min(READERS, len(groups))) as pool:
        yield from pool.map(read_groups, groups)


class Rows:
    """A stream of record batches, taken by numbers of rows."""

    def __init__(self, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        self._batches = batches
        self._schema = schema
        self._waiting: pa.Table = schema.empty_table()
        self._position = 0

    def skip_to(self, row: int) -> None:
        while self._position < row:
            self.take(min(row - self._position, max(1, self._waiting.num_rows)))

    def take(self, rows: int) -> pa.Table:
        """Return the next rows.

        Raises:
            DataError: the file has fewer rows than its footer said.
        """
        while self._waiting.num_rows < rows:
            batch = next(self._batches, None)
            if batch is None:
                raise DataError(f"the file ends {rows - self._waiting.num_rows} rows early")
            self._waiting = pa.concat_tables([self._waiting, pa.Table.from_batches([batch], self._schema)])
        taken, self._waiting = self._waiting.slice(0, rows), self._waiting.slice(rows)
        self._position += rows
        return taken


def to_json(fragment: Fragment) -> str:
    return json.dumps(asdict(fragment))


def from_json(line: str) -> Fragment:
    values: dict[str, Any] = json.loads(line)
    return Fragment(values["number"], tuple(Piece(**piece) for piece in values["pieces"]), values["partial"])
