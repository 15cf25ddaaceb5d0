"""The model architectures. Each turns texts into logits; labels, thresholds and formatting belong to the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from goemotions.architectures.prepared import Prepared
    from goemotions.checkpoint import ModelConfig
    from goemotions.encoders import Encoder


class Scored(NamedTuple):
    """What an architecture makes of n texts.

    Attributes:
        logits: float32 [n, labels].
        truncated: bool [n], True where the text was longer than the encoder reads and its end was left out.
    """

    logits: npt.NDArray[np.float32]
    truncated: npt.NDArray[np.bool_]

    @property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """float32 [n, labels]: see :func:`sigmoid`."""
        return sigmoid(self.logits)


def sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each label's own sigmoid, for a text may have none, one or several. *Shape:* float32 [n, labels] twice."""
    # exp(-|x|) cannot overflow, whichever sign x has.
    decay = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1, decay) / (1 + decay)  # type: ignore[no-any-return]


class Architecture(Protocol):
    """What :class:`goemotions.EmotionClassifier` needs of a model."""

    device: str

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """Logits of each text, whatever the texts beside it.

        Args:
            windows: read a longer text whole, in overlapping windows, and take each label's highest logit.
        """

    def prepare(self, texts: Sequence[str], windows: bool = False) -> Prepared:
        """The first half of ``score``: token ids or embeddings; for some thousand texts at most."""

    def compute(self, prepared: Prepared) -> Scored:
        """The other half, of what ``prepare`` gave, or of several joined."""


class EmbeddingArchitecture(Architecture, Protocol):
    """A model that classifies sentence embeddings."""

    embed_dim: int

    @property
    def encoder(self) -> Encoder: ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...

    def logits(self, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class LoadOptions:
    """How to load a model; fields as in :class:`goemotions.EmotionClassifier`."""

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


def load_model(directory: Path, config: ModelConfig, options: LoadOptions) -> Architecture | EmbeddingArchitecture:
    """Construct the model of a checked directory.

    Raises:
        ModelError: a part that is missing or damaged, or an option that this architecture has no use for.
    """
    if config.architecture == "embedding-llm":
        from goemotions.architectures import embedding_llm

        return embedding_llm.load(directory, config, options)
    if config.architecture == "embedding-head":
        from goemotions.architectures import embedding_head

        return embedding_head.load(directory, config, options)
    from goemotions.architectures import transformer

    return transformer.load(directory, config, options)
