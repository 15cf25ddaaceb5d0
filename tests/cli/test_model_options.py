"""How a model is loaded is said by the same options everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from conftest import Run

from goemotions.cli.app import app

GROUP = {
    "--device",
    "--threads",
    "--batch-size",
    "--backbone",
    "--encoder",
    "--precision",
    "--allow-other-encoder",
    "--max-memory",
}
COMMANDS = ("predict", "batch", "evaluate", "check", "compare", "tune", "distill", "serve")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_loads_a_model_takes_the_group(name: str) -> None:
    """`evaluate`, `tune` and `compare` took --threads alone: no model with a base of its own could be measured."""
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert {option for parameter in command.params for option in parameter.opts} >= GROUP
    assert "load" not in {parameter.name for parameter in command.params}


@pytest.mark.parametrize(
    "arguments", [("evaluate", "compact"), ("compare", "compact", "compact"), ("tune", "compact", "-o", "new")]
)
def test_the_options_reach_the_model(cli: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """`compact` has no base: that it says so shows that it was asked."""
    (tmp_path / "six.csv").write_text("text,labels\nhello,joy\n")
    done = cli(*arguments, "six.csv", "--backbone", "x", cwd=tmp_path)
    assert done.returncode != 0
    assert "backbone" in done.stderr
    named = cli(*arguments, "six.csv", "--text-column", "review", cwd=tmp_path)
    assert (named.returncode, "no column 'review'" in named.stderr) == (1, True)
    amount = cli(*arguments, "six.csv", "--max-memory", "much", cwd=tmp_path)
    assert (amount.returncode, "such as 4GB" in amount.stderr) == (2, True)
