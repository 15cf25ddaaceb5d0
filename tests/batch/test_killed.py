"""Jobs killed again and again, also while the output is put together, and damaged in between: never a short output."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from table_rows import ENDINGS, many_rows, write_rows

EVERY = [*ENDINGS, "json", "xlsx", "db to parquet", "csv to jsonl"]
"""Of what is read and written; of both, where they are not the same."""


def damage(folder: Path, generator: random.Random) -> str:
    """Damage a file of the job in some way; returns which."""
    files = sorted(folder.iterdir()) if folder.exists() else []
    if not files:
        return "nothing to damage"
    path = generator.choice(files)
    what = generator.choice(["removed", "cut", "changed", "emptied", "overwritten", "untouched"])
    content = bytearray(path.read_bytes())
    if what == "removed":
        path.unlink()
    elif what == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif what == "changed" and content:
        content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        path.write_bytes(content)
    elif what == "emptied":
        path.write_bytes(b"")
    elif what == "overwritten":
        path.write_bytes(generator.choice(files).read_bytes() if path.exists() else b"")
    return f"{path.name.split('-')[0].split('.')[0]} {what}"


def wait(process: subprocess.Popen[str], folder: Path, generator: random.Random, duration: float) -> str:
    """Wait for a random moment of the run, or for one while the output is put together; returns which."""
    if generator.random() < 0.5:
        time.sleep(generator.uniform(0.3, 1.0) * duration)
        return "at random"
    while process.poll() is None and not any(folder.glob("output.*")):
        time.sleep(0.0002)
    time.sleep(generator.uniform(0, 0.02))
    return "at the end"


@pytest.mark.parametrize(
    ("ending", "kills"),
    [
        ("csv", 2),
        ("parquet", 2),
        ("jsonl.zst", 2),
        *(pytest.param(ending, 20, marks=pytest.mark.slow) for ending in EVERY),
    ],
)
def test_killed_and_damaged(tmp_path: Path, ending: str, kills: int) -> None:
    """Faults 18, 19 and 21 together: the output is equal byte by byte, or there is a clear error."""
    given, _, written = ending.partition(" to ")
    source = write_rows(tmp_path / f"in.{given}", many_rows(2048 * (3 if kills < 20 else 8) + 10, every=32))
    whole, output = tmp_path / f"whole.{written or given}", tmp_path / f"out.{written or given}"
    folder = output.with_name(output.name + ".partial")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "goemotions",
        "predict",
        "--resume",
        "--input",
        source,
        "--output",
    ]
    begin = time.perf_counter()
    subprocess.run([*command, whole], check=True, stderr=subprocess.DEVNULL)
    duration = time.perf_counter() - begin
    command.append(output)
    generator = random.Random(ending)
    seen: Counter[str] = Counter()
    while seen["killed"] < kills:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        moment = wait(process, folder, generator, duration)
        process.kill()
        said = process.communicate()[1]
        if process.returncode < 0:
            seen.update(["killed", f"killed {moment}, output {'there' if output.exists() else 'not there'}"])
            seen[damage(folder, generator)] += 1
        else:
            settle(process.returncode, said, output, folder, seen)
        if output.exists():
            assert output.read_bytes() == whole.read_bytes()
    last = subprocess.run(command, capture_output=True, text=True, check=False)
    if last.returncode:
        settle(last.returncode, last.stderr, output, folder, seen)
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == sorted([source, whole, output])
    print(ending, dict(seen))


def settle(code: int, said: str, output: Path, folder: Path, seen: Counter[str]) -> None:
    """Do what a user does after a run that ended: start the next one, and if there was an error heed what it says."""
    if code == 0:
        seen["finished"] += 1
        output.unlink()
        return
    error, *more = [line for line in said.splitlines() if not line.startswith("warning: ")]  # of what was assumed
    assert error.startswith("error: ")
    assert not more
    if "is damaged or missing: delete" in said:
        seen["error: job.json damaged"] += 1
        shutil.rmtree(folder)
    else:
        assert "is there already" in said, said
        seen["error: output is there"] += 1
        output.unlink()
        shutil.rmtree(folder, ignore_errors=True)
