"""The work on a fragment: score it, write its result. Nothing here knows of Ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from goemotions.annotations import Annotations, annotate, lay_out
from goemotions.batch.cluster.fragments import Fragment
from goemotions.batch.cluster.sealed import sealed_file
from goemotions.batch.cluster.storage import Location, open_location, removed
from goemotions.batch.cluster.tally import Tally, count_cells
from goemotions.batch.job import model_digest
from goemotions.classifier import EmotionClassifier
from goemotions.errors import DataError, ModelError
from goemotions.grouping import Grouping
from goemotions.predictions import PredictOptions, is_blank
from goemotions.tables.parquet import with_columns
from goemotions.tables.table import Layout

JOB = "_job"
"""The folder of the job's own files, in the output's folder; readers of data sets skip its name."""
DEAD = f"{JOB}/dead-letters"
PLAIN = "This is fine."


@dataclass(frozen=True)
class Work:
    """Description of a job for its workers; equal for all of them, and for a run that resumes.

    Attributes:
        source: the input's URI, for its filesystem.
        output: the URI of the output's folder.
        prefix: the beginning of the new columns' names.
        model, model_options: the classifier's arguments.
        model_sha256: of the model's files; a node with another model is refused.
        job: the job's identity, the SHA-256 of its description, once the output's folder is known to be its own.
    """

    source: str
    output: str
    text_column: str
    options: PredictOptions
    grouping: Grouping
    model: str | None
    model_sha256: str
    model_options: dict[str, Any] = field(default_factory=dict)
    prefix: str = ""
    job: str = ""

    def open_output(self) -> Location:
        return open_location(self.output)

    def classifier(self) -> EmotionClassifier:
        """Load the job's model, as this machine has it.

        Raises:
            ModelError: another model, or none.
        """
        classifier = EmotionClassifier(self.model, **self.model_options)
        found = model_digest(classifier.directory, classifier.config)
        if found != self.model_sha256:
            raise ModelError(f"this node has another model {self.model or 'compact'}: SHA-256 {found[:12]}…")
        return classifier


@dataclass(frozen=True)
class Scored:
    """Result of scoring a fragment.

    Attributes:
        result: the rows with their new columns.
        dead: the rows that could not be scored, with the reason and their number in the fragment.
        tally: counts of both.
    """

    result: pa.Table
    dead: pa.Table
    tally: Tally


def score_fragment(classifier: EmotionClassifier, table: pa.Table, work: Work) -> Scored:
    """Score a fragment's rows."""
    texts, bad = decode(table.column(work.text_column))
    new, worse = annotate_each(classifier, texts, work.options, [row for row in range(len(texts)) if row not in bad])
    dead = dict(sorted((bad | worse).items()))
    kept = [row for row in range(len(texts)) if row not in dead]
    scored = table.take(pa.array(kept, pa.int64())) if dead else table
    tally = Tally(
        rows=len(kept),
        dead=len(dead),
        null_texts=sum(is_blank(texts[row] or "") for row in kept),
        truncated=sum(new.truncated),
        cells=count_cells(scored, new.emotions, work.grouping),
    )
    laid = lay_out(new, classifier.labels, work.options, Layout.nested, work.prefix)
    return Scored(with_columns(scored, laid.columns), dead_letters(table, dead, work.text_column), tally)


def decode(column: pa.ChunkedArray) -> tuple[list[str | None], dict[int, str]]:
    """Return a column's texts, and the rows that are not UTF-8 with the reason; their texts are given as None."""
    try:
        texts: list[str | None] = column.to_pylist()
        return texts, {}
    except UnicodeDecodeError:
        pass
    texts, bad = [], {}
    for row, value in enumerate(column):
        try:
            texts.append(value.as_py())
        except UnicodeDecodeError as error:
            bad[row] = f"byte {error.object[error.start]:#04x} at position {error.start} is not UTF-8"
            texts.append(None)
    return texts, bad


def annotate_each(
    classifier: EmotionClassifier, texts: Sequence[str | None], options: PredictOptions, rows: Sequence[int]
) -> tuple[Annotations, dict[int, str]]:
    """Annotate ``rows``, save those that the model cannot score, which are found by halving and given with the reason.

    Raises:
        Exception: the model's own, if it cannot score a plain text either: then the fault is not the rows'.
    """
    try:
        return annotate(classifier, [texts[row] for row in rows], options), {}
    except Exception as error:
        if len(rows) <= 1:
            annotate(classifier, [PLAIN], options)
            return annotate(classifier, [], options), {row: f"{type(error).__name__}: {error}" for row in rows}
    middle = len(rows) // 2
    first, bad = annotate_each(classifier, texts, options, rows[:middle])
    second, worse = annotate_each(classifier, texts, options, rows[middle:])
    together = Annotations(
        first.emotions + second.emotions,
        first.truncated + second.truncated,
        {name: values + second.scores[name] for name, values in first.scores.items()},
        answered=None if first.answered is None or second.answered is None else first.answered + second.answered,
        languages=first.languages + second.languages,
    )
    return together, bad | worse


def dead_letters(table: pa.Table, dead: dict[int, str], text_column: str) -> pa.Table:
    """Return the dead rows with ``_row`` and ``_reason``; their texts as bytes, since they may not be UTF-8."""
    letters = table.take(pa.array(list(dead), pa.int64()))
    index = letters.schema.get_field_index(text_column)
    texts = letters.column(index)
    if pa.types.is_dictionary(texts.type):
        texts = texts.cast(texts.type.value_type)
    letters = letters.set_column(index, text_column, texts.cast(pa.large_string()).cast(pa.large_binary()))
    letters = letters.append_column("_row", pa.array(list(dead), pa.int64()))
    return letters.append_column("_reason", pa.array(list(dead.values()), pa.string()))


def origins(fragment: Fragment, rows: Sequence[int]) -> tuple[list[str], list[int], list[int]]:
    """Return, for each row of a fragment, the file, the row group and the row in that group that it came from."""
    found: list[tuple[str, int, int]] = []
    starts: list[int] = []
    position = 0
    for piece in fragment.pieces:
        starts.append(position)
        position += piece.stop - piece.start
    for row in rows:
        index = max(i for i, start in enumerate(starts) if start <= row)
        piece = fragment.pieces[index]
        found.append((piece.path, piece.row_group, piece.start + row - starts[index]))
    return [path for path, _, _ in found], [group for _, group, _ in found], [row for _, _, row in found]


def write_result(work: Work, fragment: Fragment, scored: Scored) -> None:
    """Write a fragment's files. The result comes last: when it is there, the fragment is done.

    Raises:
        DataError: the output's folder is no longer the job's.
    """
    output = work.open_output()
    if not output.exists(job_file(work.job)):
        raise DataError(removed(work.output))
    tally, dead = scored.tally, scored.dead
    if dead.num_rows:
        files, groups, rows = origins(fragment, dead.column("_row").to_pylist())
        dead = dead.set_column(dead.schema.get_field_index("_row"), "_row", pa.array(rows, pa.int64()))
        dead = dead.append_column("_row_group", pa.array(groups, pa.int64()))
        dead = dead.append_column("_file", pa.array(files, pa.string()))
        output.write(f"{DEAD}/{fragment.result}", sealed_file(dead, work.job, fragment.number, tally))
    output.write(fragment.result, sealed_file(scored.result, work.job, fragment.number, tally))


def job_file(job: str) -> str:
    """Return the name of the file with a job's description, whose SHA-256 is the job's identity."""
    return f"{JOB}/job-{job}.json"
