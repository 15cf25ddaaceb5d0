"""The cluster engine at the sizes users have: with actors, nodes and drivers killed, two million rows, odd files."""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from loopback import busy_actors, loopback_cluster, results, texts, write_files
from memory import memory_curve
from ray.cluster_utils import Cluster

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.predictions import PredictOptions

pytestmark = pytest.mark.slow
FILES, ROWS = 64, 3125


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("cluster") / "in", FILES, ROWS)


def local_engine(source: Path, folder: Path) -> pa.Table:
    """Return what the local engine makes of the same files."""
    folder.mkdir()
    classifier = EmotionClassifier(threads=1)
    for path in sorted(source.glob("*.parquet")):
        predict_table(classifier, path, "text", folder / path.name, PredictOptions(all_scores=True))
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))])


def largest_difference(got: pa.Table, expected: pa.Table) -> float:
    """Return the largest difference of a score."""
    names = [name for name in got.column_names if name.startswith("score_")]
    return max(float(pc.max(pc.abs(pc.subtract(got[name], expected[name]))).as_py()) for name in names)


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return local_engine(source, tmp_path_factory.mktemp("local") / "out")


def assert_flat(quarters: list[int]) -> None:
    """The driver's peak in each quarter of a run does not grow; the last has the summary's plots (50 MB)."""
    assert quarters[2] < quarters[0] * 1.2
    assert quarters[3] < quarters[0] * 1.2 + 60


def command(address: str | None, source: Path, output: Path, *options: str) -> list[str]:
    start = [sys.executable, "-m", "goemotions", "batch", "--input", str(source)]
    return [*start, "--output", str(output), *(["--address", address] if address else []), *options]


def kill_actor(cluster: Cluster, driver: subprocess.Popen[bytes]) -> None:
    while not (actors := busy_actors()):
        time.sleep(0.01)
    random.choice(actors).kill()


def remove_node(cluster: Cluster, driver: subprocess.Popen[bytes]) -> None:
    cluster.remove_node(random.choice(list(cluster.worker_nodes)), allow_graceful=False)


def kill_driver(cluster: Cluster, driver: subprocess.Popen[bytes]) -> None:
    driver.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("disaster", [kill_actor, remove_node, kill_driver])
def test_no_row_lost_or_doubled(
    source: Path, expected: pa.Table, tmp_path: Path, disaster: Callable[[Cluster, subprocess.Popen[bytes]], None]
) -> None:
    output = tmp_path / "out"
    with loopback_cluster(connect=False) as cluster:
        line = command(cluster.address, source, output, "--all-scores", "--fragment-rows", "2000")
        driver = subprocess.Popen(line)
        target = random.randint(2, 100)
        while (done := len(list(output.glob("part-*")))) < target:
            assert driver.poll() is None, "ended before the disaster"
            time.sleep(0.05)
        disaster(cluster, driver)
        status = driver.wait()
        after = len(list(output.glob("part-*")))
        print(f"{disaster.__name__} at {done} of 128 fragments: driver's status {status}, {after} fragments there")
        assert status == 0 or disaster is kill_driver
        subprocess.run(line, check=True)
    got = results(output)
    assert got["id"].to_pylist() == list(range(FILES * ROWS))
    given = [name for name in expected.column_names if not name.startswith(("score_", "emotions"))]
    assert got.select(given).equals(expected.select(given))
    worst = largest_difference(got, expected)
    print(f"{got.num_rows} rows, largest difference of a score {worst}")
    assert worst <= 2e-3


def damage(path: Path, others: list[Path]) -> str:
    """Damage a result in one of the ways that disks and people do; return which."""
    content = path.read_bytes()
    middle = len(content) // 2
    ways = {
        "emptied": b"",
        "zeroed": bytes(len(content)),
        "cut short": content[: random.randrange(len(content))],
        "zeroed in the middle": content[:middle] + bytes(64) + content[middle + 64 :],
        "copied over": random.choice(others).read_bytes(),
    }
    way = random.choice(list(ways))
    path.write_bytes(ways[way])
    return way


def test_kills_with_damage_between_runs(tmp_path: Path) -> None:
    """Fault 20: a driver killed eight times, parts and manifest damaged before each resumption."""
    source, output = write_files(tmp_path / "in", 20, 1000), tmp_path / "out"
    expected = local_engine(source, tmp_path / "local")
    damaged: list[str] = []
    with loopback_cluster(connect=False) as cluster:
        line = command(cluster.address, source, output, "--all-scores", "--fragment-rows", "200")
        for _ in range(8):
            before = len(list(output.glob("part-*")))
            driver = subprocess.Popen(line, stderr=subprocess.DEVNULL)
            target = before + random.randint(4, 12)
            while driver.poll() is None and len(list(output.glob("part-*"))) < target:
                time.sleep(0.02)
            driver.kill()
            driver.wait()
            time.sleep(1)  # until its actors have gone too
            parts = sorted(output.glob("part-*"))
            some = random.sample(parts, 2)
            damaged += [damage(path, [other for other in parts if other != path]) for path in some]
            manifest = output / "_job" / "manifest.jsonl"
            manifest.write_bytes(b"".join(manifest.read_bytes().splitlines(keepends=True)[:-5]))
        done = subprocess.run([*line, "--json"], check=True, capture_output=True, text=True)
    print(f"damaged {damaged}; the last run: {done.stderr}")
    got = results(output)
    assert got["id"].to_pylist() == list(range(20_000))
    assert largest_difference(got, expected) <= 2e-3


def test_actors_that_die_again_and_again(tmp_path: Path) -> None:
    """As with a text that kills the process: the job ends and says so, and goes on when the cause is gone."""
    source, output = write_files(tmp_path / "in", 2, 3000), tmp_path / "out"
    with loopback_cluster(connect=False, nodes=2) as cluster:
        line = command(cluster.address, source, output, "--fragment-rows", "3000")
        said_path = tmp_path / "said"
        driver = subprocess.Popen(line, stderr=said_path.open("w"))
        while driver.poll() is None:
            for actor in busy_actors():
                with contextlib.suppress(psutil.NoSuchProcess):
                    actor.kill()
            time.sleep(0.05)
        assert driver.returncode == 1
        said = said_path.read_text()
        print(said)
        assert "error: 2 of 2 fragments failed" in said
        subprocess.run(line, check=True)
    assert results(output)["id"].to_pylist() == list(range(6000))


def test_two_million_rows(source: Path, tmp_path: Path) -> None:
    copies = 10
    folder = tmp_path / "in"
    folder.mkdir()
    for copy, path in itertools.product(range(copies), sorted(source.glob("*.parquet"))):
        table = pq.read_table(path)
        ids = pc.add(table["id"], copy * FILES * ROWS)
        pq.write_table(table.set_column(0, "id", ids), folder / f"{copy}-{path.name}")
    output = tmp_path / "out"
    start = time.perf_counter()
    curve = memory_curve(psutil.Popen(command(None, folder, output, "--group-by", "forum")), every=5)
    seconds = time.perf_counter() - start
    quarters = [round(max(curve[len(curve) * i // 4 : len(curve) * (i + 1) // 4])) for i in range(4)]
    print(f"{copies * FILES * ROWS} rows in {seconds:.0f} s, start-up included; driver's MB by quarter {quarters}")
    ids = np.concatenate([pq.read_table(path, columns=["id"])["id"].to_numpy() for path in sorted(output.glob("p*"))])
    assert np.array_equal(ids, np.arange(copies * FILES * ROWS))
    assert_flat(quarters)


def test_twenty_thousand_files_of_one_row(tmp_path: Path) -> None:
    folder, few, output = tmp_path / "in", tmp_path / "few", tmp_path / "out"
    write_files(folder, 20_000, 1)
    write_files(few, 200, 1)
    small = max(memory_curve(psutil.Popen(command(None, few, tmp_path / "few-out")), every=0.2))
    start = time.perf_counter()
    large = max(memory_curve(psutil.Popen(command(None, folder, output)), every=0.2))
    seconds = time.perf_counter() - start
    written = len(list(output.glob("part-*")))
    print(f"20000 files into {written} in {seconds:.0f} s; driver's peak {large:.0f} MB, of 200 files {small:.0f} MB")
    assert results(output)["id"].to_pylist() == list(range(20_000))
    assert written == 20
    assert large < small * 1.3


@pytest.mark.parametrize("row_group", [40_000, 2_000])
def test_one_file_of_five_gigabytes(tmp_path: Path, row_group: int) -> None:
    """200,000 texts beside a payload of 25 kB a row, in row groups of a gigabyte and of 50 MB."""
    rows, width = 200_000, 25_000
    source, output = tmp_path / "large.parquet", tmp_path / "out"
    generator = np.random.default_rng(0)
    schema = pa.schema([("id", pa.int64()), ("text", pa.string()), ("payload", pa.binary())])
    lines = texts(rows)
    with pq.ParquetWriter(source, schema, compression="none", use_dictionary=["text"]) as writer:
        for start in range(0, rows, row_group):
            payload = [generator.bytes(width) for _ in range(min(row_group, 2_000))]
            many = range(start, start + row_group)
            columns = [many, lines[start : start + row_group], [payload[i % len(payload)] for i in many]]
            writer.write_table(pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema))
    del payload, columns
    gigabytes = source.stat().st_size / 1e9
    assert gigabytes > 5
    curve = memory_curve(psutil.Popen(command(None, source, output)), every=1)
    quarters = [round(max(curve[len(curve) * i // 4 : len(curve) * (i + 1) // 4])) for i in range(4)]
    print(f"{gigabytes:.2f} GB in row groups of {row_group}: {len(curve)} s, driver's MB by quarter {quarters}")
    assert_flat(quarters)
    assert max(quarters) < 600
    original = pq.ParquetFile(source).iter_batches(batch_size=500, columns=["id", "payload"])
    position = 0
    for path in sorted(output.glob("part-*")):
        table = pq.read_table(path)
        assert table["id"].to_pylist() == list(range(position, position + table.num_rows))
        position += table.num_rows
    assert position == rows
    last = None
    for batch in original:
        last = batch
    assert last is not None
    assert table["payload"][-1].as_py() == last["payload"][-1].as_py()
    shutil.rmtree(output)
    source.unlink()
