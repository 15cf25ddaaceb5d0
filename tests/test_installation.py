"""Hints about missing extras name a command that works, however the package was installed."""

from __future__ import annotations

import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from goemotions.errors import MissingExtraError
from goemotions.installation import pip_install, pip_install_package


def test_a_clone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 24: the hint named an index, on which the package need not be."""
    origin = {"url": tmp_path.as_uri(), "dir_info": {}}
    assert pip_install("use", origin) == f'pip install "{tmp_path}[use]"'
    monkeypatch.chdir(tmp_path)
    assert pip_install("use", origin) == 'pip install ".[use]"'
    assert pip_install("use", origin | {"dir_info": {"editable": True}}) == 'pip install --editable ".[use]"'


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ({}, 'pip install "goemotions[use]"'),
        ({"url": "file:///no/longer/there", "dir_info": {}}, 'pip install "goemotions[use]"'),
        ({"url": "https://example.org/goemotions.whl", "archive_info": {}}, 'pip install "goemotions[use]"'),
        (
            {"url": "https://example.org/goemotions.git", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}},
            'pip install "goemotions[use] @ git+https://example.org/goemotions.git"',
        ),
    ],
)
def test_other_origins(origin: dict[str, object], expected: str) -> None:
    assert pip_install("use", origin) == expected


def test_a_wheel_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "goemotions-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert pip_install("use", {"url": wheel.as_uri(), "archive_info": {}}) == f'pip install "{wheel}[use]"'


def test_another_package_of_this_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone and a repository hold it; beside a wheel there is only the index."""
    name = "goemotions-smollm2"
    assert pip_install_package(name, {}) == f"pip install {name}"
    clone = {"url": tmp_path.as_uri(), "dir_info": {}}
    assert pip_install_package(name, clone) == f"pip install {name}"  # an older clone
    (tmp_path / "packages" / name).mkdir(parents=True)
    assert pip_install_package(name, clone) == f'pip install "{tmp_path}/packages/{name}"'
    monkeypatch.chdir(tmp_path)
    assert pip_install_package(name, clone) == f'pip install "./packages/{name}"'
    repository = {"url": "https://example.org/goemotions.git", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}
    where = f"git+https://example.org/goemotions.git#subdirectory=packages/{name}"
    assert pip_install_package(name, repository) == f'pip install "{name} @ {where}"'
    wheel = tmp_path / "goemotions-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert pip_install_package(name, {"url": wheel.as_uri(), "archive_info": {}}) == f"pip install {name}"


def test_errors_say_it() -> None:
    assert '[serve]"' in str(MissingExtraError("the server", "serve"))


@pytest.mark.parametrize(("name", "unsafe"), [("onnxruntime", "1.23.2"), ("torch", "2.9.1")])
def test_releases_with_holes_are_never_installed(name: str, unsafe: str) -> None:
    """Faults 10 and 13: onnxruntime up to 1.23 reads files outside a model's folder, torch.load up to 2.9 runs code."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    every = map(Requirement, chain(project["dependencies"], *project["optional-dependencies"].values()))
    wanted = [requirement.specifier for requirement in every if requirement.name == name]
    assert wanted
    assert not any(specifier.contains(unsafe) for specifier in wanted)
