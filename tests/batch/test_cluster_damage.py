"""Fault 20: a job's folder belongs to one job, and what is damaged in it is made again or an error, never believed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loopback import results
from ray.cluster_utils import Cluster

from goemotions import EmotionClassifier
from goemotions.batch.cluster import ClusterOptions, predict_dataset
from goemotions.batch.cluster.ledger import Ledger
from goemotions.batch.cluster.ownership import open_ledger
from goemotions.batch.cluster.run import Report, make_work
from goemotions.batch.cluster.sealed import check_whole, sealed_file
from goemotions.batch.cluster.tally import Tally
from goemotions.errors import DataError
from goemotions.grouping import Grouping
from goemotions.predictions import PredictOptions

LABELS = EmotionClassifier().labels
THRESHOLDS = (0.1, 0.2, 0.3, 0.4)
ONE = ClusterOptions(actors=1, fragment_rows=20)


def write_input(folder: Path, rows: int = 100) -> Path:
    """One file with a row that is not UTF-8."""
    folder.mkdir(parents=True)
    texts = [f"I love number {i}".encode() for i in range(rows - 1)] + [b"\xff"]
    column = pa.array(texts, pa.binary())
    table = pa.table({"id": range(rows), "text": pa.StringArray.from_buffers(rows, *column.buffers()[1:])})
    pq.write_table(table, folder / "in.parquet", compression="none", use_dictionary=False)
    return folder


def open_job(source: Path, output: str, threshold: float | None = None) -> Ledger:
    work, _ = make_work(str(source), output, options=PredictOptions(threshold))
    return open_ledger(work, LABELS, 20)


# A new folder has one owner.


def test_drivers_with_other_options_on_one_new_folder(
    storage: Callable[[str], str], tmp_path: Path, source: Path
) -> None:
    """Fault 20: of eight drivers that begin at once, four pairs with the same options, one pair owns the folder."""
    output = storage("out")
    owners: list[str] = []
    refused: list[str] = []
    start = threading.Barrier(8)

    def begin(threshold: float) -> None:
        start.wait()
        try:
            owners.append(open_job(source, output, threshold).job)
        except DataError as error:
            refused.append(str(error))

    drivers = [threading.Thread(target=begin, args=(threshold,)) for threshold in THRESHOLDS * 2]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    assert len(set(owners)) == 1
    assert 1 <= len(owners) <= 2
    assert all(re.search("another options|at the same moment", reason) for reason in refused), refused
    assert len(owners) + len(refused) == 8
    again = open_job(source, output, next(t for t in THRESHOLDS if accepted(source, output, t)))
    assert again.job == owners[0]


def accepted(source: Path, output: str, threshold: float) -> bool:
    try:
        open_job(source, output, threshold)
    except DataError:
        return False
    return True


@pytest.mark.slow
def test_two_drivers_at_once_never_mix(cluster: Cluster, tmp_path: Path) -> None:
    """Fault 20: both used to end with status 0, and the output held rows of both."""
    source, output = write_input(tmp_path / "in"), tmp_path / "out"
    line = [sys.executable, "-m", "goemotions", "batch", "--address", cluster.address]
    line += ["--input", str(source), "--output", str(output), "--fragment-rows", "10", "--top-k"]
    drivers = [subprocess.Popen([*line, top], stderr=subprocess.PIPE, text=True) for top in ("1", "28")]
    said = [driver.communicate()[1] for driver in drivers]
    assert sorted(driver.returncode for driver in drivers) == [0, 1], said
    loser = next(text for driver, text in zip(drivers, said, strict=True) if driver.returncode)
    assert re.fullmatch(r"error: .*(another options: name a new folder|at the same moment: run one .*again)\n", loser)
    assert results(output)["id"].to_pylist() == list(range(99))
    (job,) = (output / "_job").glob("job-*.json")
    assert {check_whole(pa.py_buffer(path.read_bytes())).job for path in output.glob("part-*")} == {job.stem[4:]}


@pytest.mark.slow
def test_an_output_that_is_removed_meanwhile(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    """Fault 19: the job says what happened, and does not begin the folder again without its job's file."""
    output = tmp_path / "out"
    line = [sys.executable, "-m", "goemotions", "batch", "--address", cluster.address]
    line += ["--input", str(source), "--output", str(output), "--fragment-rows", "20"]
    driver = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    while len(list(output.glob("part-*"))) < 2:
        assert driver.poll() is None
        time.sleep(0.02)
    output.rename(tmp_path / "elsewhere")
    said = driver.communicate()[1]
    assert driver.returncode == 1
    message = (
        f"error: {output} was removed or replaced while its job ran: delete what is left of it and run the command"
    )
    assert said == f"{message} again\n"
    assert not list(output.glob("part-*"))


# What was written is verified.


@pytest.fixture(scope="module")
def finished(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A job's input and output; every test leaves them as they were."""
    folder = tmp_path_factory.mktemp("finished")
    source, output = write_input(folder / "in"), folder / "out"
    report = run(source, output)
    assert (report.tally.rows, report.tally.dead, report.fragments, report.made_again) == (99, 1, 5, {})
    return source, output


def run(source: Path, output: Path) -> Report:
    return predict_dataset(str(source), str(output), options=PredictOptions(all_scores=True), cluster=ONE)


def contents(output: Path) -> dict[str, bytes]:
    return {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def zero_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:240] = bytes(40)
    path.write_bytes(content)


@pytest.mark.slow
def test_damaged_parts_and_manifest_are_made_again(finished: tuple[Path, Path]) -> None:
    """Fault 20: parts empty, zeroed, swapped or gone, a letter gone, a manifest short: all used to be believed."""
    source, output = finished
    before = contents(output)
    part = [output / f"part-{number:09d}.parquet" for number in range(5)]
    part[0].write_bytes(b"")
    zero_middle(part[1])
    shutil.copy(part[3], part[2])
    part[3].unlink()
    (output / "_job" / "dead-letters" / part[4].name).unlink()
    manifest = output / "_job" / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:-2]))
    report = run(source, output)
    assert (report.tally.rows, report.tally.dead, report.resumed) == (99, 1, 0)
    reasons = {
        "part-000000000.parquet": "is damaged: it is not a whole Parquet file",
        "part-000000001.parquet": "is damaged: its checksum does not match its content",
        "part-000000002.parquet": "holds fragment 3",
        "part-000000004.parquet": "dead-letters/part-000000004.parquet is damaged",
        "manifest.jsonl": "damaged or not there",
    }
    assert report.made_again.keys() == reasons.keys()
    assert all(reason in report.made_again[name] for name, reason in reasons.items()), report.made_again
    assert contents(output) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["manifest.jsonl", "unreadable.json"])
@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: bytes(len(content)), lambda content: b"[]\n"])
def test_a_damaged_list_is_made_again(finished: tuple[Path, Path], name: str, damage: Callable[[bytes], bytes]) -> None:
    """Fault 20: empty, zeroed or another list. Nothing is left to score, so that no cluster is asked."""
    source, output = finished
    before = contents(output)
    (output / "_job" / name).write_bytes(damage(before[f"_job/{name}"]))
    report = run(source, output)
    assert (report.tally.rows, report.resumed, report.made_again) == (99, 5, {name: "it is damaged or not there"})
    assert contents(output) == before


@pytest.mark.slow
def test_what_cannot_be_made_again_is_an_error(finished: tuple[Path, Path]) -> None:
    """Fault 20: a damaged job's file, a part of another job, and a file that readers would take for a result."""
    source, output = finished
    before = contents(output)
    (job,) = (output / "_job").glob("job-*.json")
    job.write_bytes(job.read_bytes().replace(b'"top_k": null', b'"top_k": 1'))
    with pytest.raises(DataError, match=r"job-\w+\.json is damaged: restore it, or name a new folder"):
        run(source, output)
    job.unlink()
    with pytest.raises(DataError, match="holds files already: name a new folder"):
        run(source, output)
    job.write_bytes(before[f"_job/{job.name}"])
    shutil.copy(output / "part-000000000.parquet", output / "part-000000005.parquet")
    with pytest.raises(DataError, match=r"1 files that are not of its job, the first is part-000000005\.parquet: move"):
        run(source, output)
    (output / "part-000000005.parquet").unlink()
    assert contents(output) == before


@pytest.mark.slow
def test_an_edit_of_the_input_with_the_same_size_and_time(finished: tuple[Path, Path]) -> None:
    """Fault 20: such an edit was not noticed, and the output was of both contents."""
    source, output = finished
    path = source / "in.parquet"
    status, content = path.stat(), path.read_bytes()
    path.write_bytes(content.replace(b"number 7", b"number 8"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.read_bytes() != content
    with pytest.raises(DataError, match=r"1 input files have changed .* the first is .*in\.parquet"):
        run(source, output)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(source, output).resumed == 5


def test_every_changed_byte_of_a_part_is_found() -> None:
    """Fault 20: no byte of a result can change unseen, nor can it be cut short anywhere."""
    table = pa.table({"id": range(50), "text": [f"text {i}" for i in range(50)]})
    table = table.replace_schema_metadata({b"goemotions.sha256": b"of an earlier job", b"other": b"kept"})
    content = sealed_file(table, "a" * 64, 3, Tally(rows=50)).to_pybytes()
    assert check_whole(pa.py_buffer(content)).fragment == 3
    kept = pq.read_table(pa.BufferReader(content))
    assert (kept.schema.metadata, kept.to_pydict()) == ({b"other": b"kept"}, table.to_pydict())
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 + position % 255
        with pytest.raises(DataError):
            check_whole(pa.py_buffer(bytes(changed)))
        with pytest.raises(DataError):
            check_whole(pa.py_buffer(content[:position]))


# Numbers as times.


def test_a_column_of_integers_is_no_time_without_a_unit(tmp_path: Path) -> None:
    """Fault 5: integers were taken for seconds, so that dates as 20260105 and milliseconds were of 1970."""
    pq.write_table(
        pa.table({"text": ["a"], "day": [20260105], "wait": pa.array([5], pa.duration("s"))}), tmp_path / "x"
    )
    for column, message in (("day", r"int64: say with --time-unit .* \(s, ms, us, ns\)"), ("wait", r"duration\[s\]")):
        work, _ = make_work(str(tmp_path / "x"), str(tmp_path / "out"), grouping=Grouping(time=column))
        with pytest.raises(DataError, match=f"column '{column}' is of type {message}"):
            open_ledger(work, LABELS, 20)
    work, _ = make_work(str(tmp_path / "x"), str(tmp_path / "out"), grouping=Grouping(time="day", unit="ms"))
    job = open_ledger(work, LABELS, 20)
    assert (
        json.loads((tmp_path / "out" / "_job" / f"job-{job.job}.json").read_text())["work"]["grouping"]["unit"] == "ms"
    )
