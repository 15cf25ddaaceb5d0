"""The notebooks run from their first cell, with what they tell a reader to install, and give what is stored in them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from environments import ROOT, Environment, closure
from nbclient import NotebookClient

NOTEBOOKS = ROOT / "docs" / "notebooks"
SECONDS = 600
QUICK = {"explanations"}  # the others fit models or draw with matplotlib: 15 s of a core each
INSTALLS = re.compile(r'^pip install "?\.(?:\[([\w,]+)\])?"? ([\w ]+)$', re.MULTILINE)
NUMBER = re.compile(r"-?\d+(\.\d+)?")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else pytest.mark.slow)
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    ],
)
def test_a_notebook_gives_what_is_stored_in_it(tmp_path: Path, path: Path) -> None:
    folder = shutil.copytree(NOTEBOOKS, tmp_path / "docs" / "notebooks")
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    stored = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(run, timeout=SECONDS, kernel_name="python3", coalesce_streams=True, resources=place)
    client.execute(env=environment(stored.cells[0].source).variables(tmp_path))
    for before, after in zip(stored.cells, run.cells, strict=True):
        assert outputs(before) == outputs(after), before.source
    assert any(outputs(cell) for cell in stored.cells)


def environment(text: str) -> Environment:
    """Return what a notebook's first cell tells to install; of JupyterLab the part that runs cells."""
    found = INSTALLS.search(text)
    assert found, text
    extras = frozenset(found[1].split(",") if found[1] else ())
    beside = {"ipykernel" if name == "jupyterlab" else name for name in found[2].split()}
    return Environment(extras, closure(extras, frozenset(beside)))


def outputs(cell: Any) -> list[tuple[str, str]]:
    """Return the forms of a cell's outputs and their texts, in which any number is 0: the last digits differ."""
    found = cell.get("outputs", ())
    return [(" ".join(sorted(output.get("data", [output.output_type]))), plain(output)) for output in found]


def plain(output: Any) -> str:
    """Return an output's text with all numbers 0, and runs of spaces one."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return " ".join(NUMBER.sub("0", text).split())
