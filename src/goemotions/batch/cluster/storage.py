"""Paths on this machine and in object stores, by one interface: pyarrow's filesystems, or fsspec's behind them."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

from goemotions.errors import DataError
from goemotions.files import write_through

HIDDEN = ("_", ".")
"""Files and folders whose names begin so belong to tools, not to the data set: everyone's readers skip them."""

UNFINISHED = "_job/unfinished"
ATTEMPTS = 3
FINGERPRINT_BYTES = 64 << 10


@dataclass(frozen=True)
class Listed:
    """A file: its path inside its filesystem, and what tells one version from another."""

    path: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Location:
    """A file or folder, on this machine or in an object store.

    Attributes:
        uri: as given, made absolute; workers open it again from this.
    """

    uri: str
    filesystem: Any
    path: str

    @property
    def is_local(self) -> bool:
        return isinstance(self.filesystem, pafs.LocalFileSystem)

    def join(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def read(self, name: str) -> bytes | None:
        """Return the content of a file in this folder, or None if it is not there."""
        if not self.exists(name):
            return None
        with self.filesystem.open_input_stream(self.join(name)) as stream:
            content: bytes = stream.read()
        return content

    def exists(self, name: str) -> bool:
        return bool(self.filesystem.get_file_info(self.join(name)).type == pafs.FileType.File)

    def make_folder(self, name: str) -> None:
        """Make a folder in this one, and this one too where it is missing."""
        if self.is_local:
            Path(self.join(name)).mkdir(parents=True, exist_ok=True)

    def delete(self, name: str) -> None:
        """Remove a file of this folder, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.filesystem.delete_file(self.join(name))

    def write(self, name: str, content: bytes | pa.Buffer) -> None:
        """Write a file of this folder so that it appears whole or not at all.

        An object store shows an object when its last byte has arrived. On a disk the file takes its name by a rename,
        after its content has reached the disk; what a killed process leaves stands in the folder :data:`UNFINISHED`.

        Raises:
            DataError: on a disk, this folder or the one around :data:`UNFINISHED` is not there.
        """
        if self.is_local:
            self._write_by_rename(name, content)
            return
        with self.filesystem.open_output_stream(self.join(name)) as stream:
            stream.write(content)

    def _write_by_rename(self, name: str, content: bytes | pa.Buffer) -> None:
        for _ in range(ATTEMPTS):
            # Another driver of the same job may sweep while this one writes.
            with contextlib.suppress(FileNotFoundError):
                write_by_rename(Path(self.join(name)), Path(self.join(UNFINISHED)), content)
                return
        raise DataError(removed(self.uri))

    def sweep(self) -> None:
        """Remove what killed processes left unfinished."""
        if self.is_local:
            shutil.rmtree(self.join(UNFINISHED), ignore_errors=True)

    def list(self, name: str = "", recursive: bool = False) -> Iterator[Listed]:
        """Yield the files of a folder in this one, sorted by path; nothing if there is no such folder."""
        if isinstance(self.filesystem, pafs.PyFileSystem):
            self.filesystem.handler.fs.invalidate_cache()  # fsspec may keep listings, and others write too
        selector = pafs.FileSelector(self.join(name).rstrip("/"), allow_not_found=True, recursive=recursive)
        found = [info for info in self.filesystem.get_file_info(selector) if info.type == pafs.FileType.File]
        for info in sorted(found, key=lambda info: info.path):
            yield Listed(info.path, info.size, info.mtime_ns or 0)


def write_by_rename(target: Path, unfinished: Path, content: bytes | pa.Buffer) -> None:
    """Write a file in the folder ``unfinished``, and rename it to ``target`` when it has reached the disk.

    Raises:
        FileNotFoundError: the folder around ``unfinished`` is not there, or someone removes what is being written.
    """
    temporary = unfinished / uuid.uuid4().hex
    for folder in (unfinished, target.parent):
        folder.mkdir(exist_ok=True)
    try:
        write_through(temporary, memoryview(content))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def removed(output: str) -> str:
    """Return the message for an output's folder that someone has taken away."""
    return f"{output} was removed or replaced while its job ran: delete what is left of it and run the command again"


def fingerprint(location: Location, file: Listed) -> str:
    """Return a SHA-256 of a file's size, first and last bytes, which tells edits that keep its size and time.

    A Parquet file's last bytes are its footer, with positions and statistics of its columns; a file of up to twice
    :data:`FINGERPRINT_BYTES` is covered whole. An empty string for a file that cannot be read.
    """
    digest = hashlib.sha256(str(file.bytes).encode())
    try:
        with location.filesystem.open_input_file(file.path) as stream:
            digest.update(stream.read_at(min(FINGERPRINT_BYTES, file.bytes), 0))
            start = max(0, file.bytes - FINGERPRINT_BYTES)
            digest.update(stream.read_at(file.bytes - start, start))
    except OSError:
        return ""
    return digest.hexdigest()


def open_location(uri: str) -> Location:
    """Return the location that a path or URI names.

    Args:
        uri: a path; a URI that pyarrow knows (``s3://bucket/key``, with ``?endpoint_override=…`` for other servers than
            Amazon's, ``gs://``, ``abfs://``, ``hdfs://``); or one of any other protocol that fsspec knows.

    Raises:
        DataError: a URI of an unknown kind.
    """
    if "://" not in uri:
        path = Path(uri).expanduser().absolute().as_posix()
        return Location(path, pafs.LocalFileSystem(), path)
    try:
        filesystem, path = pafs.FileSystem.from_uri(uri.replace("*", "%2A"))
        return Location(uri, filesystem, path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        return open_with_fsspec(uri, error)


def open_with_fsspec(uri: str, refusal: Exception) -> Location:
    try:
        import fsspec

        filesystem, path = fsspec.core.url_to_fs(uri)
    except (ImportError, ValueError, OSError) as error:
        raise DataError(f"{uri}: cannot be opened by pyarrow ({refusal}) nor by fsspec ({error})") from error
    return Location(uri, pafs.PyFileSystem(pafs.FSSpecHandler(filesystem)), path)


def find_files(uri: str, ending: str = ".parquet") -> tuple[Location, list[Listed]]:
    """Return the files that ``uri`` names, with their location.

    Args:
        uri: one file, a folder, or a pattern (``*``, ``**``).
        ending: of the files of a folder that are taken.

    Raises:
        DataError: there are none.
    """
    location = open_location(uri)
    if "*" not in location.path:
        info = location.filesystem.get_file_info(location.path)
        if info.type == pafs.FileType.File:
            return location, [Listed(info.path, info.size, info.mtime_ns or 0)]
        root, wanted = location.path, re.compile(rf".*{re.escape(ending)}")
    else:
        root, wanted = location.path.split("*")[0].rpartition("/")[0], pattern(location.path)
    folder = Location(location.uri, location.filesystem, root)
    found = [file for file in folder.list(recursive=True) if wanted.fullmatch(file.path) and visible(file.path, root)]
    if not found:
        raise DataError(f"no file {uri}" if "*" in uri else f"no file {uri}, and no *{ending} in a folder of that name")
    return location, found


def pattern(path: str) -> re.Pattern[str]:
    """Return a pattern in which ``*`` stands for any characters of one name, ``**`` for any number of folders."""
    parts = [re.escape(part) for part in re.split(r"(\*\*/|\*)", path)]
    return re.compile("".join({r"\*\*/": "(?:.*/)?", r"\*": "[^/]*"}.get(part, part) for part in parts))


def visible(path: str, root: str) -> bool:
    return not any(name.startswith(HIDDEN) for name in path[len(root) :].split("/"))
