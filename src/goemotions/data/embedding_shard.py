"""Shards of the embedding cache: files of vectors that are written once and never changed.

In order (numbers little-endian):

====================  ===============================================================================================
header, 512 bytes     one line of JSON padded with spaces: format, rows, dim, dtype, SHA-256 of the keys and of the rest
keys, 16 bytes a row  BLAKE2b of the text in UTF-8
truncated, 1 a row    whether the encoder read only the start of the text
padding               up to a multiple of 64
rows                  [rows, dim], memory-mapped when read
====================  ===============================================================================================

The header and the keys are checked when a cache is opened, the rest of a shard when a vector of it is first read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError

FORMAT = 1
HEADER, KEY, ALIGNMENT = 512, 16, 64
MAX_ROWS = 1 << 32

Format = Literal["float32", "float16"]


@dataclass(frozen=True)
class CacheKey:
    """Key that vectors are kept apart by, beside the text.

    Attributes:
        encoder: the encoder's id, for messages.
        fingerprint: of the encoder's weights and settings; it decides.
        dim: numbers a vector.
        dtype: number format on disk.
        preprocessing: version of what is done to a text before the encoder reads it.
    """

    encoder: str
    fingerprint: str
    dim: int
    dtype: Format = "float32"
    preprocessing: int = 1

    def __post_init__(self) -> None:
        if self.dtype not in get_args(Format):
            raise ValueError(f"dtype must be one of {', '.join(get_args(Format))}, got {self.dtype!r}")

    def as_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "encoder": self.encoder,
            "fingerprint": self.fingerprint,
            "preprocessing": self.preprocessing,
            "dtype": self.dtype,
            "dim": self.dim,
        }

    @property
    def folder_name(self) -> str:
        """The same for the same vectors, and for no others."""
        decisive = [FORMAT, self.fingerprint, self.preprocessing, self.dtype, self.dim]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:24]

    @property
    def row_bytes(self) -> int:
        return self.dim * np.dtype(self.dtype).itemsize + KEY + 1


@dataclass
class Shard:
    """An immutable file of vectors, its keys in memory and its rows mapped once they have been checked."""

    path: Path
    rows: int
    key: CacheKey
    rest_sha256: str
    contents: tuple[npt.NDArray[np.bool_], npt.NDArray[np.floating[Any]]] | None = field(default=None, repr=False)

    def open(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.floating[Any]]]:
        """Truncated flags, bool [rows], and vectors [rows, dim], memory-mapped.

        Raises:
            DataError: the file is not as it was written.
        """
        if self.contents is None:
            start = HEADER + KEY * self.rows
            try:
                raw: npt.NDArray[np.uint8] = np.memmap(self.path, dtype=np.uint8, mode="r")
            except (OSError, ValueError) as error:  # gone, or cut to nothing, since the cache was opened
                raise damaged(self.path, f"it cannot be read: {error}") from error
            if hashlib.sha256(raw[start:].data).hexdigest() != self.rest_sha256:
                raise damaged(self.path, "its vectors do not match their checksum")
            rows = raw[aligned(start + self.rows) :].view(np.dtype(self.key.dtype).newbyteorder("<"))
            self.contents = raw[start : start + self.rows].astype(bool), rows.reshape(self.rows, self.key.dim)
        return self.contents


def shard_header(key: CacheKey, keys: bytes, rest: bytes) -> bytes:
    content = {
        "format": FORMAT,
        "rows": len(keys) // KEY,
        "dim": key.dim,
        "dtype": key.dtype,
        "cache": key.folder_name,
        "keys_sha256": hashlib.sha256(keys).hexdigest(),
        "rest_sha256": hashlib.sha256(rest).hexdigest(),
    }
    return json.dumps(content).encode().ljust(HEADER - 1) + b"\n"


def read_shard(path: Path, key: CacheKey) -> tuple[Shard, Iterator[bytes]]:
    """A shard and its keys, one per row.

    Raises:
        DataError: not a whole shard of this cache.
    """
    try:
        with path.open("rb") as stream:
            header = read_header(path, stream.read(HEADER), key)
            rows = header["rows"]
            size = aligned(HEADER + (KEY + 1) * rows) + rows * key.dim * np.dtype(key.dtype).itemsize
            there = os.fstat(stream.fileno()).st_size
            if there != size:
                raise damaged(path, f"it has {there:,} bytes instead of {size:,}")
            keys = stream.read(KEY * rows)
    except OSError as error:
        raise damaged(path, f"it cannot be read: {error.strerror}") from error
    if hashlib.sha256(keys).hexdigest() != header["keys_sha256"]:
        raise damaged(path, "its keys do not match their checksum")
    return Shard(path, rows, key, header["rest_sha256"]), (keys[i : i + KEY] for i in range(0, len(keys), KEY))


def read_header(path: Path, content: bytes, key: CacheKey) -> dict[str, Any]:
    """
    Raises:
        DataError: not the header of a shard of this cache.
    """
    try:
        header = json.loads(content)
        rows, made_for = header["rows"], (header["format"], header["cache"])
        checksums = [header["keys_sha256"], header["rest_sha256"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged(path, "its header cannot be read") from None
    if made_for != (FORMAT, key.folder_name):
        raise damaged(path, f"it is of another encoder or format than {describe(key.as_dict())}")
    if type(rows) is not int or not 0 <= rows <= MAX_ROWS or not all(isinstance(each, str) for each in checksums):
        raise damaged(path, "its header holds values that are none of a shard")
    return dict(header)


def text_key(text: str) -> bytes:
    """Return the key of a text. Lone surrogates, which UTF-8 refuses, are kept apart too."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY).digest()


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def damaged(path: Path, how: str) -> DataError:
    return DataError(f"the cache file {path} is damaged ({how}): delete it and run the command again")


def describe(description: dict[str, Any]) -> str:
    return (
        f"{description['encoder']} (fingerprint {description['fingerprint'][:12]}, preprocessing "
        f"{description['preprocessing']}, {description['dtype']})"
    )
