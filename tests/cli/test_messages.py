"""What commands say where something is wrong is true of the command that was given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run
from own_rows import own_rows, write_rows

from goemotions.errors import counted, counted_of


def test_a_full_disk_in_a_command_that_begins_again(tmp_path: Path) -> None:
    """`report` advised --resume, which it does not have."""
    (tmp_path / "posts.csv").write_text("text\n" + "thank you so much\nwhat a sad day\n" * 20)
    script = f"ulimit -f 4; exec {sys.executable} -m goemotions report posts.csv"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "free some space" in done.stderr
    assert "resume" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_where_no_file_can_be_made_that_is_said(cli: Run, tmp_path: Path) -> None:
    """`predict` said that another process was writing the output."""
    (tmp_path / "in.csv").write_text("text\nhello\n")
    done = cli("predict", "--input", "in.csv", "--output", "/proc/x.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"error: /proc/x.csv cannot be written: {os.strerror(2)}\n"


def test_a_fitted_model_names_the_languages_of_its_base(cli: Run, tmp_path: Path) -> None:
    """`info` said that they are not known."""
    write_rows(tmp_path / "rows.csv", *own_rows(30))
    assert cli("fit", "rows.csv", "--output", "shop", cwd=tmp_path).returncode == 0
    shown = " ".join(cli("info", "shop", cwd=tmp_path).stdout.split())
    assert "languages en, which its base reads" in shown


def test_one_of_something_is_singular(cli: Run, tmp_path: Path) -> None:
    """`predict` said "1 rows", and that "1 of 2 rows have no text"."""
    assert counted(1, "row") == "1 row"
    assert counted(1204, "row has", "rows have") == "1,204 rows have"
    assert counted_of(1, 1, "row", "is empty", "are empty") == "1 of 1 row is empty"
    (tmp_path / "in.csv").write_text("text\n \n")
    done = cli("predict", "--input", "in.csv", "--output", "out.csv", cwd=tmp_path)
    assert done.stderr.splitlines()[-2:] == [
        "out.csv: 1 row",
        "warning: 1 of 1 row has no text: it is kept, without emotions",
    ]
