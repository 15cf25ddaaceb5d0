"""A resumable job: a table scored group by group, each group a whole part on disk, all put together at the end.

Every row is read once before any is scored, so that a bad one is named at once and not after hours. After any
interruption the same command with ``resume`` continues with the first part that is not whole
(:mod:`goemotions.batch.job_folder`). The output appears under its name when complete.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from goemotions.annotations import Annotations, LaidOut, added_columns, annotate, lay_out
from goemotions.batch.job_folder import JobFolder, Summary, job_folder
from goemotions.checkpoint import ModelConfig, member_directory, read_config
from goemotions.classifier import EmotionClassifier
from goemotions.errors import AssumptionWarning, DataError, counted
from goemotions.files import refuse_existing
from goemotions.odd_texts import OddTexts
from goemotions.predictions import PredictOptions, is_blank
from goemotions.progress import Progress
from goemotions.specs import ARCHITECTURES
from goemotions.stored_thresholds import threshold_keys
from goemotions.tables.delimited import DelimitedTable, DelimitedWriter
from goemotions.tables.formats import format_of, open_table, writer_for
from goemotions.tables.several import is_several, refuse_read
from goemotions.tables.source import ReadOptions
from goemotions.tables.standard import is_standard
from goemotions.tables.table import GROUP_CHARACTERS, GROUP_ROWS, OTHER_NAMES, Layout, NewColumn, Table, Writer

FORMAT = 3
"""Of the parts; raise it when they change, so that a run of an older release is not resumed."""
NUMBER = re.compile(r"\s*[-+]?[\d.,]*\d[\d.,]*%?\s*")


def predict_table(
    classifier: EmotionClassifier,
    source: Path,
    text_column: str,
    output: Path,
    options: PredictOptions,
    resume: bool = False,
    overwrite: bool = False,
    show_progress: bool = True,
    reading: ReadOptions | None = None,
    layout: Layout = Layout.nested,
    raw: bool = True,
    prefix: str = "",
) -> Summary:
    """Score the texts of ``source`` and write ``output`` with all its columns and the new ones.

    Args:
        resume: continue an interrupted run of the same call.
        overwrite: replace an output that is there, once the new one is whole.
        reading: what is said of the input, instead of being found out.
        layout: how the new columns are laid out.
        raw: False for a CSV or TSV file that a spreadsheet may open: cells that it would compute begin with an
            apostrophe.
        prefix: the beginning of the new columns' names.

    Raises:
        DataError: an input that cannot be read as asked (rows are named); an output that is there without
            ``overwrite``; an unfinished job of the same output without ``resume``; one with other settings with it.
    """
    check_names(source, output)
    with job_folder(output) as job:
        finished = job.finished()
        if finished is not None:
            job.remove()
            if resume:
                return finished
        if job.has_parts and not resume:
            raise DataError(f"an unfinished run stands in {job.path}: add --resume to continue it, or delete it")
        refuse_existing(output, overwrite)
        table = open_table(source, text_column, reading)
        new = added_columns(classifier.labels, options, layout, prefix)
        table.check_columns([column.name for column in new], OTHER_NAMES)
        before = stamps(table)
        check_rows(table, new, show_progress)
        writer = writer_for(table, output)
        if isinstance(writer, DelimitedTable | DelimitedWriter):
            writer.formulas.kept = raw
        described = job_description(classifier, table, options, reading or ReadOptions(), layout)
        job.begin(described | {"raw": raw, "prefix": prefix})
        made = partial(lay_out, labels=classifier.labels, options=options, layout=layout, prefix=prefix)
        parts, summary = score_groups(classifier, table, writer, options, made, job, show_progress)
        if stamps(table) != before:
            raise DataError(f"{source} changed while it was read: delete {job.path} and start again")
        job.finish(summary, lambda path: writer.assemble(parts, path, new), overwrite)
    warn_of_formulas(writer, output)
    return summary


def warn_of_formulas(writer: Writer, output: Path) -> None:
    """Say how many cells begin with an apostrophe, so that no spreadsheet computes them."""
    if not isinstance(writer, DelimitedTable | DelimitedWriter) or not writer.formulas.changed:
        return
    shown = "standard output" if is_standard(output) else output.name
    one = f"cell of {shown} that a spreadsheet would compute begins with an apostrophe (--raw keeps it)"
    many = f"cells of {shown} that a spreadsheet would compute begin with an apostrophe (--raw keeps them)"
    warnings.warn(counted(writer.formulas.changed, one, many), AssumptionWarning, stacklevel=3)


def check_names(source: Path, output: Path) -> None:
    """Check the names of an input and its output.

    Raises:
        DataError: names that cannot be an input and its output.
    """
    if output.is_dir():
        raise DataError(f"{output} is a folder, expected a file name")
    format_of(output)
    if not is_several(source):
        format_of(source)
        if not source.is_file():
            raise DataError(f"no file {source}")
    if not output.absolute().parent.is_dir():
        raise DataError(f"no folder {output.absolute().parent} to write {output.name} in")
    refuse_read(output, source)


def stamps(table: Table) -> list[tuple[int, int]]:
    """Return the size and the time of each file, by which a change is noticed."""
    return [(stat.st_size, stat.st_mtime_ns) for stat in (file.stat() for file in table.files)]


def check_rows(table: Table, new: Sequence[NewColumn], show_progress: bool) -> None:
    """Read every row once; warn if all texts are numbers, or some are odd.

    Raises:
        DataError: a row that cannot be read, or has one of the new columns.
    """
    names = [column.name for column in new]
    rows = texts = numbers = 0
    odd = OddTexts()
    with Progress("checking", show_progress) as progress:
        for group in table.groups():
            table.check_group(group, names)
            present = [text for text in group.column(table.text_column) if text and not is_blank(text)]
            if numbers == texts:
                numbers += sum(NUMBER.fullmatch(text) is not None for text in present)
            texts += len(present)
            odd.add(present)
            rows += len(group)
            progress.update(table.fraction_read, rows)
    for note in odd.notes():
        warnings.warn(note, AssumptionWarning, stacklevel=2)
    if texts and numbers == texts:
        warnings.warn(
            f"all texts of column {table.text_column!r} are numbers, and are scored as texts; --text-column names "
            f"another: {', '.join(table.columns)}",
            AssumptionWarning,
            stacklevel=2,
        )


def score_groups(
    classifier: EmotionClassifier,
    table: Table,
    writer: Writer,
    options: PredictOptions,
    laid: Callable[[Annotations], LaidOut],
    job: JobFolder,
    show_progress: bool,
) -> tuple[list[Path], Summary]:
    """Write a part for every group that has no whole one yet; returns all parts, in order, and their counts.

    Args:
        laid: gives the columns of what was found in a group.
    """
    parts: list[Path] = []
    summary = Summary()
    with Progress("scoring", show_progress) as progress:
        for index, group in enumerate(table.groups()):
            counts = job.read_counts(index)
            if counts is None:
                texts: list[str | None] = group.column(table.text_column)
                found = annotate(classifier, texts, options)
                new = laid(found)
                missing = sum(text is None or is_blank(text) for text in texts)
                told = {tag: count for tag, count in found.languages.items() if tag is not None}
                counts = Summary(len(texts), missing, sum(found.truncated), told)
                kept = group if new.rows is None else group.take(new.rows)
                job.write(index, counts, partial(writer.write_part, group=kept, new=new.columns))
            parts.append(job.part(index))
            summary += counts
            progress.update(table.fraction_read, summary.rows)
    return parts, summary


def job_description(
    classifier: EmotionClassifier, table: Table, options: PredictOptions, reading: ReadOptions, layout: Layout
) -> dict[str, Any]:
    """Return what must be equal for a job to be the same job."""
    encoder = f"{classifier.encoder.id}, {classifier.encoder.revision}" if classifier.config.embed_dim else None
    return {
        "format": FORMAT,
        "input": {"bytes": sum(size for size, _ in stamps(table)), "sha256": table.digest},
        "text_column": table.text_column,
        "reading": asdict(reading),
        "columns": layout.value,
        "options": options.as_dict(),
        **threshold_keys(classifier.thresholds),
        "model_sha256": model_digest(classifier.directory, classifier.config),
        "base": classifier.base,
        "encoder": encoder,
        "group": [GROUP_ROWS, GROUP_CHARACTERS],
    }


def model_digest(directory: Path, config: ModelConfig) -> str:
    """SHA-256 over the files that a model cannot do without, those of its members included."""
    digest = hashlib.sha256()
    for name in sorted(ARCHITECTURES[config.architecture].files):
        digest.update((directory / name).read_bytes())
    for language, name in sorted(config.members.items()):
        member = member_directory(name)
        digest.update(f"{language} {model_digest(member, read_config(member))}".encode())
    return digest.hexdigest()
