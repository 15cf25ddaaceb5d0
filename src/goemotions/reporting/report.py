"""The report of a corpus: everything that its page, its CSV and its JSON are made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import goemotions
from goemotions.checkpoint import fingerprint
from goemotions.classifier import EmotionClassifier
from goemotions.estimation.corpus import scored_rows
from goemotions.estimation.estimate import Tally, begin, finish
from goemotions.estimation.familiarity import DRAWN_TEXTS, distance_of
from goemotions.estimation.interval import Floats
from goemotions.estimation.labelled import Finder, read_labelled_sample
from goemotions.estimation.options import EstimateOptions
from goemotions.estimation.results import Estimates
from goemotions.evaluation.label_groups import roll_ups
from goemotions.progress import Progress
from goemotions.reporting.driving import Driven, drivers, texts_per_label
from goemotions.reporting.gathering import WORD_GROUPS, Examples, Gathering
from goemotions.reporting.words import Word
from goemotions.reservoir import Reservoir
from goemotions.tables.formats import open_table

FORMAT = 2
WORDS, FEW_WORDS, LEAST_LIFT = 12, 6, 1.2
FEWEST_TOGETHER = 10
"""Texts that are given both labels of a pair; rarer pairs are not shown."""


@dataclass(frozen=True)
class Source:
    """Where a report is from, so that it can be made again.

    Attributes:
        file, sha256: of the texts.
        labelled: the file of people's labels, or None.
        command: that makes it.
        model: its name, ``reads`` the languages that it reads, as far as that is known, and ``fingerprint`` the
            SHA-256 of what its answers depend on.
        version: of this package.
    """

    file: str
    sha256: str
    labelled: str | None
    command: str
    model: str
    reads: Sequence[str]
    fingerprint: str
    version: str

    @classmethod
    def of(cls, classifier: EmotionClassifier, file: str, digest: str, labelled: str | None, command: str) -> Source:
        """Return where a report is from, whose texts ``classifier`` scored."""
        mark, config = fingerprint(classifier.directory, classifier.config), classifier.config
        return cls(
            file, digest, labelled, command, config.name, sorted(classifier.languages), mark, goemotions.__version__
        )


@dataclass(frozen=True)
class Pair:
    """Two labels that are given to ``texts`` together, ``lift`` times as often as they would be by chance."""

    first: str
    second: str
    texts: int
    lift: float


@dataclass(frozen=True)
class CorpusReport:
    """A report.

    Attributes:
        by, time, period: the columns by which texts are told apart, and the length of a period.
        estimates: by the name of a view: ``labels``, ``ekman``, ``sentiment``.
        given: texts that ``predict`` gives each label, of the model.
        words, driven, examples: of each of the model's labels; no examples where texts are left out.
        group_words: by group and label, what texts with the label have more of there than in other groups.
        languages: texts by language; empty where they were not told apart. ``unread`` is what is said of those that
            the model does not read.
    """

    format: int
    source: Source
    by: str | None
    time: str | None
    period: str
    estimates: Mapping[str, Estimates]
    given: Mapping[str, int]
    pairs: Sequence[Pair]
    words: Mapping[str, Sequence[Word]]
    driven: Mapping[str, Driven]
    group_words: Mapping[str, Mapping[str, Sequence[Word]]]
    examples: Mapping[str, Examples]
    languages: Mapping[str, int]
    unread: str | None

    @property
    def main(self) -> Estimates:
        """Return the estimates of the labels themselves."""
        return self.estimates["labels"]


@dataclass(frozen=True)
class ReportOptions(EstimateOptions):
    """Options of a report: those of its estimates, and its own.

    Attributes:
        texts: show some.
        command: to be quoted in it.
    """

    texts: bool = True
    command: str = ""


def make_report(
    classifier: EmotionClassifier, path: Path, options: ReportOptions, show_progress: bool = False
) -> CorpusReport:
    """Read and score a table of any size once, and return what there is to say of it.

    Raises:
        DataError: as :func:`goemotions.estimation.estimate`.
    """
    table = open_table(path, options.text_column, options.reading)
    people = options.labelled
    rows = read_labelled_sample(people, options.columns, options.weights, options.reading) if people else None
    main, truth, found = begin(classifier, table, options.grouping, rows, options.label_map, show_progress)
    tallies, truths = {"labels": main}, {"labels": truth}
    for name, (tally, coarse) in views(main, truth).items():
        tallies[name], truths[name] = tally, coarse
    gathering = Gathering(classifier.thresholds, found.largest(WORD_GROUPS))
    drawn, languages = Reservoir[str](DRAWN_TEXTS), Counter[str]()
    with Progress("scoring", show_progress) as progress:
        for scored in scored_rows(classifier, table, options.grouping, found, progress):
            for tally in tallies.values():
                tally.add(scored)
            gathering.add(scored)
            drawn.extend(scored.texts)
            languages += scored.languages
    estimates = {name: finish(tally, found, truths[name], options.assume_random) for name, tally in tallies.items()}
    if not people:
        estimates["labels"] = replace(estimates["labels"], distance=distance_of(drawn.kept, classifier))
    source = Source.of(classifier, path.name, table.digest, people.name if people else None, options.command)
    return put_together(classifier, source, options, estimates, gathering, languages)


def put_together(
    classifier: EmotionClassifier,
    source: Source,
    options: ReportOptions,
    estimates: Mapping[str, Estimates],
    gathering: Gathering,
    languages: Mapping[str, int],
) -> CorpusReport:
    """Explain some of the texts that were estimated and gathered, and return the report."""
    labels, rows = classifier.labels, estimates["labels"].rows
    words = gathering.lexicon
    return CorpusReport(
        FORMAT,
        source,
        options.grouping.by,
        options.grouping.time,
        options.grouping.period,
        estimates,
        dict(zip(labels, gathering.given, strict=True)),
        pairs_of(gathering, labels, rows),
        dict(zip(labels, words.telling(WORDS), strict=True)),
        drivers(classifier, gathering.drawn(texts_per_label(rows)), words, WORDS),
        {
            name: dict(zip(labels, words.telling_part(part, FEW_WORDS), strict=True))
            for name, part in gathering.group_lexicons.items()
        },
        dict(zip(labels, gathering.examples(), strict=True)) if options.texts else {},
        languages,
        classifier.unread_note(dict(languages.items())) if languages else None,
    )


def views(main: Tally, truth: Floats | None) -> dict[str, tuple[Tally, Floats | None]]:
    """Return the empty tallies of the groups of labels, with what is true of the labelled rows."""
    made: dict[str, tuple[Tally, Floats | None]] = {}
    if main.groups is not None:
        return made
    for name, groups in roll_ups(main.labels).items():
        finder: Finder | None = main.finder.again() if main.finder else None
        coarse = None
        if truth is not None:
            members = [[main.labels.index(label) for label in names] for names in groups.values()]
            coarse = np.stack([truth[:, columns].max(1) for columns in members], axis=1)
        made[name] = replace(main, labels=tuple(groups), groups=groups, finder=finder, cells={}), coarse
    return made


def pairs_of(gathering: Gathering, labels: Sequence[str], rows: int) -> list[Pair]:
    """Return the pairs of labels that are given together more often than by chance, the closest first."""
    given, together = gathering.given, gathering.pairs
    found = [
        Pair(labels[i], labels[j], int(together[i, j]), float(together[i, j] * rows / (given[i] * given[j])))
        for i in range(len(labels))
        for j in range(i)
        if together[i, j] >= FEWEST_TOGETHER
    ]
    return sorted((pair for pair in found if pair.lift >= LEAST_LIFT), key=lambda pair: -pair.lift)
