"""Parts that the architectures on sentence embeddings share: the encoder, and the way from texts to logits."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.architectures.base import LoadOptions
from goemotions.architectures.prepared import Features, Prepared
from goemotions.encoders import check_same, find_encoder
from goemotions.encoders.base import Encoder
from goemotions.encoders.facts import FACTS, is_known
from goemotions.errors import EncoderError, ModelError
from goemotions.predictions import Scored
from goemotions.specs import ENCODER_FOLDER


class EmbeddingModel(ABC):
    """An encoder and something that classifies its embeddings. Safe to use from several threads.

    The encoder is loaded when a text first needs it: embeddings can be classified without it.

    Attributes:
        embed_dim: the width of an embedding.
        device: where it computes.
    """

    device: str

    def __init__(self, embed_dim: int, options: LoadOptions, wanted_encoder: Mapping[str, Any]) -> None:
        self.embed_dim = embed_dim
        self._options = options
        self._wanted_encoder = wanted_encoder
        self._encoder: Encoder | None = None
        self._lock = threading.Lock()

    @property
    def encoder(self) -> Encoder:
        """The sentence encoder, found and checked at first use.

        Raises:
            EncoderError: one that is not there, broken, or not the one the model was trained on.
        """
        with self._lock:
            if self._encoder is None:
                self._encoder = load_encoder(self._options, self._wanted_encoder, self.embed_dim)
            return self._encoder

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """See :class:`goemotions.architectures.base.Architecture`."""
        return self.compute(self.prepare(texts, windows))

    def prepare(self, texts: Sequence[str], windows: bool = False) -> Prepared:
        """Embed: see :class:`goemotions.architectures.base.Architecture`."""
        if not windows:
            encoded = self.encoder.encode(texts)
            return Prepared(self._checked(encoded.embeddings), np.arange(len(texts)), encoded.truncated)
        pieces = self.encoder.encode_windows(texts)
        return Prepared(self._checked(pieces.embeddings), pieces.first, np.zeros(len(texts), dtype=np.bool_))

    def compute(self, prepared: Prepared) -> Scored:
        """Classify embeddings: see :class:`goemotions.architectures.base.Architecture`."""
        logits = self.logits(np.asarray(prepared.rows, dtype=np.float32))
        highest = np.maximum.reduceat(logits, prepared.first) if len(prepared.first) else logits
        return Scored(highest, prepared.truncated)

    def features(self, prepared: Prepared) -> Features:
        """Logits and embeddings: see :class:`goemotions.architectures.base.Architecture`."""
        rows = np.asarray(prepared.rows, dtype=np.float32)
        return Features(self.logits(rows), rows)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The embedding of each text, float32 [n, embed_dim]."""
        return self._checked(self.encoder.encode(texts).embeddings)

    def _checked(self, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if embeddings.ndim != 2 or embeddings.shape[1] != self.embed_dim or not np.isfinite(embeddings).all():
            shape = list(embeddings.shape)
            fault = f"embeddings {shape}" if shape[1:] != [self.embed_dim] else "NaN or infinity"
            raise EncoderError(f"the encoder {self.encoder.id} gives {fault}, expected finite [n, {self.embed_dim}]")
        return embeddings

    @abstractmethod
    def logits(self, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32 [n, embed_dim] → float32 [n, labels]."""


def load_encoder(options: LoadOptions, wanted: Mapping[str, Any], embed_dim: int) -> Encoder:
    """The encoder asked for, or the one the model names; errors as :attr:`EmbeddingModel.encoder`.

    An encoder may be a program (a SavedModel is one), so a model directory may only name one that this package knows.
    """
    if options.encoder is None and not is_known(wanted["id"]):
        raise EncoderError(
            f"the model was trained on the encoder {wanted['id']}, which is not one of {', '.join(FACTS)}: if you "
            "trust it, name its folder or address by encoder= (--encoder); a SavedModel is a program, and runs as you"
        )
    encoder = find_encoder(wanted["id"] if options.encoder is None else options.encoder, threads=options.threads)
    if encoder.dim != embed_dim:
        raise ModelError(f"the encoder {encoder.id} gives {encoder.dim} numbers per text, the model takes {embed_dim}")
    if not options.allow_other_encoder:
        check_same(encoder, wanted)
    return encoder


def with_own_encoder(options: LoadOptions, directory: Path) -> LoadOptions:
    """Return options that name the encoder which a model directory brings along, unless they name one already.

    It is read as any model is, and so may be one of the kind ``transformer`` alone: no program.
    """
    own = directory / ENCODER_FOLDER
    return replace(options, encoder=own) if options.encoder is None and (own / "config.json").is_file() else options
