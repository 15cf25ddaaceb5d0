"""The ``embedding-head`` architecture: a sentence encoder and a small network on its embeddings, without torch.

``head.onnx`` takes ``embeddings`` float32 [n, embed_dim] to ``logits`` float32 [n, labels]; what is between is its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.architectures.base import LoadOptions
from goemotions.architectures.embedding import EmbeddingModel, load_encoder, with_own_encoder
from goemotions.architectures.onnx_graph import FLOAT32, OnnxGraph
from goemotions.checkpoint import ModelConfig
from goemotions.errors import ModelError

ROWS = 256
"""A product's way of adding up may depend on its rows, so every product has as many: the last are padded."""


class EmbeddingHead(EmbeddingModel):
    """An encoder and an ONNX graph. Safe to use from several threads."""

    device = "cpu"
    base = None

    def __init__(
        self,
        graph: Path | bytes,
        embed_dim: int,
        num_labels: int,
        options: LoadOptions,
        wanted_encoder: Mapping[str, Any],
    ) -> None:
        """
        Raises:
            ModelError: a graph that is damaged, or of other widths.
        """
        super().__init__(embed_dim, options, wanted_encoder)
        self._graph = OnnxGraph(graph, options.threads or 0)
        self._labels = num_labels
        found = [*self._graph.inputs.items(), *self._graph.outputs.items()]
        if found != [("embeddings", (FLOAT32, embed_dim)), ("logits", (FLOAT32, num_labels))]:
            got = ", ".join(f"{name} {kind} [n, {width}]" for name, (kind, width) in found)
            raise ModelError(
                f"{self._graph.name} has {got}; expected embeddings [n, {embed_dim}] and logits [n, {num_labels}] of "
                f"float32, by config.json"
            )

    def logits(self, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32 [n, embed_dim] → float32 [n, labels]."""
        parts = [np.empty((0, self._labels), dtype=np.float32)]
        for start in range(0, len(embeddings), ROWS):
            rows = embeddings[start : start + ROWS]
            padded = np.zeros((ROWS, self.embed_dim), dtype=np.float32)
            padded[: len(rows)] = rows
            parts.append(self._graph.run({"embeddings": padded}, self._labels)[: len(rows)])
        return np.concatenate(parts)


def load(directory: Path, config: ModelConfig, options: LoadOptions) -> EmbeddingHead:
    """Construct the model of a checked directory.

    Raises:
        ModelError: a head that is damaged or does not fit, or an encoder that is not its own.
    """
    wanted = config.raw["encoder"]
    if config.embed_dim is None:
        raise ModelError(f"{directory} has no embed_dim in its config.json")
    if options.encoder is not None:  # refused before work begins
        load_encoder(options, wanted, config.embed_dim)
    options = with_own_encoder(options, directory)
    return EmbeddingHead(directory / "head.onnx", config.embed_dim, len(config.labels), options, wanted)
