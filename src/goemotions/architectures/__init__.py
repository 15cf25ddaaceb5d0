"""The model architectures. Each turns texts into logits; labels, thresholds and formatting belong to the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


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
        """float32 [n, labels]: each label's own sigmoid, for a text may have none, one or several."""
        # exp(-|x|) cannot overflow, whichever sign x has.
        decay = np.exp(-np.abs(self.logits))
        return np.where(self.logits >= 0, 1, decay) / (1 + decay)  # type: ignore[no-any-return]


class Architecture(Protocol):
    """What :class:`goemotions.EmotionClassifier` needs of a model."""

    device: str

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """Logits of each text, whatever the texts beside it.

        Args:
            windows: read a longer text whole, in overlapping windows, and take each label's highest logit.
        """
