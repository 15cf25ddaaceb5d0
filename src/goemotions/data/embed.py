"""Texts to vectors through the cache: what is there is read, what is not is computed and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from goemotions.data.checks import raise_together, room_problems
from goemotions.data.embedding_cache import EmbeddingCache
from goemotions.data.embedding_shard import CacheKey, Format
from goemotions.encoders.base import Encoded, Encoder
from goemotions.progress import Progress

PREPROCESSING = 1
"""Texts go to the encoder as they are. Raise it with any change of that: old vectors are then left alone."""

TEXTS_A_SHARD = 2048  # an interruption costs the work on so many texts at most


def open_cache(root: Path, encoder: Encoder, dtype: Format = "float32") -> EmbeddingCache:
    """The encoder's own part of the cache in ``root``.

    Raises:
        DataError: ``root`` is the part of one encoder, or is damaged.
    """
    return EmbeddingCache(root, CacheKey(encoder.id, encoder.fingerprint, encoder.dim, dtype, PREPROCESSING))


def fill(cache: EmbeddingCache, encoder: Encoder, texts: Sequence[str], show_progress: bool = True) -> int:
    """Compute and keep the vectors that are missing; returns how many. After an interruption it resumes.

    Raises:
        DataError: no room on the disk, before the work starts.
    """
    missing = cache.missing(texts)
    raise_together(room_problems(cache.root, cache.key.row_bytes * len(missing), f"{len(missing):,} vectors"))
    with Progress("embedding", show_progress) as progress:
        for start in range(0, len(missing), TEXTS_A_SHARD):
            block = missing[start : start + TEXTS_A_SHARD]
            encoded = encoder.encode(block)
            cache.add(block, encoded.embeddings, encoded.truncated)
            done = start + len(block)
            progress.update(done / len(missing), done)
    return len(missing)


def embed(cache: EmbeddingCache, encoder: Encoder, texts: Sequence[str], show_progress: bool = True) -> Encoded:
    """The vectors of texts, float32 [n, dim], and whether each was cut, bool [n]; what is missing is computed first."""
    fill(cache, encoder, texts, show_progress)
    return Encoded(*cache.read(texts))
