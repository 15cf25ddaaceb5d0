"""Nothing is left that nobody uses: functions, classes, attributes, variables and imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_vulture_finds_nothing() -> None:
    """The names that frameworks and data formats use are listed in pyproject.toml."""
    done = subprocess.run(
        [sys.executable, "-m", "vulture"], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
