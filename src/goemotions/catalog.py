"""Finds a model by name: a shipped one, a directory, or a hub id."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from goemotions.checkpoint import FILES, OPTIONAL_FILES
from goemotions.errors import ModelError, nearest

MODELS = Path(__file__).parent / "models"
HUB_ID = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?", re.ASCII)


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
    return _download(match["repo"], match["revision"])


def _download(repo: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    wanted = sorted({*OPTIONAL_FILES}.union(*FILES.values()))
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=wanted))
    except GatedRepoError as error:
        raise ModelError(
            f"the hub keeps {repo} behind an agreement: accept it there and log in with `hf auth login`"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"no directory {repo}, and the hub has no model {repo} (a private one needs `hf auth login`)"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(f"the hub's {repo} has no revision {revision!r}") from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, OSError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ModelError(f"no directory {repo}, and the model could not be fetched from the hub: {reason}") from error
