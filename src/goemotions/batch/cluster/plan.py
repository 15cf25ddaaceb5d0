"""The plan of a job, made from the input's listing and footers before anything is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.annotations import added_columns
from goemotions.batch.cluster.fragments import READERS, Footer, Fragment, cut, from_json, read_footers, to_json
from goemotions.batch.cluster.score import Work
from goemotions.batch.cluster.storage import Listed, Location, find_files, fingerprint
from goemotions.errors import DataError

MANIFEST, UNREADABLE = "manifest.jsonl", "unreadable.json"
HOW = ("device", "threads", "batch_size", "max_memory")
"""Arguments of the classifier that a run may change: they change speed, not results."""


@dataclass(frozen=True)
class Plan:
    """The fragments of an input.

    Attributes:
        fragments: in the input's order.
        unreadable: path to reason, of files that could not be opened.
    """

    fragments: list[Fragment]
    unreadable: dict[str, str]

    @property
    def contents(self) -> dict[str, bytes]:
        """Contents of the files that keep the plan, by name."""
        manifest = "".join(to_json(fragment) + "\n" for fragment in self.fragments)
        return {MANIFEST: manifest.encode(), UNREADABLE: json.dumps(self.unreadable).encode()}

    @classmethod
    def parse(cls, contents: Mapping[str, bytes]) -> Plan:
        lines = contents[MANIFEST].decode().splitlines()
        return cls([from_json(line) for line in lines], json.loads(contents[UNREADABLE]))


def make_plan(work: Work, labels: Sequence[str], fragment_rows: int) -> Plan:
    """Cut the input into fragments.

    Raises:
        DataError: no input, or one whose columns do not allow the job.
    """
    location, files = inputs(work)
    unreadable: dict[str, str] = {}

    def readable() -> Iterator[Footer]:
        new = [column.name for column in added_columns(labels, work.options, prefix=work.prefix)]
        for footer in read_footers(location, files, work.text_column, new, work.grouping):
            if footer.problem:
                unreadable[footer.file.path] = footer.problem
            else:
                yield footer

    fragments = list(cut(readable(), fragment_rows))
    return Plan(fragments, unreadable)


def inputs(work: Work) -> tuple[Location, list[Listed]]:
    """Return the input's files; those of the output are none, where one folder holds both."""
    location, files = find_files(work.source)
    inside = work.open_output().path.rstrip("/") + "/"
    return location, [file for file in files if not file.path.startswith(inside)]


@dataclass(frozen=True)
class Description:
    """Description of a job: what must be equal for it to be the same job.

    Attributes:
        work: fields of :class:`goemotions.batch.cluster.score.Work`, without those that change speed alone.
        fragment_rows: at most in a fragment.
        files: the input's files: path to bytes, time of the last change and fingerprint.
        digests: SHA-256 of the files that keep the plan, by name; empty before there is a plan.
    """

    work: dict[str, Any]
    fragment_rows: int
    files: dict[str, list[int | str]]
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """Content of the job's file."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def parse(cls, content: bytes) -> Description:
        return cls(**json.loads(content))


def describe_job(work: Work, fragment_rows: int) -> Description:
    """Return the description of a job on the input as it is now."""
    values = json.loads(json.dumps(asdict(work)))
    del values["job"]
    values["model_options"] = {name: value for name, value in values["model_options"].items() if name not in HOW}
    location, files = inputs(work)
    with ThreadPoolExecutor(READERS) as pool:
        prints = pool.map(lambda file: fingerprint(location, file), files)
    versions: dict[str, list[int | str]] = {
        file.path: [file.bytes, file.modified_ns, digest] for file, digest in zip(files, prints, strict=True)
    }
    return Description(values, fragment_rows, versions)


def check_same(before: Description, now: Description, output: str) -> int:
    """Return how many files the input has gained since ``before``.

    Raises:
        DataError: what is scored, or how, is not as it was.
    """
    changed = [name for name, value in now.work.items() if value != before.work.get(name)]
    changed += ["fragment_rows"] if now.fragment_rows != before.fragment_rows else []
    if changed:
        raise DataError(f"{output} is of a run with another {', '.join(changed)}: name a new folder")
    other = [path for path, version in before.files.items() if now.files.get(path) != version]
    if other:
        raise DataError(
            f"{len(other)} input files have changed or gone since {output} was begun, the first is {other[0]}: name "
            "a new folder"
        )
    return len(now.files) - len(before.files)


def read_sample(location: Location, fragment: Fragment, rows: int) -> pa.Table:
    """Return the first rows of a fragment, for an estimate."""
    piece = fragment.pieces[0]
    with location.filesystem.open_input_file(piece.path) as stream:
        file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
        batches = file.iter_batches(batch_size=rows, row_groups=[piece.row_group])
        batch = next(batches, None)
        return pa.Table.from_batches([] if batch is None else [batch], file.schema_arrow)
