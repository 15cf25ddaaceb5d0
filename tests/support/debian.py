"""Programs of Debian that tests need: installed where they are missing and can be."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def need(program: Path, package: str) -> None:
    """Have a program. Without it a test is skipped, and fails in CI, where it must run."""
    why = install(program, package)
    if why and os.environ.get("CI"):
        pytest.fail(why)
    if why:
        pytest.skip(why)


def install(program: Path, package: str) -> str:
    """Why a program is not there; empty if it is."""
    if program.exists():
        return ""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"needs {program}: apt-get install {package}"
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", package]):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        )
        if done.returncode:
            return f"{' '.join(command)}: {done.stderr.strip()[-300:]}"
    return ""
