"""Tables of a size that users have: killed at random, and memory over a million rows, 2 GB and a large sheet."""

from __future__ import annotations

import gzip
import itertools
import random
import secrets
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
import xlsxwriter
from memory import memory_curve
from small_models import small_transformer

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


def peaks(arguments: list[str], every: float) -> list[float]:
    """Return the peak memory in each quarter of a command's run, in MB."""
    curve = memory_curve(psutil.Popen(arguments), every)
    quarters = [max(curve[len(curve) * i // 4 : len(curve) * (i + 1) // 4]) for i in range(4)]
    print("peak memory by quarter of the run, MB:", [round(quarter) for quarter in quarters])
    return quarters


@pytest.fixture
def quick_model(tmp_path: Path) -> Path:
    """A model that costs hardly any time, so that reading and writing are what is watched."""
    folder = tmp_path / "model"
    folder.mkdir()
    small_transformer(folder)
    return folder


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
    quarters = peaks(command(source, output), every=2)
    assert pq.read_metadata(output).num_rows == 1_000_000
    assert quarters[3] < quarters[0] * 1.2
    ids = itertools.chain.from_iterable(
        b["id"].to_pylist() for b in pq.ParquetFile(output).iter_batches(columns=["id"])
    )
    assert all(got == expected for expected, got in enumerate(ids))


def test_two_gigabytes_of_compressed_csv_in_flat_memory(tmp_path: Path, quick_model: Path) -> None:
    """100,000 short texts, each beside a cell of 20,000 characters; compressed a fifth of it."""
    source, output, rows = tmp_path / "in.csv.gz", tmp_path / "out.csv", 100_000
    noise, generator = secrets.token_urlsafe(3 << 20), random.Random(0)
    with gzip.open(source, "wt", compresslevel=1, encoding="ascii", newline="") as stream:
        stream.write("id,page,text\n")
        for row in range(rows):
            start = generator.randrange(len(noise) - 4_000)
            stream.write(f"{row},{noise[start : start + 4_000] * 5},{' '.join(generator.choices(WORDS, k=6))}\n")
    quarters = peaks(command(source, output, "--model", str(quick_model)), every=0.5)
    assert max(quarters) < 400
    assert max(quarters[2:]) < max(quarters[:2]) * 1.1
    assert output.stat().st_size > 2_000_000_000
    with output.open(encoding="ascii") as stream:
        assert [line.split(",", 1)[0] for line in stream] == ["id", *map(str, range(rows))]


def test_a_sheet_of_half_a_million_rows_is_held_once(tmp_path: Path, quick_model: Path) -> None:
    """The sheet lies in memory as a whole, as the library that reads it gives it; nothing grows while it is scored."""
    source, output, rows = tmp_path / "in.xlsx", tmp_path / "out.csv", 500_000
    generator = random.Random(0)
    with xlsxwriter.Workbook(str(source), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "text"])
        for row in range(rows):
            sheet.write_number(row + 1, 0, row)
            sheet.write_string(row + 1, 1, " ".join(generator.choices(WORDS, k=generator.randint(2, 16))))
    quarters = peaks(command(source, output, "--model", str(quick_model)), every=0.5)
    assert max(quarters) < 400
    assert quarters[3] < max(quarters[:3]) * 1.05
    with output.open(encoding="utf-8") as stream:
        assert [line.split(",", 1)[0] for line in stream] == ["id", *map(str, range(rows))]
