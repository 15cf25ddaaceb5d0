"""What a job keeps while it runs: damage is made good or named, and only one run writes an output."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.batch.job_folder import Summary, job_folder, write_sealed
from goemotions.errors import DataError
from goemotions.predictions import PredictOptions

ROWS = 2048 * 3 + 100
DONE = Summary(ROWS, null_texts=ROWS * 7 // 8)
TALLY = "tally-000000001.json"
PART = "part-000000001.csv"


def command(source: Path, output: Path) -> list[str]:
    return [sys.executable, "-m", "goemotions", "predict", "--input", str(source), "--output", str(output)]


def start(source: Path, output: Path, tally: str) -> subprocess.Popen[str]:
    """Start a job and wait until a part is finished."""
    process = subprocess.Popen(command(source, output), stderr=subprocess.PIPE, text=True)
    while not (output.with_name(output.name + ".partial") / tally).exists():
        assert process.poll() is None, "finished before its part was seen"
        time.sleep(0.001)
    return process


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, classifier: EmotionClassifier) -> Path:
    """A folder with an input, its whole output, and a job that was killed after its second part."""
    folder = tmp_path_factory.mktemp("killed")
    source, output = folder / "in.csv", folder / "out.csv"
    # Blank texts cost nothing.
    source.write_text("n,text\n" + "".join(f"{n},{'' if n % 8 else 'thanks'}\n" for n in range(ROWS)))
    predict_table(classifier, source, "text", folder / "whole.csv", PredictOptions())
    process = start(source, output, TALLY)
    process.kill()
    process.communicate()
    return folder


@pytest.fixture
def job(killed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(killed, tmp_path / "job")


def resume(classifier: EmotionClassifier, job: Path) -> Summary:
    """Go on with the command's job; what languages its texts are in is no matter here."""
    options = PredictOptions(classifier.thresholds)
    done = predict_table(classifier, job / "in.csv", "text", job / "out.csv", options, resume=True, raw=False)
    return dataclasses.replace(done, languages={})


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "part removed": lambda folder: (folder / PART).unlink(),
    "part cut short": lambda folder: truncate(folder / PART),
    "a byte of a part": lambda folder: change_a_byte(folder / PART),
    "another part over it": lambda folder: shutil.copy(folder / "part-000000000.csv", folder / PART),
    "counts cut short": lambda folder: truncate(folder / TALLY),
    "counts of another part": lambda folder: shutil.copy(folder / "tally-000000000.json", folder / TALLY),
    "another part over it, with its counts": lambda folder: (
        shutil.copy(folder / "part-000000000.csv", folder / PART),
        shutil.copy(folder / "tally-000000000.json", folder / TALLY),
    ),
    "the description over counts": lambda folder: shutil.copy(folder / "job.json", folder / TALLY),
    "counts without content": lambda folder: (folder / TALLY).write_bytes(b""),
    "counts that are wrong": lambda folder: (folder / TALLY).write_bytes(
        (folder / TALLY).read_bytes().replace(b"2048", b"2000")
    ),
    "a part too many": lambda folder: shutil.copy(folder / PART, folder / "part-000000099.csv"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_parts_are_made_again(classifier: EmotionClassifier, job: Path, damage: str) -> None:
    """Fault 18: the counts were trusted, so that rows of a missing or damaged part were lost without a word."""
    DAMAGE[damage](job / "out.csv.partial")
    assert resume(classifier, job) == DONE
    assert (job / "out.csv").read_bytes() == (job / "whole.csv").read_bytes()
    assert sorted(path.name for path in job.iterdir()) == ["in.csv", "out.csv", "whole.csv"]


def test_counts_in_place_of_a_description_are_named(classifier: EmotionClassifier, job: Path) -> None:
    """They were taken for the description of another job, all of whose options differed."""
    shutil.copy(job / "out.csv.partial" / TALLY, job / "out.csv.partial" / "job.json")
    with pytest.raises(DataError, match=r"job\.json is damaged or missing: delete .*partial and start again"):
        resume(classifier, job)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"value": {}, "sha256": "0"}', b"[" * 100_000, b"\xff"])
def test_a_damaged_description_is_named(classifier: EmotionClassifier, job: Path, content: bytes | None) -> None:
    """Fault 21: job.json."""
    path = job / "out.csv.partial" / "job.json"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=r"job\.json is damaged or missing: delete .*partial and start again"):
        resume(classifier, job)
    assert not (job / "out.csv").exists()


def test_the_lock_is_held_until_the_folder_is_gone(classifier: EmotionClassifier, job: Path) -> None:
    """Fault 19: a second run met the folder while it was removed, and replaced the output by a part of it."""
    with job_folder(job / "out.csv") as held:
        shutil.copy(job / "whole.csv", held.whole)
        held.finish(Summary(ROWS), lambda path: None, overwrite=False)
        assert not held.path.exists()
        with pytest.raises(DataError, match="another process is writing"):
            resume(classifier, job)
    with pytest.raises(DataError, match="is there already"):
        resume(classifier, job)
    assert (job / "out.csv").read_bytes() == (job / "whole.csv").read_bytes()
    assert sorted(path.name for path in job.iterdir()) == ["in.csv", "out.csv", "whole.csv"]


def test_killed_after_the_output_had_its_name(classifier: EmotionClassifier, job: Path) -> None:
    folder = job / "out.csv.partial"
    shutil.copy(job / "whole.csv", job / "out.csv")
    write_sealed(folder / "finished.json", asdict(DONE))
    (folder / PART).unlink()
    assert resume(classifier, job) == DONE
    assert (job / "out.csv").read_bytes() == (job / "whole.csv").read_bytes()
    assert not folder.exists()


@pytest.mark.parametrize("over", [TALLY, "job.json"])
def test_another_file_in_place_of_the_end(classifier: EmotionClassifier, job: Path, over: str) -> None:
    """It ended in ``Summary() got an unexpected keyword argument``; what is not known to be finished is an output."""
    folder = job / "out.csv.partial"
    shutil.copy(job / "whole.csv", job / "out.csv")
    shutil.copy(folder / over, folder / "finished.json")
    with pytest.raises(DataError, match="is there already"):
        resume(classifier, job)
    (job / "out.csv").unlink()
    assert resume(classifier, job) == DONE
    assert (job / "out.csv").read_bytes() == (job / "whole.csv").read_bytes()


def test_an_output_that_appears_meanwhile_is_kept(classifier: EmotionClassifier, job: Path) -> None:
    with job_folder(job / "out.csv") as held:
        (job / "out.csv").write_text("from another program")
        with pytest.raises(DataError, match="is there already"):
            held.finish(Summary(ROWS), lambda path: path.write_text("x"), overwrite=False)  # type: ignore[arg-type]
    assert (job / "out.csv").read_text() == "from another program"
    (job / "out.csv").unlink()
    assert resume(classifier, job) == DONE


def test_a_removed_folder_is_told(killed: Path, tmp_path: Path) -> None:
    """Fault 19: the folder is removed by somebody while the job runs."""
    source = Path(shutil.copy(killed / "in.csv", tmp_path / "in.csv"))
    process = start(source, tmp_path / "out.csv", "tally-000000000.json")
    (tmp_path / "out.csv.partial").rename(tmp_path / "elsewhere")
    _, said = process.communicate()
    assert process.returncode == 1
    assert "out.csv.partial was removed while this run wrote to it" in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "in.csv"]


def test_an_input_that_changes_meanwhile_is_told(killed: Path, tmp_path: Path) -> None:
    source = Path(shutil.copy(killed / "in.csv", tmp_path / "in.csv"))
    process = start(source, tmp_path / "out.csv", "tally-000000000.json")
    with source.open("a") as stream:
        stream.write("1,more\n")
    _, said = process.communicate()
    assert process.returncode == 1
    assert "in.csv changed while it was read" in said
    assert not (tmp_path / "out.csv").exists()


def test_sealed_files_are_plain_json(job: Path) -> None:
    assert json.loads((job / "out.csv.partial" / TALLY).read_text())["value"]["counts"]["rows"] == 2048
