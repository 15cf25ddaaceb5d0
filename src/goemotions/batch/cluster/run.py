"""A job from its command to its summary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray.exceptions

from goemotions.batch.cluster.ledger import Ledger
from goemotions.batch.cluster.nodes import Actors, ClusterOptions, choose_actors, connection
from goemotions.batch.cluster.ownership import open_ledger
from goemotions.batch.cluster.pipeline import run_fragments
from goemotions.batch.cluster.score import Work
from goemotions.batch.cluster.storage import open_location
from goemotions.batch.cluster.summary import summarise
from goemotions.batch.cluster.tally import Tally
from goemotions.batch.job import model_digest
from goemotions.catalog import find_model, shipped
from goemotions.checkpoint import ModelConfig, read_config
from goemotions.errors import DataError
from goemotions.grouping import Grouping
from goemotions.predictions import PredictOptions
from goemotions.progress import Progress
from goemotions.specs import ARCHITECTURES
from goemotions.thresholds import resolve

"""Some seconds' work for a core, or some minutes' for an LLM, all of whose rows go through a layer together."""
ROUNDS = 3
"""A fragment may bring down the process that scores it so often, then it has failed."""
PLAIN, UNGROUPED, HERE = PredictOptions(), Grouping(), ClusterOptions()


@dataclass(frozen=True)
class Report:
    """Result of a job.

    Attributes:
        tally: over all its rows, those of earlier runs included.
        fragments: their number in the manifest.
        resumed: fragments that were done before.
        failed: fragment number to reason, of those that could not be scored; the same command tries them again.
        unreadable: input file to reason, of those that are not Parquet.
        new_files: that the input has gained since the job began, and that are not scored.
        made_again: file of the output to reason, of those that an earlier run wrote and that were found damaged.
    """

    tally: Tally
    fragments: int
    resumed: int
    failed: dict[int, str]
    unreadable: dict[str, str]
    new_files: int
    made_again: dict[str, str]


def make_work(
    source: str,
    output: str,
    text_column: str = "text",
    *,
    model: str | None = None,
    options: PredictOptions = PLAIN,
    grouping: Grouping = UNGROUPED,
    prefix: str = "",
    **model_options: Any,
) -> tuple[Work, ModelConfig]:
    """Return the description of a job, its thresholds resolved and its model known by its content.

    Args:
        model_options: further arguments of :class:`goemotions.EmotionClassifier`.

    Raises:
        ModelError, ValueError: as the classifier's.
    """
    directory = find_model(model)
    config = read_config(directory)
    thresholds = resolve(options.threshold, config.thresholds)
    options = PredictOptions(**{**options.as_dict(), "threshold": thresholds})
    # Workers have working directories of their own.
    source, output = open_location(source).uri, open_location(output).uri
    name = model if model is None or model in shipped().models else absolute(model)
    for part in ("backbone", "encoder"):
        if model_options.get(part) is not None:
            model_options[part] = absolute(model_options[part])
    digest = model_digest(directory, config)
    return Work(source, output, text_column, options, grouping, name, digest, model_options, prefix=prefix), config


def absolute(name: str) -> str:
    """Return a name that says the same in another working directory."""
    return str(Path(name).absolute()) if Path(name).exists() else str(name)


def predict_dataset(
    source: str,
    output: str,
    text_column: str = "text",
    *,
    model: str | None = None,
    options: PredictOptions = PLAIN,
    grouping: Grouping = UNGROUPED,
    prefix: str = "",
    cluster: ClusterOptions = HERE,
    show_progress: bool = True,
    **model_options: Any,
) -> Report:
    """Score the Parquet files of ``source`` on Ray and write Parquet files with all their columns and the new ones.

    Called again after any crash, it resumes.

    Args:
        source: a Parquet file, folder or pattern (``*``, ``**``), on this machine or in an object store; every
            node must see it.
        output: a folder, likewise.
        grouping: by which columns the summary counts.
        prefix: the beginning of the new columns' names.
        model_options: further arguments of :class:`goemotions.EmotionClassifier`.

    Raises:
        DataError: an input that cannot be read as asked, an output of another job, or nodes that cannot hold an actor.
        ModelError: the model cannot be loaded, here or by an actor.
    """
    given = {"model": model, "options": options, "grouping": grouping, "prefix": prefix, **model_options}
    work, config = make_work(source, output, text_column, **given)
    ledger = open_ledger(work, config.labels, cluster.fragment_rows or ARCHITECTURES[config.architecture].fragment_rows)
    with Progress("checking", show_progress, unit="files") as progress:
        ledger.remove_damaged(progress.update)
    before = ledger.done()
    work = replace(work, job=ledger.job)
    failed: dict[int, str] = {}
    if len(before) < len(ledger.fragments):
        with connection(cluster.address):
            left = len(ledger.fragments) - len(before)
            actors = choose_actors(cluster, config.architecture, left, model_options.get("max_memory"))
            failed = work_off(ledger, with_threads(work, actors), actors, show_progress)
    ledger.check_owned()
    tally = Tally() if failed else summarise(ledger, config.labels, work.grouping)
    ledger.location.sweep()
    return Report(
        tally, len(ledger.fragments), len(before), failed, ledger.unreadable, ledger.new_files, ledger.made_again
    )


def with_threads(work: Work, actors: Actors) -> Work:
    """Return the job for actors that compute with as many threads as they have CPUs, unless told otherwise."""
    return replace(work, model_options={"threads": actors.cpus} | work.model_options)


def work_off(ledger: Ledger, work: Work, actors: Actors, show_progress: bool) -> dict[int, str]:
    """Score the fragments that are not done; return those that failed, with the reason.

    Raises:
        DataError: Ray gave up, for example since no node could load the model.
    """
    failed: dict[int, str] = {}
    with Progress("scoring", show_progress) as progress:
        for _ in range(ROUNDS):
            ledger.check_owned()
            done = ledger.done()
            pending = [part for part in ledger.fragments if part.number not in done and part.number not in failed]
            if not pending:
                break
            rows = sum(part.rows for part in ledger.fragments if part.number in done)
            try:
                for outcome in run_fragments(work, pending, actors):
                    if outcome.error:
                        ledger.check_owned()
                        failed[outcome.number] = outcome.error
                    rows += outcome.rows + outcome.dead
                    progress.update(rows / max(1, ledger.rows), rows, f"{len(failed)} failed" if failed else "")
            except ray.exceptions.RayError as error:
                raise DataError(f"Ray stopped: {cause(error)}; the same command resumes") from error
        done = ledger.done()
    lost = {part.number for part in ledger.fragments} - done - failed.keys()
    return failed | dict.fromkeys(lost, f"its process died in each of {ROUNDS} rounds, as when memory runs out")


def cause(error: BaseException) -> str:
    """Return the last line that Ray's nested errors end in."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
