"""A lock by which one process alone writes an output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from goemotions.errors import DataError


@contextmanager
def locked(path: Path, output: Path) -> Iterator[None]:
    """Hold a lock file, and remove it while it is held: filelock gives nobody a lock on a file that has no name.

    Raises:
        DataError: another process holds it, or no file can be made there.
    """
    lock = FileLock(path, timeout=0)
    try:
        path.touch()  # filelock takes a file that cannot be made for one that another process holds
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error.strerror or error}") from error
    try:
        lock.acquire()
    except Timeout:
        raise DataError(f"another process is writing {output}: wait for it, or stop it") from None
    try:
        yield
    finally:
        if os.name != "nt":
            path.unlink(missing_ok=True)
        lock.release()
        if os.name == "nt":  # an open file cannot be removed there, and one that others have open stays
            with suppress(OSError):
                path.unlink(missing_ok=True)
