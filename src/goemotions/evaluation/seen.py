"""Which texts a model was trained on: it carries an 8-byte hash of each, so that evaluation can say what it has seen.

The file ``training_hashes.bin`` of a model directory: for each different normalised training text the first 8 bytes of
its SHA-256, as unsigned 64-bit little-endian numbers, rising. Two different texts share a hash by chance about once
in 10^19 pairs; the texts themselves cannot be read from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import normalise
from goemotions.errors import ModelError

Hashes = npt.NDArray[np.uint64]
FILE = "training_hashes.bin"
TYPE = np.dtype("<u8")


def hash_texts(texts: Iterable[str]) -> Hashes:
    """uint64 [n]: one a text; case and white space do not matter."""
    digests = (hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).digest()[:8] for text in texts)
    return np.frombuffer(b"".join(digests), TYPE).astype(np.uint64)


def to_bytes(hashes: Hashes) -> bytes:
    """The file's content."""
    return np.unique(hashes).astype(TYPE).tobytes()


def read_hashes(directory: Path) -> Hashes | None:
    """The training hashes of a model, or None if it has none.

    Raises:
        ModelError: the file is damaged.
    """
    path = directory / FILE
    if not path.is_file():
        return None
    content = path.read_bytes()
    hashes = np.frombuffer(content[: len(content) // 8 * 8], TYPE).astype(np.uint64)
    if len(content) % 8 or (hashes[1:] <= hashes[:-1]).any():
        raise ModelError(f"{path} is damaged: expected rising 8-byte numbers")
    return hashes


def seen(texts: Iterable[str], hashes: Hashes) -> npt.NDArray[np.bool_]:
    """bool [n]: the texts whose hash is among ``hashes``."""
    return np.isin(hash_texts(texts), hashes)
