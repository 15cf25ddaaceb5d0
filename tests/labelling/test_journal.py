"""The journal: what was acknowledged is there, what a crash cut short is not, and nothing else is read."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from goemotions import DataError
from goemotions.evaluation.figures import Figure
from goemotions.labelling.journal import Answer, Journal, Measured, Plan, latest

PLAN = Plan("posts.csv", "0" * 64, "text", ("joy", "anger"), False, "random", 0, "compact")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with two answers for one text and one for another."""
    path = tmp_path / "new" / "labelled.csv.journal"
    journal = Journal.open(path, PLAN)
    for answer in (Answer(3, ("joy",)), Answer(7, (), skipped=True), Answer(3, ("joy", "anger"), aside=True)):
        journal.add(answer)
    journal.add_measured(Measured(2, Figure(0.5, 0.4, 0.6), None, 1))
    journal.close()
    return path


def test_what_was_written_is_read_again_and_the_last_answer_counts(path: Path) -> None:
    journal = Journal.open(path, PLAN)
    assert list(latest(journal.answers)) == [3, 7]
    assert latest(journal.answers)[3] == Answer(3, ("joy", "anger"), aside=True)
    assert journal.measured == [Measured(2, Figure(0.5, 0.4, 0.6), None, 1)]
    journal.close()


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_that_was_cut_short_is_removed(path: Path, cut: int) -> None:
    whole = path.read_bytes()
    for size in (len(whole) - cut, 10):  # in the last line, and in the very first
        path.write_bytes(whole[:size])
        journal = Journal.open(path, PLAN)
        assert journal.measured == []
        journal.add(Answer(9, ("anger",)))
        journal.close()
        again = Journal.open(path, PLAN)
        assert again.answers[-1] == Answer(9, ("anger",))
        again.close()


def test_a_damaged_line_is_an_error_that_names_it(path: Path) -> None:
    for old, new in ((b'"row": 7', b'"row": "x"'), (b'{"answer"', b'{"answer'), (b'"format": 1', b'"format": 2')):
        whole = path.read_bytes()
        path.write_bytes(whole.replace(old, new))
        with pytest.raises(DataError, match=r"line \d is damaged|newer release"):
            Journal.open(path, PLAN)
        path.write_bytes(whole)


def test_a_journal_of_something_else_is_refused_with_every_difference(path: Path) -> None:
    other = replace(PLAN, labels=("joy",), single=True, sha256="1" * 64)
    with pytest.raises(DataError, match="another content of the file, other labels, another choice of --single"):
        Journal.open(path, other)


FULL = """
import resource, sys
from pathlib import Path
from goemotions.labelling.journal import Answer, Journal
sys.path.insert(0, {tests!r})
from test_journal import PLAN
path = Path({path!r})
journal = Journal.open(path, PLAN)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20,) * 2)
try:
    journal.add(Answer(8, ("anger",)))
except OSError as error:
    print(error.strerror, len(journal.answers))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on the size of files")
def test_an_answer_that_the_disk_does_not_take_is_no_answer(path: Path) -> None:
    before = path.read_bytes()
    code = FULL.format(tests=str(Path(__file__).parent), path=str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large 3\n"
    assert path.read_bytes() == before
