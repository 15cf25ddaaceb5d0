"""The way in which this package was installed, so that a hint names a command that works."""

from __future__ import annotations

import json
import platform
import re
import urllib.parse
import urllib.request
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from typing import Any


def install_command(extra: str) -> str:
    """Return the command that adds an extra to this installation."""
    return pip_install(extra, origin())


def card_hint(extra: str) -> str:
    """Return how an extra is added, for a text that is read elsewhere: from an index, and in a clone."""
    return f'`pip install "goemotions[{extra}]"`, or in a clone `pip install ".[{extra}]"`'


def package_command(package: str) -> str:
    """Return the command that adds another package of this project, one of those below ``packages`` in a clone."""
    return pip_install_package(package, origin())


def versions() -> dict[str, Any]:
    """Return what answers depend on besides the model: versions, system and cores; no paths and no names."""
    from goemotions.machine import cores

    installed: dict[str, str] = {}
    for requirement in requires("goemotions") or []:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        with suppress(PackageNotFoundError):
            installed[name] = version(name)
    return {
        "version": version("goemotions"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": cores(),
        "packages": dict(sorted(installed.items())),
    }


def origin() -> dict[str, Any]:
    """Return where this package was installed from, or an empty dict: from an index, or not known.

    The package need not be on an index: pip records where it took one from (``direct_url.json``, PEP 610), and a
    command can name the same clone, wheel or repository again.
    """
    try:
        record = distribution("goemotions").read_text("direct_url.json")
    except PackageNotFoundError:
        record = None
    found: dict[str, Any] = json.loads(record) if record else {}
    return found


def pip_install(extra: str, origin: dict[str, Any]) -> str:
    """Return the command for an extra of an installation whose ``direct_url.json`` holds ``origin``."""
    if "vcs_info" in origin:
        return f'pip install "goemotions[{extra}] @ {origin["vcs_info"]["vcs"]}+{origin["url"]}"'
    path = local_path(origin)
    if path is None:
        return f'pip install "goemotions[{extra}]"'
    editable = "--editable " if origin.get("dir_info", {}).get("editable") else ""
    return f'pip install {editable}"{"." if path == Path.cwd() else path}[{extra}]"'


def pip_install_package(package: str, origin: dict[str, Any]) -> str:
    """Return the command for another package of this project, as :func:`pip_install`; a wheel does not hold it."""
    if "vcs_info" in origin:
        where = f"{origin['vcs_info']['vcs']}+{origin['url']}#subdirectory=packages/{package}"
        return f'pip install "{package} @ {where}"'
    path = local_path(origin)
    if path is None or not (path / "packages" / package).is_dir():
        return f"pip install {package}"
    return f'pip install "{"." if path == Path.cwd() else path}/packages/{package}"'


def local_path(origin: dict[str, Any]) -> Path | None:
    """Return the clone or wheel that an installation was made from, if it is still there."""
    parts = urllib.parse.urlsplit(str(origin.get("url", "")))
    path = Path(urllib.request.url2pathname(parts.path))
    return path if parts.scheme == "file" and path.exists() else None
