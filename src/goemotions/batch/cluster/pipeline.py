"""The way of fragments through Ray Data: read tasks → actors with the model → write tasks.

A row of the Ray data set is a whole fragment, serialised, so that however Ray joins and splits blocks, a fragment stays
one. Ray Data starts reads as memory and actors allow, replaces actors and nodes that die, and reads again what they
held.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource, ReadTask
from ray.util.annotations import RayDeprecationWarning

from goemotions.batch.cluster.fragments import Fragment, from_json, read_fragments, read_together, to_json
from goemotions.batch.cluster.nodes import Actors
from goemotions.batch.cluster.score import Scored, Work, score_fragment, write_result
from goemotions.batch.cluster.storage import open_location
from goemotions.batch.cluster.tally import Tally

READ_CPUS = WRITE_CPUS = 0.1
TASK_RETRIES = 2
"""Of a fragment whose actor dies. Ray's default has no end, and a text may be what kills."""

Packed = pa.schema(
    [
        ("fragment", pa.string()),
        ("rows", pa.large_binary()),
        ("dead", pa.large_binary()),
        ("tally", pa.string()),
        ("error", pa.string()),
    ]
)


@dataclass(frozen=True)
class Outcome:
    """A fragment's end: its rows in the result and in the dead letters, or why there is no result."""

    number: int
    rows: int
    dead: int
    error: str


class FragmentSource(Datasource):
    """Fragments of a job, as Ray Data reads them."""

    def __init__(self, work: Work, fragments: Sequence[Fragment]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.groups = read_together(fragments)
        self._work = work

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[ReadTask]:
        def task(group: list[Fragment]) -> ReadTask:
            work = self._work
            metadata = BlockMetadata(num_rows=len(group), size_bytes=None, input_files=None, exec_stats=None)
            return ReadTask(lambda: read_group(work, group), metadata)

        return [task(group) for group in self.groups]


def read_group(work: Work, group: list[Fragment]) -> Iterator[pa.Table]:
    """Yield fragments that are read together, packed; those that another attempt has written are left out."""
    output = work.open_output()
    pending = [fragment for fragment in group if not output.exists(fragment.result)]
    if not pending:
        return
    number = 0
    try:
        for fragment, table in read_fragments(open_location(work.source), pending):
            yield pack(fragment, table)
            number += 1
    except Exception as error:
        for fragment in pending[number:]:
            yield pack(fragment, error=error)


class Scorer:
    """An actor: the model, loaded once."""

    def __init__(self, work: Work) -> None:
        logging.getLogger("goemotions").setLevel(logging.INFO)
        self._work = work
        self._classifier = work.classifier()

    def __call__(self, packed: pa.Table) -> pa.Table:
        def score(fragment: Fragment) -> pa.Table:
            return pack(fragment, score_fragment(self._classifier, unpack(packed["rows"]), self._work))

        return each(packed, score)


class Writer:
    """A task that writes results."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, packed: pa.Table) -> pa.Table:
        def write(fragment: Fragment) -> pa.Table:
            tally = Tally.from_dict(json.loads(packed["tally"][0].as_py()))
            if not self._work.open_output().exists(fragment.result):
                scored = Scored(unpack(packed["rows"]), unpack(packed["dead"]), tally)
                write_result(self._work, fragment, scored)
            return outcome(fragment, rows=tally.rows, dead=tally.dead)

        written = each(packed, write)
        if written.schema != Packed:
            return written
        return outcome(from_json(packed["fragment"][0].as_py()), error=written["error"][0].as_py())


def each(packed: pa.Table, step: Callable[[Fragment], pa.Table]) -> pa.Table:
    """Apply a step to a packed fragment; its error, or one from a step before, is passed on instead."""
    fragment = from_json(packed["fragment"][0].as_py())
    if packed["error"][0].is_valid:
        return packed
    try:
        return step(fragment)
    except Exception as error:
        return pack(fragment, error=error)


def pack(fragment: Fragment, content: pa.Table | Scored | None = None, error: Exception | None = None) -> pa.Table:
    """Return a row of the Ray data set: a fragment with its rows, with what scoring made of them, or with an error."""
    scored = content if isinstance(content, Scored) else None
    arrays = [
        pa.array([to_json(fragment)], pa.string()),
        serialised(scored.result if scored else content),
        serialised(scored.dead if scored else None),
        pa.array([scored and json.dumps(scored.tally.as_dict())], pa.string()),
        pa.array([error and f"{type(error).__name__}: {' '.join(str(error).split())}"], pa.string()),
    ]
    return pa.Table.from_arrays(arrays, schema=Packed)


def serialised(table: pa.Table | None) -> pa.Array:
    """Return one cell with a table in Arrow's stream format; the table's bytes are copied once."""
    if table is None:
        return pa.array([None], pa.large_binary())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content = sink.getvalue()
    offsets = pa.array([0, content.size], pa.int64()).buffers()[1]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, offsets, content])


def unpack(column: pa.ChunkedArray) -> pa.Table:
    """Return the table that :func:`serialised` made the one cell of."""
    return pa.ipc.open_stream(column[0].as_buffer()).read_all()


def outcome(fragment: Fragment, rows: int = 0, dead: int = 0, error: str = "") -> pa.Table:
    return pa.table({"number": [fragment.number], "rows": [rows], "dead": [dead], "error": [error]})


def run_fragments(work: Work, fragments: Sequence[Fragment], actors: Actors) -> Iterator[Outcome]:
    """Score and write fragments; outcomes come in any order. A fragment may be lost: its result is then not there.

    Raises:
        ray.exceptions.RayError: nothing can be done, as when no node can load the model.
    """
    source = FragmentSource(work, fragments)
    context = ray.data.DataContext.get_current().copy()
    context.target_max_block_size = 1  # a block is one row: one fragment
    context.max_errored_blocks = -1  # what a crash takes with it is found missing and tried again
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    with ray.data.DataContext.current(context):
        data = ray.data.read_datasource(source, num_cpus=READ_CPUS, override_num_blocks=len(source.groups))
        data = scored(data, work, actors)
        data = data.map_batches(Writer(work).__call__, batch_size=1, batch_format="pyarrow", num_cpus=WRITE_CPUS)
        for row in rows_of(data):
            yield Outcome(row["number"], row["rows"], row["dead"], row["error"])


def scored(data: ray.data.Dataset, work: Work, actors: Actors) -> ray.data.Dataset:
    """Append the stage of actors, of a fixed number: Ray would take away those that wait for their first reads."""
    with warnings.catch_warnings():
        # Ray 2.60 means to drop free remote arguments, and has no other way yet to bound a task's retries.
        warnings.simplefilter("ignore", RayDeprecationWarning)
        return data.map_batches(
            Scorer,
            fn_constructor_args=(work,),
            compute=ray.data.ActorPoolStrategy(size=actors.number, max_tasks_in_flight_per_actor=2),
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=actors.claimed_cpus,
            num_gpus=actors.gpus,
            memory=actors.memory,
            max_task_retries=TASK_RETRIES,
        )


def rows_of(data: ray.data.Dataset) -> Iterable[dict[str, Any]]:
    rows: Iterable[dict[str, Any]] = data.iter_rows()
    return rows
