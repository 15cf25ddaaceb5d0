"""The interface of a model of any architecture, and the options by which it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from goemotions.architectures.prepared import Features, Prepared
from goemotions.encoders.base import Encoder
from goemotions.predictions import Scored

CHUNK = 8192  # texts whose features are computed at a time: bounds memory


class Architecture(Protocol):
    """All that :class:`goemotions.EmotionClassifier` needs of a model.

    Attributes:
        device: where it computes.
        base: which base model was loaded, at which revision and precision, for people; None where there is none.
    """

    device: str
    base: str | None

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """Logits of each text, whatever the texts beside it.

        Args:
            windows: read a longer text whole, in overlapping windows, and take each label's highest logit.
        """

    def prepare(self, texts: Sequence[str], windows: bool = False) -> Prepared:
        """The first half of ``score``: token ids or embeddings; for some thousand texts at most."""

    def compute(self, prepared: Prepared) -> Scored:
        """The other half, of what ``prepare`` gave, or of several joined."""

    def features(self, prepared: Prepared) -> Features:
        """Logits and states of what ``prepare`` gave, row by row.

        Raises:
            ModelError: a model whose states are not known.
        """


class EmbeddingArchitecture(Architecture, Protocol):
    """A model that classifies sentence embeddings."""

    embed_dim: int

    @property
    def encoder(self) -> Encoder: ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...

    def logits(self, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class LoadOptions:
    """Options by which a model is loaded; fields as in :class:`goemotions.EmotionClassifier`."""

    device: str = "auto"
    threads: int | None = None
    batch_size: int | None = None
    backbone: str | Path | None = None
    encoder: str | Path | Encoder | None = None
    precision: str = "auto"
    allow_other_encoder: bool = False
    max_memory: int | None = None

    def __post_init__(self) -> None:
        for name, value in (
            ("threads", self.threads),
            ("batch_size", self.batch_size),
            ("max_memory", self.max_memory),
        ):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")


def all_features(model: Architecture, texts: Sequence[str]) -> Features:
    """Return logits and states of any number of texts, each cut to what the model reads."""
    parts = [
        model.features(model.prepare(texts[start : start + CHUNK])) for start in range(0, max(1, len(texts)), CHUNK)
    ]
    return Features(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def check_embeddings(embeddings: npt.ArrayLike, width: int) -> npt.NDArray[np.float32]:
    """Return embeddings as float32 [n, width].

    Raises:
        ValueError: another shape, or numbers that are not finite.
    """
    checked = np.asarray(embeddings, dtype=np.float32)
    if checked.ndim != 2 or checked.shape[1] != width:
        raise ValueError(f"embeddings must be [n, {width}], got {list(checked.shape)}")
    bad = np.flatnonzero(~np.isfinite(checked).all(axis=1))
    if len(bad):
        raise ValueError(f"{len(bad)} embeddings hold NaN or infinity, the first is number {bad[0]}")
    return checked
