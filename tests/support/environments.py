"""Environments with exactly the extras that a text names, made from the one in which the tests run.

An environment for each set of extras would be ten times torch. Instead a process runs in the full one, with every
distribution hidden from it that the named extras do not bring (``hidden/sitecustomize.py``). What such a process sees
is checked by ``tests/test_environments.py``; ``tests/test_package.py`` compares the base environment with one that pip
made.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = "goemotions"
IN_EVERY_ENVIRONMENT = frozenset({OWN, "pip"})


@dataclass(frozen=True)
class Environment:
    """What is installed.

    Attributes:
        extras: of goemotions.
        packages: installed beside it, without their requirements.
    """

    extras: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()

    def distributions(self) -> frozenset[str]:
        """Return the canonical names of all distributions in it."""
        return IN_EVERY_ENVIRONMENT | closure(self.extras) | self.packages

    def variables(self, folder: Path) -> dict[str, str]:
        """Return the environment variables with which a process is in it; a file of its own is kept in ``folder``."""
        allowed = self.distributions()
        hidden = sorted(installed() - allowed)
        modules = sorted(name for name, owners in modules_of().items() if not owners & allowed)
        folders = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
        content = json.dumps({"distributions": hidden, "modules": modules, "folders": folders})
        path = folder / f"hidden-{hashlib.sha256(content.encode()).hexdigest()[:16]}.json"
        path.write_text(content, encoding="utf-8")
        parts = [str(Path(__file__).parent / "hidden"), str(ROOT / "src")]
        return os.environ | {
            "GOEMOTIONS_HIDDEN": str(path),
            "PYTHONPATH": os.pathsep.join(parts),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }

    def __str__(self) -> str:
        shown = ",".join(sorted(self.extras))
        return " + ".join([f".[{shown}]" if shown else ".", *sorted(self.packages)])


@cache
def closure(extras: Iterable[str], beside: Iterable[str] = ()) -> frozenset[str]:
    """Return the canonical names of what goemotions with these extras and packages beside it require, directly or not.

    Raises:
        LookupError: goemotions has no such extra, or something required is not installed here.
    """
    waiting = [Requirement(text) for text in (*PROJECT["dependencies"], *required_by(extras), *beside)]
    found: set[tuple[str, str]] = set()  # names with each extra that was asked for
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in found:
                continue
            found.add((name, extra))
            texts = required_by([extra] if extra else []) if name == OWN else metadata.requires(name) or []
            waiting += [
                needed
                for needed in map(Requirement, texts)
                if needed.marker is None or needed.marker.evaluate({"extra": extra})
            ]
    return frozenset(name for name, _ in found)


def required_by(extras: Iterable[str]) -> list[str]:
    """Return what extras of goemotions add, from pyproject.toml: what is installed here may be older."""
    optional = PROJECT["optional-dependencies"]
    unknown = sorted(set(extras) - set(optional))
    if unknown:
        raise LookupError(f"goemotions has no extra {', '.join(unknown)}")
    return [text for extra in extras for text in optional[extra]]


@cache
def installed() -> frozenset[str]:
    return frozenset(canonicalize_name(found.name) for found in metadata.distributions())


@cache
def modules_of() -> dict[str, frozenset[str]]:
    """Return the distributions that bring each top-level module."""
    owners = metadata.packages_distributions()
    return {name: frozenset(map(canonicalize_name, names)) for name, names in owners.items() if name.isidentifier()}
