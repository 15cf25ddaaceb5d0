"""Time and cost of a job, estimated from a sample that the cluster scores; nothing is written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import ray
import ray.exceptions

from goemotions.annotations import annotate
from goemotions.batch.cluster.fragments import Fragment
from goemotions.batch.cluster.nodes import Actors, ClusterOptions, choose_actors, connection
from goemotions.batch.cluster.plan import make_plan, read_sample
from goemotions.batch.cluster.run import with_threads
from goemotions.batch.cluster.score import Work, decode
from goemotions.batch.cluster.storage import open_location
from goemotions.checkpoint import ModelConfig
from goemotions.errors import DataError
from goemotions.specs import ARCHITECTURES

SAMPLED_FRAGMENTS = 8


@dataclass(frozen=True)
class Estimate:
    """Figures counted from the footers, and those that follow from the sample.

    Attributes:
        rows, files_unreadable, fragments: counted from every file's footer.
        sample_rows: scored for the estimate.
        texts_per_s: of one actor.
        hours: with all actors at work, as fast together as one alone: start-up is left out.
        cpu_hours, gpu_hours: hours times what the actors have.
        cost: CPU and GPU hours times their prices; None without prices.
    """

    rows: int
    files_unreadable: int
    fragments: int
    actors: Actors
    sample_rows: int
    texts_per_s: float
    hours: float
    cpu_hours: float
    gpu_hours: float
    cost: float | None


def estimate(
    work: Work,
    config: ModelConfig,
    cluster: ClusterOptions,
    cpu_price: float | None = None,
    gpu_price: float | None = None,
) -> Estimate:
    """Return the time, and with prices the cost, of a job.

    Args:
        cpu_price, gpu_price: the price of an hour of one.

    Raises:
        DataError: as :func:`goemotions.batch.cluster.predict_dataset`, or an input without rows.
    """
    spec = ARCHITECTURES[config.architecture]
    rows_each = cluster.fragment_rows or spec.fragment_rows
    plan = make_plan(work, config.labels, rows_each)
    fragments, unreadable = plan.fragments, plan.unreadable
    rows = sum(fragment.rows for fragment in fragments)
    if not rows:
        raise DataError(f"{work.source} has no rows")
    with connection(cluster.address):
        actors = choose_actors(cluster, config.architecture, len(fragments), work.model_options.get("max_memory"))
        sample = fragments[:: max(1, len(fragments) // SAMPLED_FRAGMENTS)][:SAMPLED_FRAGMENTS]
        task = ray.remote(num_cpus=actors.claimed_cpus, num_gpus=actors.gpus, memory=actors.memory or 0)(time_sample)
        try:
            scored, seconds = ray.get(task.remote(with_threads(work, actors), sample, spec.sample_rows))
        except ray.exceptions.RayTaskError as error:
            raise DataError(f"the sample could not be scored: {error.cause}") from error
    rate = scored / seconds
    hours = rows / rate / actors.number / 3600
    cpu_hours, gpu_hours = hours * actors.number * actors.cpus, hours * actors.number * actors.gpus
    cost = None if cpu_price is None else cpu_hours * cpu_price + gpu_hours * (gpu_price or 0.0)
    return Estimate(rows, len(unreadable), len(fragments), actors, scored, rate, hours, cpu_hours, gpu_hours, cost)


def time_sample(work: Work, fragments: Sequence[Fragment], rows: int) -> tuple[int, float]:
    """Return how many texts were scored and the seconds they took, the model being loaded and warm."""
    classifier = work.classifier()
    location = open_location(work.source)
    texts: list[str | None] = []
    for fragment in fragments:
        column = read_sample(location, fragment, max(1, rows // len(fragments))).column(work.text_column)
        texts += decode(column)[0]
    annotate(classifier, texts[:8], work.options)
    start = time.perf_counter()
    annotate(classifier, texts, work.options)
    return len(texts), time.perf_counter() - start
