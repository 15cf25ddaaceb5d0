"""A Ray cluster of several nodes and a stand-in for S3 on this machine, and what tests of them share."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import ray
from moto.server import ThreadedMotoServer
from ray.cluster_utils import Cluster

WORDS = (
    "I you we they love hate like this that game movie song so much really not never always thanks sorry please wow "
    "ugh lol why what when how good bad great awful funny sad happy angry scared proud day night friend man dude team"
).split()
OBJECT_STORE = 100 << 20
FILES, ROWS = 6, 400
"""Of the fixture ``source``."""
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (its name); tests are not to wait for whatever else the machine does


@contextmanager
def loopback_cluster(nodes: int = 3, cpus: int = 1, connect: bool = True) -> Iterator[Cluster]:
    """A cluster of so many nodes, each with processes of its own; joined by this process unless told otherwise."""
    cluster = started(nodes, cpus)
    try:
        if connect:
            ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()  # type: ignore[no-untyped-call]


def started(nodes: int, cpus: int, tries: int = 4) -> Cluster:
    """A cluster, begun again where this machine is too busy to start a node within the 30 seconds that Ray waits."""
    cluster = Cluster()
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=cpus, object_store_memory=OBJECT_STORE, include_dashboard=False)
    except Exception as error:  # Ray raises no other kind
        cluster.shutdown()  # type: ignore[no-untyped-call]
        if tries == 1 or "timed out" not in str(error):
            raise
        return started(nodes, cpus, tries - 1)
    return cluster


@contextmanager
def loopback_bucket() -> Iterator[Bucket]:
    """A bucket in a server of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield Bucket(f"http://{host}:{port}")
    finally:
        server.stop()


class Bucket:
    """A bucket of the stand-in: ``client`` of boto3 for tests, ``uri`` for the program."""

    def __init__(self, address: str) -> None:
        self._server = address.removeprefix("http://")
        self.client = boto3.client("s3", endpoint_url=address, **KEYS)
        self.client.create_bucket(Bucket="bucket")

    def uri(self, path: str) -> str:
        return f"s3://key:secret@bucket/{path}?scheme=http&endpoint_override={self._server}&region=us-east-1"

    def names(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.client.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])]


def texts(rows: int, seed: int = 0) -> list[str]:
    generator = random.Random(seed)
    return [" ".join(generator.choices(WORDS, k=generator.randint(2, 16))) for _ in range(rows)]


def write_files(folder: Path, files: int, rows: int) -> Path:
    """So many Parquet files of so many rows each, with a running ``id``, a group and a month."""
    folder.mkdir(parents=True)
    for number in range(files):
        ids = range(number * rows, (number + 1) * rows)
        columns: dict[str, Any] = {
            "id": pa.array(ids, pa.int64()),
            "text": texts(rows, seed=number),
            "forum": [("games", "music")[i % 2] for i in ids],
            "written": [f"2026-{i % 3 + 1:02}-05" for i in ids],
        }
        pq.write_table(pa.table(columns), folder / f"in-{number:05}.parquet")
    return folder


def results(folder: Path) -> pa.Table:
    """All results of a job, in the order of its manifest."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


def busy_actors() -> list[psutil.Process]:
    """The processes that are scoring a fragment, of this machine's clusters; Ray gives them a title."""
    title = "MapWorker(MapBatches(Scorer)).submit"
    return [process for process in psutil.process_iter(["cmdline"]) if title in " ".join(process.info["cmdline"] or ())]
