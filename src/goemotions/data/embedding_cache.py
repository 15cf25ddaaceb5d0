"""Embeddings kept on disk: by encoder, by the version of what is done to a text first, by number format, and by text.

Each combination of encoder fingerprint, preprocessing version and format has a folder of its own below the cache's,
so that a changed encoder never gets old vectors. In it lie ``cache.json``, which says whose vectors these are, and
*shards*: files that are written once, under a temporary name, brought to the disk, renamed, and never changed. Hence
no lock: writers, any number of them, add shards under names of their own, and one that is killed leaves whole shards
and at most a temporary file, which a later writer removes. Two writers of one text store the same vector twice; that
is all.

A shard, in order (numbers little-endian):

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
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError

FORMAT = 1
HEADER, KEY, ALIGNMENT = 512, 16, 64
DESCRIPTION = "cache.json"
ABANDONED_AFTER = 3600.0  # seconds: no shard takes so long to write, so a temporary file that old has no writer

Format = Literal["float32", "float16"]


@dataclass(frozen=True)
class CacheKey:
    """What vectors are kept apart by, beside the text.

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
            raw: npt.NDArray[np.uint8] = np.memmap(self.path, dtype=np.uint8, mode="r")
            if hashlib.sha256(raw[start:].data).hexdigest() != self.rest_sha256:
                raise damaged(self.path, "its vectors do not match their checksum")
            rows = raw[aligned(start + self.rows) :].view(np.dtype(self.key.dtype).newbyteorder("<"))
            self.contents = raw[start : start + self.rows].astype(bool), rows.reshape(self.rows, self.key.dim)
        return self.contents


class EmbeddingCache:
    """The vectors of one :class:`CacheKey` below the folder ``root``. Any number of processes may read and add.

    Raises:
        DataError: the folder is one encoder's own, of another encoder; or damaged, with the file.
    """

    def __init__(self, root: Path, key: CacheKey) -> None:
        if (root / DESCRIPTION).exists():
            other = read_description(root)
            raise DataError(
                f"{root} holds the vectors of one encoder, {describe(other)}: give the folder above it, in which every "
                "encoder has its own"
            )
        self.root = root
        self.key = key
        self.folder = root / key.folder_name
        self._shards: dict[str, Shard] = {}
        self._places: dict[bytes, tuple[Shard, int]] = {}
        self.refresh()

    def __len__(self) -> int:
        """Texts with a vector."""
        return len(self._places)

    def refresh(self) -> None:
        """Take in the shards that other processes have added.

        Raises:
            DataError: a damaged shard, by name.
        """
        for path in sorted(self.folder.glob("*.shard")):
            if path.name not in self._shards:
                shard, keys = read_shard(path, self.key)
                self._shards[path.name] = shard
                self._places.update((name, (shard, row)) for row, name in enumerate(keys))

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The distinct texts without a vector, in order."""
        self.refresh()
        return [text for text in dict.fromkeys(texts) if text_key(text) not in self._places]

    def read(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Vectors, float32 [n, dim], and whether each text was cut, bool [n].

        Raises:
            DataError: texts without a vector, with whose vectors there are; a damaged shard, by name.
        """
        lacking = self.missing(texts)
        if lacking:
            others = [describe(other) for other in self.others()]
            there = f"; in it are vectors of {', '.join(others)}" if others else ""
            raise DataError(
                f"{len(lacking):,} of {len(texts):,} texts have no vector of {describe(self.key.as_dict())} in "
                f"{self.root}{there}: make them with `goemotions data embed`"
            )
        vectors = np.empty((len(texts), self.key.dim), dtype=np.float32)
        truncated = np.empty(len(texts), dtype=bool)
        for position, text in enumerate(texts):
            shard, row = self._places[text_key(text)]
            flags, rows = shard.open()
            vectors[position], truncated[position] = rows[row], flags[row]
        return vectors, truncated

    def add(self, texts: Sequence[str], vectors: npt.NDArray[np.float32], truncated: npt.NDArray[np.bool_]) -> None:
        """Store the vectors of texts as one shard; when this returns they are on the disk.

        *Shape:* vectors [n, dim], truncated [n].

        Raises:
            ValueError: another shape.
            DataError: NaN or infinite numbers, with the first text's position.
        """
        if vectors.shape != (len(texts), self.key.dim) or truncated.shape != (len(texts),):
            raise ValueError(
                f"expected vectors [{len(texts)}, {self.key.dim}] and flags [{len(texts)}], got "
                f"{list(vectors.shape)} and {list(truncated.shape)}"
            )
        rows = np.ascontiguousarray(vectors, dtype=np.dtype(self.key.dtype).newbyteorder("<"))
        finite = np.isfinite(rows).all(1)
        if not finite.all():
            raise DataError(f"the vector of text {int(np.argmin(finite))} holds NaN or infinite numbers")
        self._prepare_folder()
        keys = b"".join(map(text_key, texts))
        flags = truncated.astype(np.uint8).tobytes()
        padding = bytes(aligned(HEADER + len(keys) + len(flags)) - HEADER - len(keys) - len(flags))
        rest = flags + padding + rows.tobytes()
        header = shard_header(self.key, keys, rest)
        temporary = self.folder / f"{uuid.uuid4().hex}.tmp"
        write_through(temporary, header + keys + rest)
        temporary.replace(self.folder / f"{uuid.uuid4().hex}.shard")
        self.refresh()

    def others(self) -> list[dict[str, Any]]:
        """The descriptions of other vectors in the same root."""
        found = sorted(self.root.glob(f"*/{DESCRIPTION}"))
        return [read_description(path.parent) for path in found if path.parent.name != self.folder.name]

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        description = self.folder / DESCRIPTION
        if not description.exists():
            temporary = self.folder / f"{uuid.uuid4().hex}.tmp"
            write_through(temporary, (json.dumps(self.key.as_dict(), indent=1) + "\n").encode())
            temporary.replace(description)
        for abandoned in stale(self.folder):
            abandoned.unlink(missing_ok=True)


def shard_header(key: CacheKey, keys: bytes, rest: bytes) -> bytes:
    content = {
        "format": FORMAT,
        "rows": len(keys) // KEY,
        "dim": key.dim,
        "dtype": key.dtype,
        "fingerprint": hashlib.sha256(key.fingerprint.encode()).hexdigest(),
        "keys_sha256": hashlib.sha256(keys).hexdigest(),
        "rest_sha256": hashlib.sha256(rest).hexdigest(),
    }
    return json.dumps(content).encode().ljust(HEADER - 1) + b"\n"


def read_shard(path: Path, key: CacheKey) -> tuple[Shard, Iterator[bytes]]:
    """A shard and its keys, one a row.

    Raises:
        DataError: not a whole shard of this cache.
    """
    with path.open("rb") as stream:
        try:
            header = json.loads(stream.read(HEADER))
            rows, keys_sha256, rest_sha256 = header["rows"], header["keys_sha256"], header["rest_sha256"]
            made_for = (header["format"], header["dim"], header["dtype"], header["fingerprint"])
        except (ValueError, KeyError, TypeError):
            raise damaged(path, "its header cannot be read") from None
        expected = (FORMAT, key.dim, key.dtype, hashlib.sha256(key.fingerprint.encode()).hexdigest())
        if made_for != expected:
            raise damaged(path, f"it is of another encoder or format than {describe(key.as_dict())}")
        keys = stream.read(KEY * rows)
        size = aligned(HEADER + (KEY + 1) * rows) + rows * key.dim * np.dtype(key.dtype).itemsize
        if os.fstat(stream.fileno()).st_size != size:
            raise damaged(path, f"it has {os.fstat(stream.fileno()).st_size:,} bytes instead of {size:,}")
    if hashlib.sha256(keys).hexdigest() != keys_sha256:
        raise damaged(path, "its keys do not match their checksum")
    return Shard(path, rows, key, rest_sha256), (keys[i : i + KEY] for i in range(0, len(keys), KEY))


def text_key(text: str) -> bytes:
    """What a text is found by. Lone surrogates, which UTF-8 refuses, are kept apart too."""
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


def read_description(folder: Path) -> dict[str, Any]:
    """
    Raises:
        DataError: ``cache.json`` is not as this module writes it.
    """
    path = folder / DESCRIPTION
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        describe(content)
    except (ValueError, KeyError, TypeError):
        raise damaged(path, "it is not a description of a cache") from None
    return content


def stale(folder: Path) -> Iterator[Path]:
    """Temporary files whose writer is gone."""
    for path in folder.glob("*.tmp"):
        try:
            if time.time() - path.stat().st_mtime > ABANDONED_AFTER:
                yield path
        except FileNotFoundError:  # another process was quicker
            continue


def write_through(path: Path, content: bytes) -> None:
    """Write a file and bring it to the disk."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
