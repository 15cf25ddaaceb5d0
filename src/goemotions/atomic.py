"""Output that appears under its name only when whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """A temporary directory beside ``target`` that takes its name at the end of the block, replacing what was there.

    If the block raises, ``target`` is as before and nothing is left behind.
    """
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    temporary.chmod(0o755)  # mkdtemp's 0700 is for secrets
    try:
        yield temporary
        replace_directory(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_directory(source: Path, target: Path) -> None:
    """Rename ``source`` to ``target``; a directory in its place is moved aside first and removed after."""
    if not target.exists():
        source.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    try:
        target.replace(aside / "old")
        try:
            source.rename(target)
        except OSError:
            (aside / "old").replace(target)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target`` that takes its name at the end of the block, replacing what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o644)  # mkstemp's 0600 is for secrets
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
