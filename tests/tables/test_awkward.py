"""Files as analysts bring them: read the same by Python and the command line, or refused in the same words."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest
from awkward import FILES, Awkward

from goemotions.cli.app import main
from goemotions.cli.table_options import options as reading_options
from goemotions.errors import AssumptionWarning, GoEmotionsError
from goemotions.tables.compression import Stream
from goemotions.tables.encoding import find_encoding
from goemotions.tables.formats import open_table
from goemotions.tables.source import ReadOptions, Source

pytestmark = pytest.mark.filterwarnings(f"ignore::{AssumptionWarning.__module__}.AssumptionWarning")


def reading(case: Awkward) -> tuple[str, ReadOptions]:
    """Return the text column and the options of a case."""
    given = dict(zip(*[iter(option for option in case.options if option != "--no-header")] * 2, strict=True))
    column = given.pop("--text-column", "text")
    named = {name.removeprefix("--"): value for name, value in given.items()}
    return column, reading_options(no_header="--no-header" in case.options, **named)


def read(path: Path, case: Awkward) -> list[str | None]:
    column, options = reading(case)
    table = open_table(path, column, options)
    table.check_columns([])
    return [text for group in table.groups() for text in group.column(column)]


@pytest.mark.parametrize("case", FILES, ids=str)
def test_python_reads_it_or_says_why_not(tmp_path: Path, case: Awkward) -> None:
    path = tmp_path / case.name
    path.write_bytes(case.content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)  # of what other tests left behind, whenever it is collected
        if case.texts is None:
            with pytest.raises((GoEmotionsError, ValueError)) as error:
                read(path, case)
            assert case.said in str(error.value)
            assert "\n" not in str(error.value)
            return
        assert read(path, case) == case.texts
    said = [str(warning.message) for warning in caught]
    assert len(said) == bool(case.said), said
    assert all(case.said in line and case.name in line for line in said)


@pytest.mark.parametrize("case", FILES, ids=str)
def test_the_command_line_does_the_same(
    tmp_path: Path, case: Awkward, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / case.name, tmp_path / f"out-{case.name}"
    path.write_bytes(case.content)
    if path.suffix in (".db", ".sqlite"):  # it is only read
        output = output.with_suffix(".jsonl")
    command = ["goemotions", "predict", "--input", path, "--output", output, *case.options]
    monkeypatch.setattr(sys, "argv", [str(word) for word in command])
    with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
        warnings.simplefilter("default")
        main()
    said = capfd.readouterr().err
    assert case.said in said
    assert "Traceback" not in said
    if case.texts is None:
        assert ended.value.code in (1, 2)
        assert said.splitlines()[-1].startswith("error: ")
        assert [found.name for found in tmp_path.iterdir()] == [case.name]
        return
    assert ended.value.code == 0, said
    if path.suffix in (".db", ".sqlite", ".xlsx"):
        assert read(output, Awkward(output.name, b"", None)) == case.texts
        return
    assert read(output, case) == case.texts
    with Stream(path) as before, Stream(output) as after:
        codec = find_encoding(Source(path, reading(case)[1]), reading(case)[0]).codec
        first, second = before.plain.read().decode(codec), after.plain.read().decode(codec)
    for line in first.splitlines():  # every row is still there, as the characters that it was
        assert line.lstrip("\ufeff [").rstrip("},] ") in second
