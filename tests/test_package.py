"""The wheel alone works: built, installed into an empty environment, used outside the repository."""

from __future__ import annotations

import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest
from environments import Environment
from packaging.utils import canonicalize_name

from goemotions.catalog import bundled

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
LIMIT_MB = 240  # without pip and setuptools, compiled files included; 239.7 when it was set


def build(project: Path, folder: Path) -> Path:
    """Return the wheel of a project, built from its source distribution, as an installer would."""
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, project], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def distributions(packages: Path) -> set[str]:
    """Return the canonical names of what is installed in a folder."""
    return {canonicalize_name(found.name) for found in metadata.distributions(path=[str(packages)])}


def test_install_size_and_first_result(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    packages = next((tmp_path / "env" / "lib").glob("python*")) / "site-packages"
    before = {path.name for path in packages.iterdir()}
    constraints: list[str | Path] = ["--constraint", ROOT / "tests" / "constraints.txt"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *constraints, wheel], check=True)
    new = [path for path in packages.iterdir() if path.name not in before]
    files = [file for path in new for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"base install: {size:.0f} MB")
    assert distributions(packages) - {"setuptools"} == Environment().distributions()
    assert size < LIMIT_MB
    command: list[str | Path] = [tmp_path / "env" / "bin" / "goemotions", "predict", "Thank you so much!"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "gratitude" in done.stdout
    # What needs an extra says which, and what does not need one works.
    (tmp_path / "in.parquet").touch()
    (tmp_path / "in.csv").write_text("text\nThank you!\n")
    for arguments, expected in (
        (["predict", "--input", "in.parquet", "--output", "out.parquet"], '[tables]"'),
        (["train", "compact", "--data", "."], '[train]"'),
        (["serve"], '[serve]"'),
        (["evaluate", "compact", "in.csv"], '[report]"'),
        (["predict", "--input", "in.csv", "--output", "out.csv"], "out.csv: 1 row"),
    ):
        said = subprocess.run([*command[:1], *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert expected in said.stderr
        assert said.stderr.count("\n") == 1
    licences = next(packages.glob("goemotions-*.dist-info")) / "licenses"
    assert {"LICENSE", "NOTICE"} <= {path.name for path in licences.iterdir()}
    for name, package in bundled().packages.items():
        said = subprocess.run([*command[:1], "info"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert f"{name} (not installed: pip install {package.distribution})" in said.stdout
        folder = ROOT / "packages" / package.distribution
        model = build(folder, tmp_path / package.distribution)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", model], check=True)
        said = subprocess.run([*command[:1], "info", name], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert str(packages) in "".join(said.stdout.split())  # a long path stands on several lines
        licences = next(packages.glob(f"{package.distribution.replace('-', '_')}-*.dist-info")) / "licenses"
        its_own = {"NOTICE", *(path.name for path in folder.glob("LICENSE*"))}
        assert {path.name for path in licences.iterdir()} == its_own
