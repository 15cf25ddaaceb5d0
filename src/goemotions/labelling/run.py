"""A whole labelling: options checked, texts read, the journal opened, the page served until its user stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from goemotions.data.tables import assume
from goemotions.errors import DataError, counted
from goemotions.estimation.extra_columns import ROW, WEIGHT
from goemotions.files import new_file, write_through
from goemotions.fitting.base import load_base
from goemotions.labelling.desk import Desk
from goemotions.labelling.export import as_csv, as_label_studio
from goemotions.labelling.guide import make_guide
from goemotions.labelling.journal import Journal, Plan, latest
from goemotions.labelling.order import Order
from goemotions.labelling.texts import Texts, read_texts
from goemotions.locking import locked
from goemotions.tables.formats import open_table
from goemotions.tables.several import refuse_read
from goemotions.tables.source import ReadOptions
from goemotions.tables.table import repeated

SEPARATORS = ",;|"


@dataclass(frozen=True)
class Job:
    """A labelling, as it is asked for.

    Attributes:
        order: None for the one that suits the file.
        label_map: from the labels to those of the base, as ``goemotions fit`` takes it.
        seed: of every random choice.

    Raises:
        ValueError: labels that cannot be used, or an output that is none: all problems.
    """

    file: Path
    output: Path
    labels: tuple[str, ...]
    text_column: str = "text"
    single: bool = False
    order: Order | None = None
    label_map: str | None = None
    base: str = "compact"
    seed: int = 0
    threads: int | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        problems = []
        if not self.labels or not all(self.labels):
            problems.append(f"--labels must name the labels, a,b,c, got {','.join(self.labels)!r}")
        if twice := repeated(self.labels):
            problems.append(f"labels that are named twice: {', '.join(twice)}")
        wrong = [label for label in self.labels if any(mark in label for mark in SEPARATORS) or label.startswith("[")]
        if wrong:
            problems.append(f"labels with {' '.join(SEPARATORS)} in them or [ before them: {'  '.join(wrong)}")
        if self.single and len(self.labels) < 2:
            problems.append("--single needs at least two labels")
        if self.output.suffix.lower() != ".csv":
            problems.append(f"--output must end in .csv, got {self.output}")
        if self.output.absolute() == self.file.absolute() or (self.output.exists() and self.file.samefile(self.output)):
            problems.append(f"--output {self.output} is the file with the texts: name another")
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def journal(self) -> Path:
        """Return where the journal lies."""
        return self.output.with_name(self.output.name + ".journal")


@dataclass
class Opened:
    """A labelling whose output is locked."""

    job: Job
    plan: Plan
    texts: Texts
    journal: Journal

    @property
    def order(self) -> Order:
        """Return the order in which texts are shown."""
        return Order(self.plan.order)

    def write(self) -> None:
        """Write the output again, whole or not at all."""
        with new_file(self.job.output) as temporary:
            temporary.write_bytes(as_csv(self.texts, latest(self.journal.answers), self.order))

    def said(self) -> str:
        """Return how many texts are answered, for people."""
        answers = latest(self.journal.answers).values()
        skipped = sum(answer.skipped for answer in answers)
        return f"{counted(len(answers) - skipped, 'text')} answered, {skipped:,} skipped, of {len(self.texts):,}"

    def write_label_studio(self, path: Path) -> None:
        """Write the answers for Label Studio.

        Raises:
            DataError: the name of the texts, the answers or the journal.
        """
        refuse_read(path, self.job.file, self.job.output, self.job.journal)
        with new_file(path) as temporary:
            write_through(temporary, as_label_studio(self.texts, latest(self.journal.answers), self.order))


@contextmanager
def opened(job: Job) -> Iterator[Opened]:
    """Yield a labelling that resumes, or a new one.

    Raises:
        DataError: another process labels into the same output, a file that cannot be read, an output or journal that is
            of something else.
    """
    columns = open_table(job.file, job.text_column, job.reading).columns
    order = job.order or usual_order(job.file, columns)
    texts = read_texts(job.file, job.text_column, order is Order.given, job.seed, job.reading)
    plan = Plan(job.file.name, texts.sha256, job.text_column, job.labels, job.single, order.value, job.seed, job.base)
    job.output.parent.mkdir(parents=True, exist_ok=True)
    with locked(job.output.with_name(job.output.name + ".lock"), job.output):
        if job.output.exists() and not job.journal.exists():
            raise DataError(f"{job.output} is there, and {job.journal.name} is not: name another --output")
        journal = Journal.open(job.journal, plan)
        found = Opened(job, plan, texts, journal)
        try:
            check_output(found)
            found.write()
            yield found
        finally:
            journal.close()


def usual_order(path: Path, columns: list[str]) -> Order:
    """Return the order that suits a table: a drawn sample is labelled as a whole."""
    if ROW in columns and WEIGHT in columns:
        assume(f"{path.name} has columns {ROW} and {WEIGHT}: a sample, shown in its order (--order says otherwise)")
        return Order.given
    return Order.random


def check_output(found: Opened) -> None:
    """Refuse to replace an output that somebody has changed.

    Raises:
        DataError: it is not what the answers give, nor what they gave at any time before.
    """
    output, answers = found.job.output, found.journal.answers
    if output.exists():
        written = output.read_bytes()
        before = (latest(answers[:count]) for count in range(len(answers), -1, -1))
        if all(written != as_csv(found.texts, some, found.order) for some in before):
            raise DataError(f"{output} was changed since it was written: rename it, and the answers are written again")


def make_desk(found: Opened, advance: Callable[[float], None]) -> Desk:
    """Return a labelling ready for answers; ``advance`` is told which share of the texts the base has read.

    Raises:
        ModelError, DataError: a base or label map that does not fit.
    """
    job = found.job
    base = load_base(job.base, job.threads)
    guide = make_guide(base, found.texts.texts, job.labels, job.label_map, job.single, advance)
    return Desk(found.texts, job.labels, found.journal, guide, found.order, job.seed, found.write)
