"""Jobs that are interrupted: killed, stopped by hand, out of disk space, or started twice. Nothing is lost or mixed."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import Run
from memory import memory_curve
from table_rows import kill_after_a_part, many_rows, read_rows, score, write_rows

from goemotions import EmotionClassifier
from goemotions.errors import DataError


@pytest.mark.parametrize(
    ("given", "ending"),
    [
        *((ending, ending) for ending in ("parquet", "csv", "jsonl")),
        *(
            pytest.param(*pair, marks=pytest.mark.slow)
            for pair in (("csv.gz", "csv.gz"), ("csv", "xlsx"), ("xlsx", "csv"), ("json", "json"), ("csv", "parquet"))
        ),
    ],
)
def test_killed_and_resumed(classifier: EmotionClassifier, tmp_path: Path, given: str, ending: str) -> None:
    source = write_rows(tmp_path / f"in.{given}", many_rows(20_000, every=16))
    whole, output = tmp_path / f"whole.{ending}", tmp_path / f"out.{ending}"
    score(classifier, source, whole)
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    partial = tmp_path / f"out.{ending}.partial"
    while len(list(partial.glob("tally-*.json"))) < 2:
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "add --resume" in again.stderr
    finished = {path: path.stat().st_mtime_ns for path in partial.glob("tally-*.json")}
    subprocess.run([*command, "--resume"], check=True, stderr=subprocess.DEVNULL)
    assert finished
    if ending not in ("xlsx", "json"):
        assert read_rows(output) == read_rows(whole)
    if ending != "parquet":
        assert output.read_bytes() == whole.read_bytes()
    assert not partial.exists()


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.csv", many_rows(20_000, every=16)), tmp_path / "out.csv"
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output)]
    # A test run in the background may have been told to ignore SIGINT, which its children inherit.
    heed = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    process = subprocess.Popen([sys.executable, "-c", heed, *command[1:]], stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "out.csv.partial").glob("tally-*.json")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said.strip() == "error: interrupted; what is finished is kept: --resume continues"
    assert subprocess.run([*command, "--resume"], check=False, stderr=subprocess.DEVNULL).returncode == 0
    assert len(read_rows(output)) == 20_000


def test_resuming_keeps_finished_groups_and_refuses_another_job(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source, output = write_rows(tmp_path / "in.csv", many_rows(20_000, every=16)), tmp_path / "out.csv"
    kill_after_a_part(source, output)
    part = tmp_path / "out.csv.partial" / "part-000000000.csv"
    before = part.stat().st_mtime_ns
    thresholds = classifier.thresholds
    with pytest.raises(DataError, match="another options"):
        score(classifier, source, output, resume=True, threshold=0.3)
    content = source.read_bytes()
    status = source.stat()
    source.write_bytes(content.replace(b"hate", b"love"))  # of the same size and time
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(DataError, match="another input"):
        score(classifier, source, output, resume=True, threshold=thresholds)
    assert part.stat().st_mtime_ns == before


def test_two_processes_do_not_write_one_output(classifier: EmotionClassifier, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.csv", many_rows(20_000, every=16))
    output = str(tmp_path / "out.csv")
    command = [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", output]
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not list((tmp_path / "out.csv.partial").glob("tally-*.json")):
        time.sleep(0.02)
    second = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another process is writing" in second.stderr
    assert first.wait() == 0
    assert len(read_rows(tmp_path / "out.csv")) == 20_000


def test_a_full_disk_keeps_finished_rows(cli: Run, tmp_path: Path) -> None:
    """A file size limit makes the operating system refuse a write in the middle, as a full disk does."""
    rows = [{"text": "", "note": ""}] * 2048 + [{"text": "", "note": "long " * 200}] * 2048
    source, output = write_rows(tmp_path / "in.csv", rows), tmp_path / "out.csv"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    done = cli("predict", "--input", source, "--output", output, preexec_fn=limit)
    assert done.returncode == 1
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()
    assert cli("predict", "--input", source, "--output", output, "--resume").returncode == 0
    assert len(read_rows(output)) == 4096


def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    peaks = []
    for number in (4_000, 24_000):
        source = write_rows(tmp_path / f"in{number}.parquet", many_rows(number, every=4))
        command = [
            sys.executable,
            "-m",
            "goemotions",
            "predict",
            "--input",
            str(source),
            "--output",
            str(tmp_path / f"out{number}.parquet"),
        ]
        peaks.append(max(memory_curve(psutil.Popen(command, stderr=subprocess.DEVNULL), every=0.05)))
    assert peaks[1] < peaks[0] * 1.15
