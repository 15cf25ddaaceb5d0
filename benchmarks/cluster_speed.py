"""Scoring a data set on Ray beside the local engine at equal cores, and on two cores beside one.

    python benchmarks/cluster_speed.py --data DIR

100,000 official texts, some twice. Start-up (of Ray, of processes, of models) is left out: a job's time is that
between the first fragment's end and the last's, and the local engine's is its scoring alone. The engines take turns.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import harness
import pyarrow as pa
import pyarrow.parquet as pq

from goemotions import EmotionClassifier
from goemotions.batch.cluster import ClusterOptions, predict_dataset
from goemotions.batch.job import predict_table
from goemotions.data.corpus import read_split
from goemotions.predictions import PredictOptions

ROWS, FRAGMENT_ROWS = 100_000, 1_000
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (its name); the local engine's priority, not Ray's lower one


def local_rate(source: Path, folder: Path, rows: int, threads: int) -> float:
    """Return the rows per second of the local engine, its model loaded."""
    classifier = EmotionClassifier(threads=threads)
    classifier.predict(["warm"])
    output = folder / "local.parquet"
    start = time.perf_counter()
    predict_table(classifier, source, "text", output, PredictOptions(), show_progress=False)
    seconds = time.perf_counter() - start
    output.unlink()
    return rows / seconds


def ray_rate(source: Path, folder: Path, actors: int) -> tuple[float, float]:
    """Return rows per second of a job on Ray once every actor has ended its first fragment, and the whole seconds."""
    output = folder / f"ray-{time.time_ns()}"
    start = time.perf_counter()
    cluster = ClusterOptions(actors=actors, fragment_rows=FRAGMENT_ROWS)
    predict_dataset(str(source), str(output), cluster=cluster, show_progress=False)
    seconds = time.perf_counter() - start
    ended = sorted(path.stat().st_mtime for path in output.glob("part-*"))
    return FRAGMENT_ROWS * (len(ended) - actors) / (ended[-1] - ended[actors - 1]), seconds


def main() -> None:
    data = harness.official_data(__doc__)
    texts = [text for name in ("train", "dev", "test") for text in read_split(data / f"{name}.tsv").texts]
    texts = (texts * 2)[:ROWS]
    rows = len(texts)
    rates: dict[str, int] = {}
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "in.parquet"
        pq.write_table(pa.table({"text": texts}), source, row_group_size=FRAGMENT_ROWS)
        for cores in (1, 2):
            rates[f"local, {cores}"] = round(local_rate(source, folder, rows, cores))
            rate, seconds = ray_rate(source, folder, cores)
            rates[f"ray, {cores}"] = round(rate)
            whole.append(seconds - rows / rate)
    harness.write("cluster_speed", {"rows": rows, **summary(rates, whole)})


def summary(rates: dict[str, int], start_up: list[float]) -> dict[str, Any]:
    return {
        "texts_per_s": rates,
        "ray's overhead": {
            cores: round(rates[f"local, {cores}"] / rates[f"ray, {cores}"] - 1, 3) for cores in ("1", "2")
        },
        "efficiency of two cores": {
            engine: round(rates[f"{engine}, 2"] / rates[f"{engine}, 1"] / 2, 3) for engine in ("local", "ray")
        },
        "start_up_s": round(statistics.median(start_up), 1),
    }


if __name__ == "__main__":
    main()
