"""The interface of an encoder, and what it gives; each has a module of its own beside this one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from goemotions.files import sha256


class Encoded(NamedTuple):
    """Embeddings of n texts.

    Attributes:
        embeddings: float32 [n, dim], finite.
        truncated: bool [n], True where the text was longer than ``max_length`` and its end was left out.
    """

    embeddings: npt.NDArray[np.float32]
    truncated: npt.NDArray[np.bool_]


class EncodedWindows(NamedTuple):
    """Embeddings of n texts read whole, the longer ones in several overlapping windows.

    Attributes:
        embeddings: float32 [p, dim] of p >= n windows, in the order of the texts.
        first: int64 [n], where each text's windows begin, as ``np.maximum.reduceat`` takes it.
    """

    embeddings: npt.NDArray[np.float32]
    first: npt.NDArray[np.int64]


class Encoder(Protocol):
    """Sentence encoder as a model needs it. Safe to use from several threads.

    Attributes:
        id: the name a model's ``config.json`` gives it, as ``"use-v4"``.
        revision: its version, for people; whether two are the same the fingerprint decides.
        dim: the width of an embedding.
        max_length: how much it reads of a text, in the encoder's own units (tokens or words).
    """

    id: str
    revision: str
    dim: int
    max_length: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 over its files, in hex, as :func:`fingerprint_files` computes it: slow at first, then remembered."""

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Embed any number of texts, in order, each as if it were alone (to 1e-5); any str is valid."""

    def encode_windows(self, texts: Sequence[str]) -> EncodedWindows:
        """Embed texts whole: those longer than ``max_length`` in windows that share half of their content."""


def fingerprint_files(folder: Path, names: Sequence[str]) -> str:
    """Return the SHA-256 of the lines ``<sha256>  <name>`` of the files, sorted by name, as ``sha256sum`` writes them.

    Args:
        names: of files under ``folder``, with ``/`` between their parts.
    """
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
