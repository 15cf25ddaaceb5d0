"""The folder of an unfinished job: what is scored and how, the finished parts, and who may write.

While a job runs, ``<output>.partial/`` holds ``job.json`` and for every finished group a part and its counts, which
carry the part's SHA-256: a part that is not what was written is made again. ``<output>.partial.lock`` lies beside the
folder and is held until the folder is gone, so that no second run meets a folder that is being removed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goemotions.errors import DataError
from goemotions.files import flush, flush_folder, refuse_existing, sha256
from goemotions.locking import locked
from goemotions.tables.compression import plain_name

JOB, FINISHED = "job.json", "finished.json"


@dataclass(frozen=True)
class Summary:
    """Counts of a job: rows in the output, and among them rows without a text and with a text that was truncated; texts
    by language, where that is told.
    """

    rows: int = 0
    null_texts: int = 0
    truncated: int = 0
    languages: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.rows + other.rows,
            self.null_texts + other.null_texts,
            self.truncated + other.truncated,
            dict(sorted((Counter(self.languages) + Counter(other.languages)).items())),
        )


class JobFolder:
    """The folder of a job whose lock is held."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.path = output.with_name(output.name + ".partial")
        self.whole = self.path / f"output{output.suffix}"
        self._part_ending = plain_name(output).suffix  # parts are not compressed: their whole is

    @property
    def has_parts(self) -> bool:
        return any(self.path.glob("tally-*.json"))

    def begin(self, description: dict[str, Any]) -> None:
        """Start the job, or check that the one that was begun here is the same.

        Raises:
            DataError: another job's parts, or parts of which it is no longer known what they are.
        """
        if not self.has_parts:
            self.path.mkdir(exist_ok=True)
            write_sealed(self.path / JOB, description)
        before = read_sealed(self.path / JOB)
        if before is None:
            raise DataError(f"{self.path / JOB} is damaged or missing: delete {self.path} and start again")
        changed = [key for key in description if description[key] != before.get(key)]
        if changed:
            raise DataError(f"{self.path} is of a run with another {', '.join(changed)}: delete it to start again")

    def part(self, index: int) -> Path:
        return self.path / f"part-{index:09d}{self._part_ending}"

    def read_counts(self, index: int) -> Summary | None:
        """Return the counts of a finished part; None if it is not there or not as it was written."""
        found = read_sealed(self.path / f"tally-{index:09d}.json")
        if found is None or found["sha256"] != file_sha256(self.part(index)):
            return None
        return Summary(**found["counts"])

    def write(self, index: int, counts: Summary, write_part: Callable[[Path], None]) -> None:
        """Write a part, and then its counts: when they are there, it is done."""
        temporary = self.path / f"new{self._part_ending}"
        write_part(temporary)
        flush(temporary)
        sha256 = file_sha256(temporary)
        temporary.replace(self.part(index))
        write_sealed(self.path / f"tally-{index:09d}.json", {"counts": asdict(counts), "sha256": sha256})

    def finish(self, summary: Summary, assemble: Callable[[Path], None], overwrite: bool) -> None:
        """Give the output its name and remove the folder."""
        assemble(self.whole)
        flush(self.whole)
        write_sealed(self.path / FINISHED, asdict(summary))
        refuse_existing(self.output, overwrite)
        self.whole.replace(self.output)
        flush_folder(self.output.absolute().parent)
        self.remove()

    def finished(self) -> Summary | None:
        """Return what a run did that was stopped after the output had its name and before the folder was removed."""
        found = read_sealed(self.path / FINISHED)
        if found is None or self.whole.exists() or not self.output.exists():
            return None
        return Summary(**found)

    def remove(self) -> None:
        """Remove the folder; what says that the job was finished goes last."""
        for path in self.path.iterdir():
            if path.name != FINISHED:
                path.unlink() if not path.is_dir() else shutil.rmtree(path)
        shutil.rmtree(self.path)


@contextmanager
def job_folder(output: Path) -> Iterator[JobFolder]:
    """The job folder of an output, locked; kept with its parts if the block raises.

    Raises:
        DataError: another process holds it, or the folder was removed while the block wrote to it.
    """
    job = JobFolder(output)
    with locked(job.path.with_name(job.path.name + ".lock"), output):
        try:
            yield job
        except FileNotFoundError as error:
            if job.path.is_dir():
                raise
            raise DataError(
                f"{job.path} was removed while this run wrote to it, and with it all that was done: run it again"
            ) from error
        except BaseException:
            if not job.has_parts:  # nothing was done that is worth keeping
                shutil.rmtree(job.path, ignore_errors=True)
            raise


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """Write JSON with a checksum of itself and of its name; it appears under its name when whole."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"sha256": seal(path, value), "value": value}), encoding="utf-8")
    flush(temporary)
    temporary.replace(path)


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Return what was written, or None if the file is missing, not as it was written, or another file's copy."""
    try:
        sealed = json.loads(path.read_bytes())
        value: dict[str, Any] = sealed["value"]
        return value if seal(path, value) == sealed["sha256"] else None
    except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
        return None


def seal(path: Path, value: dict[str, Any]) -> str:
    """Return the checksum of what is written under a name, so that no file can stand in for another."""
    return hashlib.sha256(json.dumps([path.name, value], sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str | None:
    """Return a file's SHA-256, or None if it is missing."""
    try:
        return sha256(path)
    except FileNotFoundError:
        return None
