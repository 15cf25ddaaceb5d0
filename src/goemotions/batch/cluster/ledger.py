"""The job directory: what is scored and how, the manifest of fragments, and which of them are done.

``<output>/_job/`` holds ``job.json``, ``manifest.jsonl`` (a fragment a line) and ``unreadable.json`` (files that
are not Parquet). ``job.json`` is written last: a job without it has not begun.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.batch.annotate import added_columns
from goemotions.batch.cluster.fragments import READERS, Footer, Fragment, cut, from_json, read_footers, to_json
from goemotions.batch.cluster.score import JOB, Work
from goemotions.batch.cluster.storage import Listed, Place, find_files
from goemotions.batch.cluster.tally import KEY, Tally
from goemotions.errors import DataError

HOW = ("device", "threads", "batch_size", "max_memory")
"""Arguments of the classifier that a run may change: they change speed, not results."""


class Ledger:
    """A job's directory, new or found.

    Attributes:
        place: the output's folder.
        fragments: the manifest.
        unreadable: path to reason, of input files that could not be opened.
        new_files: input files that came after the job began, and are not in it.
    """

    def __init__(self, place: Place, fragments: list[Fragment], unreadable: dict[str, str], new_files: int) -> None:
        self.place = place
        self.fragments = fragments
        self.unreadable = unreadable
        self.new_files = new_files

    @property
    def rows(self) -> int:
        return sum(fragment.rows for fragment in self.fragments)

    def done(self) -> set[int]:
        """Numbers of the fragments whose result is there."""
        present = {file.path.rpartition("/")[2] for file in self.place.list()}
        return {fragment.number for fragment in self.fragments if fragment.result in present}

    def tallies(self) -> Iterator[Tally]:
        """What the results say of themselves, in the manifest's order; all fragments must be done."""

        def tally(fragment: Fragment) -> Tally:
            with self.place.filesystem.open_input_file(self.place.join(fragment.result)) as stream:
                try:
                    found = Tally.from_json(pq.read_schema(stream).metadata[KEY])
                except (pa.ArrowInvalid, KeyError, TypeError) as error:
                    raise DataError(f"{fragment.result} is damaged: delete it and run the command again") from error
            if found.rows + found.dead != fragment.rows:
                raise DataError(
                    f"{fragment.result}: {found.rows + found.dead} rows, the manifest says {fragment.rows}: delete it "
                    "and run the command again"
                )
            return found

        with ThreadPoolExecutor(READERS) as pool:
            yield from pool.map(tally, self.fragments)


def plan(
    work: Work, labels: Sequence[str], fragment_rows: int
) -> tuple[dict[str, Any], list[Fragment], dict[str, str]]:
    """What a job will do, from the input's listing and footers; nothing is written.

    Returns:
        The job's description, its fragments, and the unreadable files with the reason.

    Raises:
        DataError: no input, or one whose columns do not allow the job.
    """
    place, files = inputs(work)
    unreadable: dict[str, str] = {}

    def readable() -> Iterator[Footer]:
        new = added_columns(labels, work.options)
        for footer in read_footers(place, files, work.text_column, new, work.grouping.columns):
            if footer.problem:
                unreadable[footer.file.path] = footer.problem
            else:
                yield footer

    fragments = list(cut(readable(), fragment_rows))
    return describe(work, files, fragment_rows), fragments, unreadable


def inputs(work: Work) -> tuple[Place, list[Listed]]:
    """The input's files; those of the output are none, where one folder holds both."""
    place, files = find_files(work.source)
    inside = work.open_output().path.rstrip("/") + "/"
    return place, [file for file in files if not file.path.startswith(inside)]


def describe(work: Work, files: Sequence[Listed], fragment_rows: int) -> dict[str, Any]:
    values = json.loads(json.dumps(asdict(work)))
    values["load"] = {name: value for name, value in values["load"].items() if name not in HOW}
    return {
        "work": values,
        "fragment_rows": fragment_rows,
        "files": [[file.path, file.bytes, file.modified_ns] for file in files],
    }


def open_ledger(work: Work, labels: Sequence[str], fragment_rows: int) -> Ledger:
    """Begin the job, or find it begun.

    Raises:
        DataError: the folder holds another job, something else, or the input has changed since.
    """
    place = work.open_output()
    started = place.read(f"{JOB}/job.json")
    if started is None:
        if next(place.list(), None) is not None:
            raise DataError(f"{work.output} holds files already: name a new folder")
        job, fragments, unreadable = plan(work, labels, fragment_rows)
        lines = "".join(to_json(fragment) + "\n" for fragment in fragments)
        place.write(f"{JOB}/manifest.jsonl", lines.encode())
        place.write(f"{JOB}/unreadable.json", json.dumps(unreadable).encode())
        place.write(f"{JOB}/job.json", json.dumps(job).encode())
        return Ledger(place, fragments, unreadable, new_files=0)
    new_files = check_same(json.loads(started), describe(work, inputs(work)[1], fragment_rows), work.output)
    manifest = place.read(f"{JOB}/manifest.jsonl") or b""
    fragments = [from_json(line) for line in manifest.decode().splitlines()]
    return Ledger(place, fragments, json.loads(place.read(f"{JOB}/unreadable.json") or b"{}"), new_files)


def check_same(before: dict[str, Any], now: dict[str, Any], output: str) -> int:
    """How many files the input has gained.

    Raises:
        DataError: what is scored, or how, is not as it was.
    """
    changed = [name for name in now["work"] if now["work"][name] != before["work"].get(name)]
    changed += ["fragment_rows"] if now["fragment_rows"] != before["fragment_rows"] else []
    if changed:
        raise DataError(f"{output} is of a run with another {', '.join(changed)}: name a new folder")
    present = {path: [path, *rest] for path, *rest in now["files"]}
    gone = [file[0] for file in before["files"] if present.get(file[0]) != file]
    if gone:
        raise DataError(
            f"{len(gone)} input files have changed or gone since {output} was begun, the first is {gone[0]}"
        )
    return len(present) - len(before["files"])


def read_sample(place: Place, fragment: Fragment, rows: int) -> pa.Table:
    """The first rows of a fragment, for an estimate."""
    piece = fragment.pieces[0]
    with place.filesystem.open_input_file(piece.path) as stream:
        file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
        batches = file.iter_batches(batch_size=rows, row_groups=[piece.row_group])
        batch = next(batches, None)
        return pa.Table.from_batches([] if batch is None else [batch], file.schema_arrow)
