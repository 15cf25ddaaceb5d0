"""The states of a ``transformer`` model as a sentence encoder: what its last layer reads, a vector per text, no torch.

A model that has learnt emotions gives vectors that know them. Whatever takes sentence embeddings takes these.
"""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.architectures.base import LoadOptions
from goemotions.architectures.transformer import CHUNK, TransformerModel, load
from goemotions.catalog import find_model, shipped
from goemotions.checkpoint import fingerprint, read_config
from goemotions.encoders.base import Encoded, EncodedWindows
from goemotions.errors import EncoderError
from goemotions.specs import ARCHITECTURES

KIND = "transformer"


class ModelStates:
    """Text to the state of a model. See :class:`goemotions.encoders.base.Encoder`.

    Attributes:
        has_name: False for a model that only its folder can find again.
    """

    def __init__(self, model: str | Path, threads: int | None = None) -> None:
        """Cheap: the graph is loaded when it is first used.

        Args:
            model: the name of a shipped model, or a model directory.
            threads: that compute; None for one per core.

        Raises:
            EncoderError: a model of another kind than ``transformer``.
            ModelError: a model that is not there, incomplete or damaged.
        """
        self._directory = find_model(model)
        self._config = read_config(self._directory)
        if self._config.architecture != KIND:
            own = (self._config.raw.get("encoder") or {}).get("id")
            stands_on = f"; it stands on the encoder {own}: name that" if own else ""
            raise EncoderError(
                f"{model} is a model of the kind {self._config.architecture}: only the states of a {KIND} are an "
                f"encoder{stands_on}"
            )
        self.id = self._config.name
        self.max_length = self._config.max_length or 0
        self.has_name = str(model) in shipped().models
        self.revision = f"goemotions {importlib.metadata.version('goemotions')}" if self.has_name else "from a folder"
        self._threads = threads
        self._loading = threading.Lock()
        self._loaded: TransformerModel | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what the states depend on; no figure, threshold or calibration is among it."""
        return fingerprint(self._directory, self._config)

    @property
    def dim(self) -> int:
        """The width of a state."""
        return self._model().states_width

    def files(self) -> dict[str, bytes]:
        """Return the model's files by name, for a model that is to bring it along."""
        names = ARCHITECTURES[KIND].files
        return {name: (self._directory / name).read_bytes() for name in names}

    def encode(self, texts: Sequence[str]) -> Encoded:
        """See :class:`goemotions.encoders.base.Encoder`."""
        model = self._model()
        states = [np.empty((0, model.states_width), dtype=np.float32)]
        truncated = np.zeros(len(texts), dtype=np.bool_)
        for start in range(0, len(texts), CHUNK):
            prepared = model.prepare(texts[start : start + CHUNK])
            truncated[start : start + CHUNK] = prepared.truncated
            states.append(model.features(prepared).states)
        return Encoded(np.concatenate(states), truncated)

    def encode_windows(self, texts: Sequence[str]) -> EncodedWindows:
        """See :class:`goemotions.encoders.base.Encoder`."""
        model = self._model()
        states = [np.empty((0, model.states_width), dtype=np.float32)]
        first: list[npt.NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        count = 0
        for start in range(0, len(texts), CHUNK):
            prepared = model.prepare(texts[start : start + CHUNK], windows=True)
            first.append(prepared.first + count)
            count += len(prepared.rows)
            states.append(model.features(prepared).states)
        return EncodedWindows(np.concatenate(states), np.concatenate(first))

    def _model(self) -> TransformerModel:
        with self._loading:
            if self._loaded is None:
                self._loaded = load(self._directory, self._config, LoadOptions(threads=self._threads))
            return self._loaded
