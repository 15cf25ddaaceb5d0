"""The files that a training run resumes from: written whole or not at all, checked when they are read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

from goemotions.errors import GoEmotionsError
from goemotions.escaping import one_line

Restored = TypeVar("Restored")
State = Mapping[str, Any]
CHECKPOINT, BEST = "checkpoint.pt", "best.pt"


def write_state(path: Path, state: Any) -> None:
    """Write ``state`` so that ``path`` is always either the old file or the new one."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def read_state(path: Path, device: torch.device) -> State:
    """Return what :func:`write_state` wrote.

    Raises:
        GoEmotionsError: the file is not as it was written.
    """

    def read() -> State:
        with zipfile.ZipFile(path) as archive:  # torch itself does not compare checksums
            wrong = archive.testzip()
        if wrong is not None:
            raise ValueError(f"{wrong} does not match its checksum")
        state = torch.load(path, map_location=device, weights_only=True)
        if not isinstance(state, Mapping):
            raise TypeError(f"it holds {type(state).__name__}")
        return state

    return restoring(path, read)


def restoring(path: Path, restore: Callable[[], Restored]) -> Restored:
    """Return what ``restore`` makes of a file's content; any error means that the content is damaged.

    Raises:
        GoEmotionsError: the file is damaged; the message says what to do.
    """
    try:
        return restore()
    except GoEmotionsError:
        raise
    except Exception as error:  # of zipfile, pickle or torch, for each of which a damaged file is another one
        why = one_line(str(error))[:120] or type(error).__name__
        raise GoEmotionsError(
            f"{path} is damaged ({why}): delete the folder {path.parent} and run the command again, which starts over"
        ) from error
