"""A resumable job: a table scored group by group, each group a whole part on disk, all put together at the end.

While it runs, ``<output>.partial/`` holds ``job.json`` (what is scored, and how) and the finished parts. The output
appears under its name when complete, and the folder is removed. After any interruption the same command with
``resume`` goes on after the last whole part.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from goemotions.batch.annotate import PredictOptions, added_columns, annotate
from goemotions.batch.table import GROUP_CHARACTERS, GROUP_ROWS, Table
from goemotions.classifier import EmotionClassifier
from goemotions.errors import DataError, MissingExtraError
from goemotions.progress import Progress
from goemotions.specs import ARCHITECTURES

FORMATS = {".csv": "CSV", ".tsv": "TSV", ".jsonl": "JSON lines", ".ndjson": "JSON lines", ".parquet": "Parquet"}


@dataclass(frozen=True)
class Summary:
    """What a finished job did: rows in the output, and among them rows without a text and with a text that was cut."""

    rows: int = 0
    null_texts: int = 0
    truncated: int = 0


def open_table(path: Path, text_column: str) -> Table:
    """Open an input file by its ending.

    Raises:
        DataError: no such file, or an ending that is none of the known formats.
        MissingExtraError: Parquet without the extra ``tables``.
    """
    kind = format_of(path)
    if not path.is_file():
        raise DataError(f"no file {path}")
    if kind == "Parquet":
        try:
            from goemotions.batch.parquet_table import ParquetTable
        except ImportError as error:
            raise MissingExtraError("Parquet", "tables") from error
        return ParquetTable(path, text_column)
    if kind == "JSON lines":
        from goemotions.batch.jsonl_table import JsonlTable

        return JsonlTable(path, text_column)
    from goemotions.batch.csv_table import CsvTable

    return CsvTable(path, text_column)


def format_of(path: Path) -> str:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise DataError(f"{path}: the ending {path.suffix!r} is none of {', '.join(FORMATS)}")
    return kind


def predict_table(
    classifier: EmotionClassifier,
    source: Path,
    text_column: str,
    output: Path,
    options: PredictOptions,
    resume: bool = False,
    show_progress: bool = True,
) -> Summary:
    """Score the texts of ``source`` and write ``output`` with all its columns and the new ones.

    Raises:
        DataError: an input that cannot be read as asked (rows are named); an unfinished job of the same output
            without ``resume``; one with other settings with it.
    """
    if format_of(source) != format_of(output):
        raise DataError(f"input is {format_of(source)}, output {format_of(output)}: give both names the same ending")
    if output.is_dir():
        raise DataError(f"{output} is a folder, expected a file name")
    if output.exists() and output.samefile(source):
        raise DataError(f"{output} is the input: name another output")
    if not output.absolute().parent.is_dir():
        raise DataError(f"no folder {output.absolute().parent} to write {output.name} in")
    table = open_table(source, text_column)
    new_columns = added_columns(classifier.labels, options)
    table.check_columns(new_columns)
    with job_folder(output, describe(classifier, table, options), resume) as folder:
        summary = score_groups(classifier, table, options, folder, show_progress)
        whole = folder / f"output{output.suffix}"
        table.assemble(sorted(folder.glob("part-*")), whole, new_columns)
        flush(whole)
        whole.replace(output)
    return summary


def score_groups(
    classifier: EmotionClassifier, table: Table, options: PredictOptions, folder: Path, show_progress: bool
) -> Summary:
    """Write a part for every group that has none yet."""
    summary = Summary()
    with Progress("scoring", show_progress) as progress:
        for index, group in enumerate(table.groups()):
            part = folder / f"part-{index:09d}{table.path.suffix}"
            tally = folder / f"tally-{index:09d}.json"
            if not tally.exists():
                texts = table.texts(group)
                new = annotate(classifier, texts, options)
                temporary = folder / f"new{table.path.suffix}"
                table.write_part(temporary, group, new)
                flush(temporary)
                temporary.replace(part)
                counts = {"rows": len(texts), "null_texts": texts.count(None), "truncated": sum(new.truncated)}
                write_json(tally, counts)
            counts = json.loads(tally.read_text(encoding="utf-8"))
            summary = Summary(**{name: getattr(summary, name) + count for name, count in counts.items()})
            progress.update(table.fraction_read, summary.rows)
    return summary


def describe(classifier: EmotionClassifier, table: Table, options: PredictOptions) -> dict[str, Any]:
    """What must be equal for a job to be the same job."""
    status = table.path.stat()
    encoder = f"{classifier.encoder.id}, {classifier.encoder.revision}" if classifier.config.embed_dim else None
    return {
        "input": {"path": str(table.path.absolute()), "bytes": status.st_size, "modified_ns": status.st_mtime_ns},
        "text_column": table.text_column,
        "options": options.as_dict(),
        "thresholds": classifier.thresholds,
        "model_sha256": model_digest(classifier.directory, classifier.config.architecture),
        "base": classifier.base,
        "encoder": encoder,
        "group": [GROUP_ROWS, GROUP_CHARACTERS],
    }


def model_digest(directory: Path, architecture: str) -> str:
    """SHA-256 over the files that a model cannot do without."""
    digest = hashlib.sha256()
    for name in sorted(ARCHITECTURES[architecture].files):
        digest.update((directory / name).read_bytes())
    return digest.hexdigest()


@contextmanager
def job_folder(output: Path, job: dict[str, Any], resume: bool) -> Iterator[Path]:
    """The folder of a job, locked; removed when the block ends well, kept otherwise."""
    folder = output.with_name(output.name + ".partial")
    started = (folder / "job.json").exists()
    if started and not resume:
        raise DataError(f"an unfinished run stands in {folder}: add --resume to go on with it, or delete it")
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        with lock:
            if not started:
                write_json(folder / "job.json", job)
            before = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            changed = [key for key in job if job[key] != before.get(key)]
            if changed:
                raise DataError(f"{folder} is of a run with another {', '.join(changed)}: delete it to start anew")
            yield folder
    except Timeout:
        raise DataError(f"another process is writing {output}: wait for it, or stop it") from None
    except BaseException:
        if not any(folder.glob("tally-*")):  # nothing was done that is worth keeping
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)


def write_json(path: Path, value: Any) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value), encoding="utf-8")
    temporary.replace(path)


def flush(path: Path) -> None:
    """Bring a file's content to the disk before its name says that it is whole."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
