"""How this package was installed, so that a hint names a command that works."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any


def install_command(extra: str) -> str:
    """Return the command that adds an extra to this installation.

    The package need not be on an index: pip records where it took one from (``direct_url.json``, PEP 610), and the
    command names the same clone, wheel or repository again.
    """
    try:
        record = distribution("goemotions").read_text("direct_url.json")
    except PackageNotFoundError:
        record = None
    return pip_install(extra, json.loads(record) if record else {})


def pip_install(extra: str, origin: dict[str, Any]) -> str:
    """Return the command for an installation whose ``direct_url.json`` holds ``origin``; empty: from an index."""
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        return f'pip install "goemotions[{extra}] @ {origin["vcs_info"]["vcs"]}+{url}"'
    parts = urllib.parse.urlsplit(url)
    path = Path(urllib.request.url2pathname(parts.path))
    if parts.scheme != "file" or not path.exists():
        return f'pip install "goemotions[{extra}]"'
    editable = "--editable " if origin.get("dir_info", {}).get("editable") else ""
    return f'pip install {editable}"{"." if path == Path.cwd() else path}[{extra}]"'
