"""Finding models by name, directory and hub id; the hub is a stand-in on loopback."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest
from conftest import Run
from environments import ROOT, Environment
from hub_server import hub

from goemotions.catalog import GROUP, MODELS, bundled, find_model, shipped
from goemotions.checkpoint import copy_directory
from goemotions.errors import ModelError


def test_names(tmp_path: Path) -> None:
    assert find_model(None) == find_model("compact") == MODELS / "compact"
    assert find_model(tmp_path) == find_model(str(tmp_path)) == tmp_path


def test_every_shipped_model_is_there_and_small() -> None:
    sizes = {
        name: sum(file.stat().st_size for file in find_model(name).rglob("*") if file.is_file())
        for name in shipped().models
    }
    assert all(sizes.values())
    assert sizes["multilingual"] <= 47e6
    assert sizes["compact"] <= 25e6
    assert sizes["smollm2"] <= 10e6


@pytest.mark.parametrize("name", ["compcat", "no/such/dir", "", "a b"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(ModelError, match="shipped model"):
        find_model(name)


def test_a_misspelt_name_is_corrected() -> None:
    with pytest.raises(ModelError, match="did you mean 'compact'"):
        find_model("compcat")


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").touch()
    with pytest.raises(ModelError, match="is a file, expected a model directory"):
        find_model(tmp_path / "model.onnx")


def environment(endpoint: str, home: Path) -> dict[str, str]:
    return os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}


def test_from_the_hub_and_then_offline(cli: Run, tmp_path: Path) -> None:
    text = "Thank you so much!"
    expected = cli("predict", "--json", text).stdout
    with hub(find_model("compact")) as endpoint:
        env = environment(endpoint, tmp_path)
        for name in ("org/model", "org/model@v1"):
            done = cli("predict", "--json", "--model", name, text, env=env)
            assert (done.returncode, done.stdout) == (0, expected), done.stderr
    offline = cli("predict", "--json", "--model", "org/model", text, env=env | {"HF_HUB_OFFLINE": "1"})
    assert offline.stdout == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [("org/other", "the hub has no model org/other"), ("org/model@v9", "has no revision 'v9'")],
)
def test_what_the_hub_does_not_have(cli: Run, tmp_path: Path, name: str, message: str) -> None:
    with hub(find_model("compact")) as endpoint:
        done = cli("predict", "--model", name, "text", env=environment(endpoint, tmp_path))
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unreachable_hub(cli: Run, tmp_path: Path) -> None:
    done = cli("predict", "--model", "org/model", "text", env=environment("http://127.0.0.1:9", tmp_path))
    assert done.returncode == 1
    assert "could not be fetched from the hub" in done.stderr
    assert done.stderr.count("\n") == 1


def install(site: Path, package: str, model: str) -> None:
    """Lay out, as pip would, a package whose folder is a model directory."""
    module = package.replace("-", "_")
    shutil.copytree(MODELS / "compact", site / module)
    (site / module / "__init__.py").write_text("raise AssertionError('a model is read, not imported')\n")
    information = site / f"{module}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[goemotions.models]\n{model} = {module}\n")


def test_another_package_brings_a_model(cli: Run, tmp_path: Path) -> None:
    install(tmp_path, "goemotions-toy", "toy")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(MODELS.parents[1])])}
    done = cli("predict", "--model", "toy", "Thank you so much!", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "gratitude" in done.stdout
    assert str(tmp_path / "goemotions_toy") in cli("info", env=env).stdout
    assert "did you mean 'toy'" in cli("info", "toyy", env=env).stderr


@pytest.mark.parametrize("name", bundled().packages)
def test_a_package_of_this_project_is_whole(name: str) -> None:
    """Its names agree with the catalogue's, its wheel holds its model and licences, and it is of this release."""
    folder = ROOT / "packages" / bundled().packages[name].distribution
    read = {path: tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8")) for path in (ROOT, folder)}
    project, wheel = read[folder]["project"], read[folder]["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert (project["name"], project["version"]) == (folder.name, read[ROOT]["project"]["version"])
    module = project["entry-points"][GROUP][name]
    assert wheel["packages"] == [module]
    assert {"__init__.py", "config.json", "README.md"} <= {path.name for path in (folder / module).iterdir()}
    assert {"LICENSE", "NOTICE"} <= set(project["license-files"]) <= {path.name for path in folder.iterdir()}
    assert (folder / "LICENSE").read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", bundled().packages)
def test_a_package_of_this_project_that_is_not_installed(cli: Run, tmp_path: Path, name: str) -> None:
    env = Environment().variables(tmp_path)
    done = cli("predict", "--model", name, "Thank you!", env=env, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    package = bundled().packages[name].distribution
    assert done.stderr.startswith(f"error: the model {name} is a package of its own: pip install ")
    assert done.stderr.rstrip('"\n').endswith(package)
    assert done.stderr.count("\n") == 1
    listed = cli("info", env=env).stdout
    assert f"{name} (not installed: pip install " in listed
    missing = json.loads(cli("info", "--json", env=env).stdout)["not_installed"]
    assert list(missing) == list(bundled().packages)
    shutil.copytree(MODELS / "compact", tmp_path / name)  # a folder of that name is what the user means
    assert "gratitude" in cli("predict", "--model", name, "Thank you!", env=env, cwd=tmp_path).stdout


def test_names_that_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "goemotions-toy", "toy")
    install(tmp_path, "other-toy", "toy")
    with pytest.raises(
        ModelError, match="goemotions-toy and other-toy both bring a model 'toy': uninstall one of them"
    ):
        find_model("toy")
    assert find_model("compact") == MODELS / "compact"
    assert find_model(tmp_path / "other_toy") == tmp_path / "other_toy"
    shutil.rmtree(tmp_path / "goemotions_toy-1.0.dist-info")
    assert find_model("toy") == tmp_path / "other_toy"
    (tmp_path / "other_toy-1.0.dist-info" / "entry_points.txt").write_text("[goemotions.models]\ntoy = no_such\n")
    with pytest.raises(ModelError, match="has no such module"):
        find_model("toy")
    shutil.rmtree(tmp_path / "other_toy-1.0.dist-info")
    for name, owner in {"compact": "goemotions", "smollm2": "goemotions-smollm2"}.items():
        install(tmp_path, "third", name)
        with pytest.raises(ModelError, match=f"third brings a model '{name}', as {owner} does: uninstall third"):
            shipped()
        shutil.rmtree(tmp_path / "third")
        shutil.rmtree(tmp_path / "third-1.0.dist-info")


def test_a_model_in_a_package_stays_one_when_figures_are_stored_in_it(model_copy: Path) -> None:
    (model_copy / "__init__.py").touch()
    copy_directory(model_copy, model_copy, {"README.md": b"new"})
    assert (model_copy / "__init__.py").is_file()
    copy_directory(model_copy, model_copy.with_name("saved"), {})
    assert not (model_copy.with_name("saved") / "__init__.py").exists()
