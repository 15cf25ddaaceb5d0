"""Commands and code in the README do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CARD_TEXTS
from hub_server import hub

from goemotions import EmotionClassifier
from goemotions.catalog import find_model

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if "goemotions " in line and not line.startswith("pip ") and "train" not in line
]
PUBLISHED = "TextMiningStories/Mistral-Small-3.1-24B-goemotions"
FROM_HUB = [line for line in README.splitlines() if PUBLISHED in line or line.startswith("hf ")]
ON_DATA = [command for command in COMMANDS if " DIR" in command]
COMMANDS = [command for command in COMMANDS if command not in (*FROM_HUB, *ON_DATA) and " push " not in command]
COMMANDS.remove("goemotions serve")  # it does not end: tests/server


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


def test_commands_for_the_published_system(tmp_path: Path) -> None:
    """Against a stand-in for the hub, with a tiny base; without TensorFlow, so with another encoder."""
    fixture = ROOT / "tests" / "fixtures" / "embedding-llm-1"
    base = next(line.split()[-1] for line in FROM_HUB if line.startswith("hf "))
    published = shutil.copytree(fixture / "model", tmp_path / "published")
    config = json.loads((published / "config.json").read_text(encoding="utf-8"))
    kept = ("hidden_size", "embed_dim", "num_labels", "emotion_labels", "threshold")
    layout = {key: config[key] for key in kept} | {"model_name": base.removesuffix("-unsloth-bnb-4bit")}
    (published / "config.json").write_text(json.dumps(layout), encoding="utf-8")
    tools = Path(sys.executable).parent
    with hub({PUBLISHED: published, base: fixture / "base"}) as endpoint:
        env = os.environ | {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(tmp_path / "home"),
            "PATH": f"{tools}:/usr/bin:/bin",
        }
        for command in FROM_HUB:
            encoder = " --encoder use-multilingual-v3 --allow-other-encoder" if " predict " in command else ""
            done = subprocess.run(
                ["bash", "-c", command + encoder], capture_output=True, text=True, check=False, env=env
            )
            assert done.returncode == 0, done.stderr
    assert "nf4, 2 layers of 32" in " ".join(done.stdout.split())


def test_commands_on_labelled_data(tmp_path: Path) -> None:
    (tmp_path / "DIR").mkdir()
    for split in ("dev", "test"):
        rows = [
            f"{text} {split}\t{label}\t{split}{label}\n" for text, label in zip(CARD_TEXTS, (0, 2, 19), strict=True)
        ]
        (tmp_path / "DIR" / f"{split}.tsv").write_text("".join(rows), encoding="utf-8")
    shutil.copytree(find_model("compact"), tmp_path / "MODEL")
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    for command in ON_DATA:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, env=env
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert EmotionClassifier(tmp_path / "NEW").calibration is not None


def test_there_are_commands() -> None:
    assert len(ON_DATA) == 3
    assert len(COMMANDS) >= 5
    assert len(FROM_HUB) == 3


def test_the_readmes_speed_figures_are_those_of_the_committed_run() -> None:
    results = json.loads((ROOT / "benchmarks" / "results" / "compact_speed.json").read_text(encoding="utf-8"))
    row = next(line for line in README.splitlines() if line.startswith("| `compact`, 8 bit"))
    compact = results["compact"]
    for figure in (f"{compact['texts_per_s']:,}", compact["one_text"]["p50_ms"], compact["one_text"]["p95_ms"]):
        assert str(figure) in row
    assert f"{results['ratio']} times" in README


def test_the_hardware_table_is_what_the_planner_decides() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "hardware.py"], capture_output=True, text=True, check=True
    )
    shown = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
    assert made.stdout.strip() == shown.split("hardware.py -->\n")[1].split("\n<!-- end")[0].strip()
