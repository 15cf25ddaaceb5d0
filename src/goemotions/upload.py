"""Uploading a model directory to the hub; :mod:`goemotions.catalog` fetches one from there."""

from __future__ import annotations

from pathlib import Path

from goemotions.catalog import find_model
from goemotions.checkpoint import read_config
from goemotions.errors import GoEmotionsError, ModelError
from goemotions.specs import ARCHITECTURES, OPTIONAL_FILES


def push_model(
    model: str | Path,
    repo: str,
    *,
    private: bool = False,
    revision: str | None = None,
    message: str = "Upload with goemotions push",
) -> str:
    """Check a model directory and upload its files in one commit; the repository is made if there is none.

    Only a model's own files go up, whatever else lies in the directory.

    Args:
        repo: ``org/name``.
        private: of a new repository; one that is there stays as it is.
        revision: a branch, made if there is none; None is the main one.

    Returns:
        The address of the commit.

    Raises:
        ModelError: not a complete model directory, or one without a card.
        GoEmotionsError: the hub refuses, or cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    directory = find_model(model)
    architecture = read_config(directory).architecture
    if not (directory / "README.md").is_file():
        raise ModelError(f"{directory} has no card (README.md): goemotions evaluate MODEL DATA --store writes one")
    api = HfApi(library_name="goemotions")
    try:
        api.create_repo(repo, private=private, exist_ok=True)
        if revision is not None:
            api.create_branch(repo, branch=revision, exist_ok=True)
        done = api.upload_folder(
            repo_id=repo,
            folder_path=directory,
            revision=revision,
            commit_message=message,
            allow_patterns=[*ARCHITECTURES[architecture].files, *OPTIONAL_FILES],
        )
    except HFValidationError as error:
        raise ValueError(f"{repo!r} is no hub id: expected org/name") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        hint = "; log in with `hf auth login`, as a member of the organisation" if status in (401, 403) else ""
        raise GoEmotionsError(f"the hub did not take {repo}: {first_line(error)}{hint}") from error
    except Exception as error:
        # The HTTP client below huggingface_hub, whose errors pass through it, is another one in each of its releases.
        if isinstance(error, (OfflineModeIsEnabled, OSError)) or type(error).__module__.startswith("httpx"):
            raise GoEmotionsError(f"the hub could not be reached: {first_line(error)}") from error
        raise
    return str(done.commit_url)


def first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
