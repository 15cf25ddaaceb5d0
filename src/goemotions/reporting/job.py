"""The report of a job on a cluster: from its tallies and its results, so that no text is scored again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from goemotions.annotations import EMOTIONS, LANGUAGE, TRUNCATED
from goemotions.batch.cluster.score import JOB
from goemotions.batch.cluster.storage import Location, open_location
from goemotions.batch.cluster.tally import Cell, groups, periods
from goemotions.classifier import EmotionClassifier
from goemotions.errors import DataError
from goemotions.estimation.corpus import FEWEST_ROWS, MOST_GROUPS, MOST_PERIODS, ScoredRows, Survey
from goemotions.estimation.estimate import Tally, finish
from goemotions.estimation.familiarity import DRAWN_TEXTS, distance_of
from goemotions.grouping import UNKNOWN, Grouping
from goemotions.predictions import is_blank
from goemotions.progress import Progress
from goemotions.reporting.gathering import WORD_GROUPS, Gathering
from goemotions.reporting.report import CorpusReport, ReportOptions, Source, put_together, views
from goemotions.reporting.run import contents
from goemotions.reservoir import Reservoir

ROWS = 2048
"""Rows of the results that are read at a time."""
FORMS = ("report.html", "report.csv", "report.json")


@dataclass(frozen=True)
class JobResults:
    """A finished job with the scores of all labels, as it lies in its folder.

    Attributes:
        source: the input as it was given.
        cells: the job's tallies: counts of each period and group.
        prefix: the beginning of the job's columns' names.
        languages: whether the job told the languages; a column ``language`` is the input's own otherwise.
    """

    source: str
    output: str
    text_column: str
    grouping: Grouping
    cells: dict[Cell, dict[str, int]] = field(repr=False)
    prefix: str = ""
    languages: bool = False

    def survey(self) -> Survey:
        """Return the groups and periods of the rows that have a date.

        Raises:
            DataError: more periods than can be shown.
        """
        found = Survey()
        for (period, group), counts in self.cells.items():
            if period != UNKNOWN:
                found.groups[group] += counts["rows"]
                found.periods.add(period)
        if len(found.periods) > MOST_PERIODS:
            raise DataError(
                f"{self.output}: over {MOST_PERIODS:,} times of a {self.grouping.period} are too many for a report: "
                "give a longer --period, such as month or year"
            )
        large = [name for name, rows in found.groups.most_common(MOST_GROUPS) if rows >= FEWEST_ROWS]
        found.kept = frozenset(large if self.grouping.by else found.groups)
        return found

    def tables(self, labels: list[str], location: Location) -> Iterator[pa.Table]:
        """Yield the results, some rows at a time, with the columns that a report needs.

        Raises:
            DataError: results without the scores of all labels.
        """
        made = [EMOTIONS.name, TRUNCATED.name, *([LANGUAGE.name] if self.languages else [])]
        made += [f"score_{label}" for label in labels]
        columns = [self.text_column, *self.grouping.columns, *(self.prefix + name for name in made)]
        for file in location.list():
            if not file.path.endswith(".parquet"):
                continue
            with location.filesystem.open_input_file(file.path) as stream:
                opened = pq.ParquetFile(stream)
                missing = [name for name in columns if name not in opened.schema_arrow.names]
                if missing:
                    raise DataError(f"{file.path} has no column {missing[0]!r}: a report needs a job with --all-scores")
                for batch in opened.iter_batches(ROWS, columns=columns):
                    yield pa.Table.from_batches([batch])


def report_of_job(
    classifier: EmotionClassifier, job: JobResults, options: ReportOptions, show_progress: bool = False
) -> CorpusReport:
    """Read the results of a job once, and return what there is to say of them.

    Raises:
        DataError: results without the scores of all labels, no text with a date, or too many periods.
    """
    found, location, labels = job.survey(), open_location(job.output), list(classifier.labels)
    main = Tally(labels, tuple(labels))
    tallies = {"labels": main, **{name: tally for name, (tally, _) in views(main, None).items()}}
    gathering, drawn = Gathering(classifier.thresholds, found.largest(WORD_GROUPS)), Reservoir[str](DRAWN_TEXTS)
    languages, before = Counter[str](), 0
    every = max(1, sum(found.groups.values()))
    with Progress("reporting", show_progress) as progress:
        for table in job.tables(labels, location):
            scored = scored_of(job, table, labels, found, before)
            before += table.num_rows
            if scored.texts:
                found.rows += len(scored.texts)
                for tally in tallies.values():
                    tally.add(scored)
                gathering.add(scored)
                drawn.extend(scored.texts)
                languages += scored.languages
            progress.update(min(1.0, before / every), before)
    if not found.rows:
        raise DataError(f"{job.output}: no row has a text and a date, so that there is nothing to report")
    estimates = {name: finish(tally, found, None) for name, tally in tallies.items()}
    estimates["labels"] = replace(estimates["labels"], distance=distance_of(drawn.kept, classifier))
    source = Source.of(classifier, job.source, "", None, options.command)
    return put_together(classifier, source, options, estimates, gathering, languages)


def scored_of(job: JobResults, table: pa.Table, labels: list[str], found: Survey, before: int) -> ScoredRows:
    """Return the rows of a part of the results that have a text and a date; those without a text are counted."""
    texts = table.column(job.text_column).to_pylist()
    names, times = groups(table, job.grouping), periods(table, job.grouping)
    blank = [text is None or is_blank(text) for text in texts]
    found.blank += sum(blank)
    rows = [row for row in range(len(texts)) if not blank[row] and times[row] != UNKNOWN]
    taken = table.take(pa.array(rows, pa.int64()))
    made = {
        name.removeprefix(job.prefix): taken.column(name) for name in taken.column_names if name.startswith(job.prefix)
    }
    scores = [made[f"score_{label}"].to_numpy() for label in labels]
    given = [[entry["label"] for entry in emotions] for emotions in made[EMOTIONS.name].to_pylist()]
    return ScoredRows(
        [before + row + 1 for row in rows],
        [texts[row] for row in rows],
        [found.group(names[row]) for row in rows],
        [times[row] for row in rows],
        np.stack(scores, axis=1).astype(np.float64),
        sum(made[TRUNCATED.name].to_pylist()),
        given_labels(labels, given),
        made[LANGUAGE.name].to_pylist() if job.languages else [None] * len(rows),
    )


def given_labels(labels: Sequence[str], emotions: Sequence[Collection[str]]) -> npt.NDArray[np.bool_]:
    """Return which of ``labels`` are among the emotions of each text, bool [n, labels]."""
    given = np.array([[label in names for label in labels] for names in emotions], np.bool_)
    return given.reshape(len(emotions), len(labels))


def write_job_report(report: CorpusReport, output: str) -> str:
    """Write a report among a job's own files, and return where its page is."""
    location = open_location(output)
    for name, content in zip(FORMS, contents(report), strict=True):
        location.write(f"{JOB}/{name}", content.encode("utf-8"))
    return f"{output.rstrip('/')}/{JOB}/{FORMS[0]}"
