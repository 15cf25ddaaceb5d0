"""Print what CHANGELOG.md says of a tag's version; fails if the tag is not the version of pyproject.toml."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def notes(tag: str) -> str:
    """Return the part of the changelog that is about a version.

    Raises:
        SystemExit: the tag is not ``v`` and the version, or the changelog says nothing of it.
    """
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if tag != f"v{version}":
        raise SystemExit(f"the tag is {tag}, but pyproject.toml says {version}: expected v{version}")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    part = re.search(rf"^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if part is None or not part[1].strip():
        raise SystemExit(f"CHANGELOG.md has no part '## {version}': give the unreleased one that name")
    return part[1].strip()


if __name__ == "__main__":
    print(notes(sys.argv[1]))
