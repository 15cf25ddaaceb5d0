"""Compressed text: ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` behind a format's own ending, as in ``in.csv.gz``.

Streamed in both directions. What a file becomes is bounded by its size: a small file that never ends is refused.
"""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from goemotions.errors import DataError, MissingExtraError
from goemotions.escaping import one_line

BUFFER = 1 << 16
RATIO = 200
FREE_BYTES = 64 << 20
"""A file may become :data:`RATIO` times its size, and in any case so many bytes. Texts become 3 to 20 times theirs."""


@dataclass(frozen=True)
class Compression:
    """A way to compress files.

    Attributes:
        name: as people call it.
        signature: the first bytes of every such file.
        reader: from a stream of compressed bytes to one of plain bytes.
        writer: from a stream to write compressed bytes to, to one that takes plain bytes; the same bytes always.
    """

    name: str
    signature: bytes
    reader: Callable[[IO[bytes]], Any]
    writer: Callable[[IO[bytes]], Any]


def read_zstandard(raw: IO[bytes]) -> Any:
    """Return a stream of plain bytes.

    Raises:
        MissingExtraError: neither Python's own module, from 3.14, nor pyarrow is there.
    """
    if sys.version_info >= (3, 14):
        return importlib.import_module("compression.zstd").ZstdFile(raw)
    return pyarrow().CompressedInputStream(raw, "zstd")


def write_zstandard(raw: IO[bytes]) -> Any:
    """Return a stream that takes plain bytes; errors as :func:`read_zstandard`."""
    if sys.version_info >= (3, 14):
        return importlib.import_module("compression.zstd").ZstdFile(raw, "wb")
    return pyarrow().CompressedOutputStream(raw, "zstd")


def pyarrow() -> Any:
    """Return pyarrow, which brings Zstandard for older versions of Python; errors as :func:`read_zstandard`."""
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise MissingExtraError("Zstandard", "tables") from error


COMPRESSIONS = {
    ".gz": Compression(
        "gzip",
        b"\x1f\x8b",
        lambda raw: gzip.GzipFile(fileobj=raw),
        lambda raw: gzip.GzipFile("", "wb", 6, raw, mtime=0),  # without name and time, which would differ
    ),
    ".bz2": Compression("bzip2", b"BZh", bz2.BZ2File, lambda raw: bz2.BZ2File(raw, "wb")),
    ".xz": Compression("xz", b"\xfd7zXZ\x00", lzma.LZMAFile, lambda raw: lzma.LZMAFile(raw, "wb", preset=3)),  # noqa: SIM115
    ".zst": Compression("Zstandard", b"\x28\xb5\x2f\xfd", read_zstandard, write_zstandard),
}


def compression_of(path: Path) -> Compression | None:
    """Return how a file is compressed, by the ending of its name; None for one that is not."""
    return COMPRESSIONS.get(path.suffix.lower())


def plain_name(path: Path) -> Path:
    """Return a file's name without the ending of its compression."""
    return path.with_suffix("") if compression_of(path) else path


class Decompressed(io.RawIOBase):
    """The plain bytes of a compressed file.

    Raises, also when it is read:
        DataError: empty, damaged, not compressed as its name says, or more than its size bears out.
    """

    def __init__(self, path: Path, compression: Compression, raw: IO[bytes]) -> None:
        self._path = path
        self._name = compression.name
        size = path.stat().st_size
        if not size:  # which some libraries take for nothing compressed
            raise DataError(f"{path} is no whole {self._name} file: it is empty")
        self._plain = compression.reader(raw)
        self._left = max(FREE_BYTES, RATIO * size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._plain.read(len(buffer))
        except Exception as error:  # each library has errors of its own
            if "too much memory" in str(error):  # as Reddit's dumps are packed
                raise DataError(
                    f"{self._path} is packed with a window of over 128 MB: unpack it first, as zstd -d --long=31 does"
                ) from error
            raise DataError(f"{self._path} is no whole {self._name} file: {one_line(str(error))}") from error
        buffer[: len(block)] = block
        self._left -= len(block)
        if self._left < 0:
            raise DataError(
                f"{self._path} becomes more than {RATIO} times its size: if that is right, decompress it yourself and "
                "give that file"
            )
        return len(block)


class Stream:
    """The plain bytes of a file, compressed or not, as :attr:`plain`; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        self._size = path.stat().st_size
        self._raw = path.open("rb")
        self.plain: IO[bytes] = self._raw
        found = compression_of(path)
        if found:
            try:
                self.plain = io.BufferedReader(Decompressed(path, found, self._raw), BUFFER)
            except BaseException:
                self._raw.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.plain.close()
        self._raw.close()

    @property
    def fraction(self) -> float:
        """The share of the file that has been read, 0 to 1."""
        if self._raw.closed or not self._size:
            return 1.0
        return min(1.0, self._raw.tell() / self._size)


class Writing:
    """A file to write plain bytes to, compressed as its name says; a context manager."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("wb")
        found = compression_of(path)
        self._plain: Any = found.writer(self._raw) if found else self._raw

    def __enter__(self) -> IO[bytes]:
        return self._plain  # type: ignore[no-any-return]

    def __exit__(self, *_: object) -> None:
        try:
            self._plain.close()
        finally:
            self._raw.close()
