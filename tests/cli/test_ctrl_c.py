"""Ctrl + C while a command starts: one line, and the status that shells expect."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

AS_A_LIBRARY = """
try:
    raise KeyboardInterrupt
except KeyboardInterrupt as error:
    raise ImportError("initialization failed") from error
"""


@pytest.mark.parametrize(
    ("module", "content"), [("typer", "raise KeyboardInterrupt"), ("onnxruntime", AS_A_LIBRARY)], ids=["own", "library"]
)
def test_an_interruption_among_the_imports_is_one_line(tmp_path: Path, module: str, content: str) -> None:
    (tmp_path / f"{module}.py").write_text(content)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "goemotions", "predict", "thanks"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=100
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
