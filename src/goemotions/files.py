"""Files, read and written in one way: JSON that is checked before anything looks into it, digests, and output that
appears under its name only when whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goemotions.errors import DataError, GoEmotionsError, ModelError, is_plain

MOST_JSON_BYTES = 64_000_000
MOST_DEPTH = 64
MOST_NUMBER = 1e300


def sha256(path: Path) -> str:
    """Return the SHA-256 of a whole file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """Return the content of a JSON file for people and programs: UTF-8, a line per key."""
    return (json.dumps(dict(value), indent=1, ensure_ascii=False) + "\n").encode()


def read_json_object(path: Path, error: type[GoEmotionsError] = ModelError) -> dict[str, Any]:
    """Read a file that holds one JSON object of finite numbers and plain texts, every key once.

    Raises:
        GoEmotionsError: of the type ``error``, with the file and, where there is one, the key.
    """
    content = read_json(path, error)
    if not isinstance(content, dict):
        raise error(f"{path}: expected a JSON object, got {type(content).__name__}")
    return content


def read_json(path: Path, error: type[GoEmotionsError] = ModelError) -> Any:
    """Read a JSON file of finite numbers and plain texts, every key once; errors as :func:`read_json_object`."""
    try:
        if path.stat().st_size > MOST_JSON_BYTES:
            raise error(f"{path} has {path.stat().st_size:,} bytes, a file of its kind at most {MOST_JSON_BYTES:,}")
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_every_key_once)
    except (ValueError, RecursionError) as problem:
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else problem
        raise error(f"{path} is not valid JSON: {reason}") from problem
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror or problem}") from problem
    for key, value in content.items() if isinstance(content, dict) else [("", content)]:
        wrong = next(_problems(key, value), None)
        if wrong:
            raise error(f"{path}: {wrong}")
    return content


def _every_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands in it twice")
    return content


def _problems(key: str, value: Any) -> Iterator[str]:
    """Yield why no reader could use a value; without recursion, whatever its depth."""
    waiting: list[tuple[Any, int]] = [(key, 0), (value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MOST_DEPTH:
            yield f"the value of {key!r} is nested more than {MOST_DEPTH} deep"
        elif isinstance(item, dict):
            waiting += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list):
            waiting += [(part, depth + 1) for part in item]
        elif isinstance(item, str):
            if not is_plain(item):
                yield f"the key {key!r}, or its value, holds a control character or half of a surrogate pair"
        elif isinstance(item, (int, float)) and not abs(item) < MOST_NUMBER:
            yield f"the value of {key!r} holds a number that is not finite, or too large"


def refuse_existing(output: Path, overwrite: bool) -> None:
    """Refuse to replace what is there, unless that was asked for.

    Raises:
        DataError: the output is there and may not be replaced.
    """
    if output.exists() and not overwrite:
        raise DataError(f"{output} is there already: name another output, or add --overwrite to replace it")


def check_writable(*outputs: Path) -> None:
    """Check, before work starts, that files of these names can be written.

    Raises:
        DataError: a folder in the way, or a place in which no such file can be made.
    """
    for output in outputs:
        _try_name(output)
        if output.is_dir():
            raise DataError(f"{output} is a folder, expected a file name")


def _try_name(output: Path) -> None:
    """Make and remove what :func:`new_file` and :func:`new_directory` begin with.

    That is tried and not asked, for disks that are full or only read, shares and sandboxes each have their own rules.
    """
    above = next(folder for folder in output.absolute().parents if os.path.lexists(folder))
    try:
        with tempfile.NamedTemporaryFile(prefix=f".{output.name}.", dir=above):
            pass
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error.strerror or error}") from error


def check_replaceable(folder: Path, is_own: Callable[[Path], bool]) -> None:
    """Refuse, before work starts, a folder that cannot be written, or that holds somebody else's files.

    Args:
        is_own: tells a folder that was written by the same way.

    Raises:
        DataError: what is there, and would be lost; or a place in which no such folder can be made.
    """
    _try_name(folder)
    if folder.is_file():
        raise DataError(f"{folder} is a file, expected a folder to write")
    if folder.is_dir() and any(folder.iterdir()) and not is_own(folder):
        raise DataError(f"{folder} is a folder with other files, which would be lost: name a new one")


@contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """Yield a temporary directory beside ``target``, whose name it takes at the end; one that is there is replaced.

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
    """Yield a temporary path beside ``target``, whose name it takes at the end of the block; one there is replaced.

    Raises:
        OSError: no file can be made there; it names ``target``, not the temporary path.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o644)  # mkstemp's 0600 is for secrets
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_through(path: Path, content: bytes | memoryview) -> None:
    """Write a file and bring it to the disk."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def flush(path: Path) -> None:
    """Bring a file's content to the disk before its name says that it is whole."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(path: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name != "nt":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
