"""Finds a model by name: a shipped one, a directory, or a hub id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from goemotions.errors import ModelError, nearest
from goemotions.hub import HUB_ID, snapshot
from goemotions.specs import ALL_FILES

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Catalog:
    """The models that come with the package: ``models/catalog.json``."""

    default: str
    models: dict[str, str]


def shipped() -> Catalog:
    return Catalog(**json.loads((MODELS / "catalog.json").read_text(encoding="utf-8")))


def find_model(name: str | Path | None) -> Path:
    """The directory of a model; one on the hub is downloaded to the hub's own cache.

    Args:
        name: a shipped name, an existing path, or ``org/name[@revision]``, tried in this order; None is the default.

    Raises:
        ModelError: nothing of that name, or the hub does not give it.
    """
    catalog = shipped()
    if name is None:
        return MODELS / catalog.default
    if str(name) in catalog.models:
        return MODELS / str(name)
    path = Path(name).expanduser()
    if str(name) and path.is_dir():
        return path
    if path.is_file():
        raise ModelError(f"{name} is a file, expected a model directory")
    match = HUB_ID.fullmatch(str(name)) if isinstance(name, str) else None
    if match is None:
        raise ModelError(
            f"no model {str(name)!r}: no such directory, and not a shipped model "
            f"({', '.join(catalog.models)}){nearest(str(name), catalog.models)}"
        )
    return snapshot(match["repo"], match["revision"], ALL_FILES)
