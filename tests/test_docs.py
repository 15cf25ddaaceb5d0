"""Commands and code in the README do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CARD_TEXTS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if "goemotions " in line and not line.startswith("pip ") and "train" not in line
]


def test_the_first_example_prints_what_the_readme_shows(capsys: pytest.CaptureFixture[str]) -> None:
    exec(PYTHON[0], {})
    shown = re.search(r"```\n(\{.*?)```", README, re.DOTALL)
    assert shown is not None
    assert capsys.readouterr().out == shown[1]


def test_the_other_lines_run() -> None:
    scope: dict[str, object] = {"texts": CARD_TEXTS}
    exec(PYTHON[0], scope)
    lines = [line for line in PYTHON[1].splitlines() if "path/to/model" not in line]
    for line in lines:
        exec(line, scope)
    assert len(lines) >= 5


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(tmp_path: Path, command: str) -> None:
    (tmp_path / "comments.txt").write_text("Thank you!\nWhat is that?\n")
    (tmp_path / "reviews.csv").write_text("id,review\n1,I love it\n2,awful\n")
    here = f"{shlex.quote(sys.executable)} -m goemotions "
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.replace("goemotions ", here, 1)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    for output in re.findall(r"(?:--output|>) (\S+)", command):
        assert (tmp_path / output).stat().st_size > 0


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 5


def test_the_readmes_speed_figures_are_those_of_the_committed_run() -> None:
    results = json.loads((ROOT / "benchmarks" / "results" / "compact_speed.json").read_text(encoding="utf-8"))
    row = next(line for line in README.splitlines() if line.startswith("| `compact`, 8 bit"))
    compact = results["compact"]
    for figure in (f"{compact['texts_per_s']:,}", compact["one_text"]["p50_ms"], compact["one_text"]["p95_ms"]):
        assert str(figure) in row
    assert f"{results['ratio']} times" in README
