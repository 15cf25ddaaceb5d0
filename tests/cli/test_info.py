import json
from importlib import metadata
from pathlib import Path

import pytest
from conftest import Run
from environments import Environment

from goemotions import LABELS
from goemotions.catalog import shipped


def test_shipped_models_are_listed(cli: Run) -> None:
    done = cli("info")
    assert done.returncode == 0
    assert "compact (default)" in done.stdout
    found = json.loads(cli("info", "--json").stdout)
    assert found["default"] == "compact"
    assert (found["version"], found["packages"]["numpy"]) == (metadata.version("goemotions"), metadata.version("numpy"))
    assert str(Path.home()) not in json.dumps(found)


def test_what_a_model_is(cli: Run) -> None:
    shown = " ".join(cli("info", "compact").stdout.split())
    for expected in ("all-MiniLM-L6-v2", "43,410 rows", "macro F1", "do not judge people", "grief"):
        assert expected in shown
    config = json.loads(cli("info", "compact", "--json").stdout)
    assert config["emotion_labels"] == list(LABELS)
    assert set(config["metrics"]["test"]["labels"]) == set(LABELS)


def test_a_model_of_many_languages_is_not_called_english(cli: Run) -> None:
    """Fault 3: `info multilingual` gave as its limits "English Reddit comments" alone."""
    shown = " ".join(cli("info", "multilingual").stdout.split())
    assert "limits It reads de, en, es, fr, hi" in shown


def test_not_a_model(cli: Run, tmp_path: Path) -> None:
    done = cli("info", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error:")
    assert "lacks config.json" in done.stderr


@pytest.mark.parametrize("model", shipped().models)
def test_the_base_install_is_enough(cli: Run, tmp_path: Path, model: str) -> None:
    """Fault 22: `goemotions info compact` and `info multilingual` needed scipy, `info smollm2` torch."""
    package = shipped().packages.get(model)
    environment = Environment(packages=frozenset({package.distribution} if package else ()))
    done = cli("info", model, env=environment.variables(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "macro F1" in done.stdout
