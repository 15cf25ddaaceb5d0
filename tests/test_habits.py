"""Workflows, hooks, templates and the release: checked by linters, and against the project itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from environments import PROJECT, ROOT
from packaging.requirements import Requirement

GITHUB = ROOT / ".github"
SCRIPTS = Path(sys.executable).parent


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def supported() -> list[str]:
    """Return the versions of Python that the package promises."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line) for line in PROJECT["classifiers"])
    return [match[1] for match in found if match]


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("github-workflows", "workflows/*.yml"),
        ("github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
        ("github-issue-config", "ISSUE_TEMPLATE/config.yml"),
        ("dependabot", "dependabot.yml"),
    ],
)
def test_files_for_github_have_its_form(schema: str, pattern: str) -> None:
    files = sorted(GITHUB.glob(pattern))
    assert files
    command = [str(SCRIPTS / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_workflows_have_no_rights_that_they_do_not_need() -> None:
    """Actions are pinned to a commit, credentials are not kept, and nothing from outside is put into a script."""
    command = [str(SCRIPTS / "zizmor"), "--offline", "--quiet", "--no-progress", str(GITHUB)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    uses = re.findall(r"uses: (\S+)", "".join(file.read_text(encoding="utf-8") for file in GITHUB.rglob("*.yml")))
    assert len(uses) >= 8
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in uses), uses


def test_every_supported_python_is_tested_on_every_system() -> None:
    jobs = read(GITHUB / "workflows" / "test.yml")["jobs"]
    assert supported()[0] == PROJECT["requires-python"].removeprefix(">=")
    for name in ("linux", "elsewhere"):
        assert jobs[name]["strategy"]["matrix"]["python"] == supported()
    systems = jobs["elsewhere"]["strategy"]["matrix"]["system"]
    assert {system.split("-")[0] for system in systems} == {"macos", "windows"}


def test_files_that_workflows_name_are_there() -> None:
    for file in (GITHUB / "workflows").glob("*.yml"):
        for path in re.findall(r"(?<![\w/])(?:tests|packages|\.github)/[\w./-]+", file.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{file.name}: {path}"


def test_hooks_run_the_versions_that_the_tests_run() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "tests/constraints.txt").read_text(encoding="utf-8"), re.M))
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    named = {need for hook in repository["hooks"] for need in hook["additional_dependencies"]}
    assert len(named) == 3
    assert named == {f"{name}=={pins[name]}" for name in (need.split("==")[0] for need in named)}
    command = [str(SCRIPTS / "pre-commit"), "validate-config", str(ROOT / ".pre-commit-config.yaml")]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize(("name", "extra"), [("constraints.txt", "dev"), ("constraints-tfhub.txt", "tfhub")])
def test_versions_that_are_pinned_are_allowed(name: str, extra: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "tests" / name).read_text(encoding="utf-8"), re.M))
    asked = [Requirement(need) for need in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]]]
    pinned = [need for need in asked if need.name in pins]
    assert len(pinned) >= 5
    assert not [str(need) for need in pinned if pins[need.name] not in need.specifier]


def test_the_version_stands_in_one_place() -> None:
    version = re.compile(rf"(?<![\d.=]){re.escape(PROJECT['version'])}(?![\d.])")
    files = [
        *ROOT.glob("*.cff"),
        *ROOT.glob("*.toml"),
        *(ROOT / "src").rglob("*.py"),
        ROOT / "README.md",
        ROOT / "Makefile",
    ]
    found = {file.name for file in files if version.search(file.read_text(encoding="utf-8"))} - {"packages.py"}
    assert found == {"pyproject.toml"}  # packages.py names versions of other packages


@pytest.mark.parametrize(
    ("tag", "changelog", "said"),
    [
        ("v1.2.0", "# C\n\n## Unreleased\n\n- new\n\n## 1.2.0, a day\n\n- old\n\n## 1.1.0\n\n- older\n", "- old\n"),
        ("1.2.0", "## 1.2.0\n\n- old\n", "the tag is 1.2.0, but pyproject.toml says 1.2.0: expected v1.2.0\n"),
        (
            "v1.2.0",
            "## Unreleased\n\n- new\n",
            "CHANGELOG.md has no part '## 1.2.0': give the unreleased one that name\n",
        ),
    ],
)
def test_a_tag_releases_its_version_with_its_notes(tmp_path: Path, tag: str, changelog: str, said: str) -> None:
    (tmp_path / ".github").mkdir()
    script = tmp_path / ".github" / "check_tag.py"
    script.write_text((GITHUB / "check_tag.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    done = subprocess.run([sys.executable, script, tag], capture_output=True, text=True, check=False)
    assert (done.stdout or done.stderr) == said


def test_issues_ask_for_what_the_command_line_prints() -> None:
    forms = [read(file) for file in GITHUB.glob("ISSUE_TEMPLATE/*.yml") if file.name != "config.yml"]
    asked = [element["attributes"].get("label", "") for form in forms for element in form["body"]]
    assert sum("`goemotions info --json`" in label for label in asked) == 2
