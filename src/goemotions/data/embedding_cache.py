"""Embeddings kept on disk: by encoder, by the version of what is done to a text first, by number format, and by text.

Each combination of encoder fingerprint, preprocessing version and format has a folder of its own below the cache's,
so that a changed encoder never gets old vectors. In it lie ``cache.json``, which says whose vectors these are, and
*shards*: files that are written once, under a temporary name, brought to the disk, renamed, and never changed. Hence
no lock: writers, any number of them, add shards under names of their own, and one that is killed leaves whole shards
and at most a temporary file, which a later writer removes. Two writers of one text store the same vector twice; that
is all. :mod:`goemotions.data.embedding_shard` has the form of a shard.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.data.embedding_shard import (
    HEADER,
    CacheKey,
    Shard,
    aligned,
    damaged,
    describe,
    read_shard,
    shard_header,
    text_key,
)
from goemotions.errors import DataError
from goemotions.files import write_through

DESCRIPTION = "cache.json"
ABANDONED_AFTER = 3600.0  # seconds: no shard takes so long to write, so a temporary file that old has no writer


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


def read_description(folder: Path) -> dict[str, Any]:
    """
    Raises:
        DataError: ``cache.json`` is not as this module writes it.
    """
    path = folder / DESCRIPTION
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(content[key], str) for key in ("encoder", "fingerprint", "dtype")):
            raise TypeError("expected texts")
        describe(content)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
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
