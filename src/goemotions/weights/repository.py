"""Files of a repository on the model hub, kept in the hub's own cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from goemotions.errors import ModelError

HUB_ID = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?", re.ASCII)


@contextmanager
def hub_errors(repo: str, revision: str | None) -> Iterator[None]:
    """Say in one line why the hub does not give something.

    Raises:
        ModelError: no such repository or revision, behind an agreement, unreachable, offline.
    """
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
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


def snapshot(repo: str, revision: str | None, patterns: Sequence[str]) -> Path:
    """A folder with the files of a repository that match ``patterns``; what the cache lacks is downloaded.

    Raises:
        ModelError: see :func:`hub_errors`.
    """
    from huggingface_hub import snapshot_download

    with hub_errors(repo, revision):
        return Path(snapshot_download(repo, revision=revision, allow_patterns=list(patterns)))


def download(repo: str, file: str, revision: str) -> Path:
    """One file of a repository, in the hub's cache; errors as :func:`snapshot`."""
    from huggingface_hub import hf_hub_download

    with hub_errors(repo, revision):
        return Path(hf_hub_download(repo, file, revision=revision))


def cached(repo: str, revision: str | None, patterns: Sequence[str]) -> Path | None:
    """The folder of a repository in the cache, or None; its name is matched whatever the case of its letters."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted = f"models--{repo.replace('/', '--')}"
    folder = Path(constants.HF_HUB_CACHE)
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    for name in sorted(names, key=lambda name: name != wanted):  # the exact one first
        if name.lower() == wanted.lower():
            exact = name.removeprefix("models--").replace("--", "/", 1)
            try:
                return Path(
                    snapshot_download(exact, revision=revision, allow_patterns=list(patterns), local_files_only=True)
                )
            except LocalEntryNotFoundError:
                continue
    return None
