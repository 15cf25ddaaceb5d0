"""Tables of a size that users have: killed at random moments, and the memory curve of a million rows."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from memory import memory_curve

pytestmark = pytest.mark.slow
ROWS = 200_000
WORDS = (
    "I you we they love hate like this that game movie song so much really not never always thanks sorry please wow "
    "ugh lol why what when how good bad great awful funny sad happy angry scared proud day night friend man dude team"
).split()


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    generator = random.Random(0)
    for start in range(0, rows, 10_000):
        ids = list(range(start, min(start + 10_000, rows)))
        texts = [" ".join(generator.choices(WORDS, k=generator.randint(2, 16))) for _ in ids]
        yield pa.RecordBatch.from_pydict({"id": ids, "text": texts})


def write_table(path: Path, rows: int) -> Path:
    table = pa.Table.from_batches(batches(rows))
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=50_000)
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        path.write_text("".join(f'{{"id": {row["id"]}, "text": "{row["text"]}"}}\n' for row in table.to_pylist()))
    return path


def command(source: Path, output: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output), *options]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_killed_at_random_moments(tmp_path: Path, ending: str) -> None:
    source, whole = write_table(tmp_path / f"in.{ending}", ROWS), tmp_path / f"whole.{ending}"
    start = time.perf_counter()
    subprocess.run(command(source, whole), check=True)
    duration = time.perf_counter() - start
    generator = random.Random()
    for attempt in range(3 if ending == "parquet" else 1):
        output = tmp_path / f"out{attempt}.{ending}"
        process = subprocess.Popen(command(source, output))
        moment = generator.uniform(0.05, 0.9) * duration
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = len(list(Path(f"{output}.partial").glob("tally-*")))
        print(f"{ending}: killed after {moment:.1f} of {duration:.1f} s with {kept} groups done")
        assert not output.exists()
        subprocess.run(command(source, output, "--resume"), check=True)
        if ending == "parquet":
            assert pq.read_table(output).equals(pq.read_table(whole))
        else:
            assert output.read_bytes() == whole.read_bytes()
    if ending == "parquet":
        assert pq.read_table(whole, columns=["id"])["id"].to_pylist() == list(range(ROWS))


def test_a_million_rows_in_flat_memory(tmp_path: Path) -> None:
    source, output = write_table(tmp_path / "in.parquet", 1_000_000), tmp_path / "out.parquet"
    curve = memory_curve(psutil.Popen(command(source, output)), every=2)
    assert pq.read_metadata(output).num_rows == 1_000_000
    quarters = [max(curve[len(curve) * i // 4 : len(curve) * (i + 1) // 4]) for i in range(4)]
    print("peak memory by quarter of the run, MB:", [round(quarter) for quarter in quarters])
    assert quarters[3] < quarters[0] * 1.2
    ids = itertools.chain.from_iterable(
        b["id"].to_pylist() for b in pq.ParquetFile(output).iter_batches(columns=["id"])
    )
    assert all(got == expected for expected, got in enumerate(ids))
