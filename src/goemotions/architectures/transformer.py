"""The ``transformer`` architecture: a small fine-tuned encoder as one ONNX graph, on the CPU, without torch.

The graph takes ``input_ids``, int32 [n, tokens], and gives ``logits``, float32 [n, labels]; pooling is inside. Only
sequences of one length are computed together, so that nothing is padded and no mask is needed; a graph that takes an
``attention_mask`` gets ones. Activation scales are constants: a text's logits do not depend on its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from goemotions.architectures.base import LoadOptions
from goemotions.architectures.onnx_graph import FLOAT32, INT32, OnnxGraph
from goemotions.architectures.prepared import Features, Prepared
from goemotions.architectures.tokens import TextTokenizer
from goemotions.checkpoint import ModelConfig
from goemotions.errors import ModelError
from goemotions.predictions import Scored

CHUNK = 8192  # texts tokenised and sorted at a time: bounds memory, and more would not pack better
INPUTS = [{"input_ids"}, {"input_ids", "attention_mask"}]
BATCH_TOKENS = 800  # computed together: enough to keep the cores busy, few enough for their caches


class TransformerModel:
    """A tokenizer and an ONNX graph. Safe to use from several threads."""

    device = "cpu"
    base = None

    def __init__(
        self,
        graph: Path | bytes,
        tokenizer: TextTokenizer,
        num_labels: int,
        max_length: int,
        threads: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        """
        Args:
            graph: an ONNX file, or its content.
            max_length: tokens the graph reads of a text, special tokens included.
            threads: that compute; None for one per core.
            batch_size: most sequences computed together; None for what is fastest. It does not change results.

        Raises:
            ModelError: a graph that onnxruntime cannot load, or with other inputs or outputs than expected.
        """
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.batch_size = batch_size
        self._graph = OnnxGraph(graph, threads or 0)
        self._labels = num_labels
        inputs, outputs = self._graph.inputs, list(self._graph.outputs.values())
        types = {kind for kind, _ in inputs.values()}
        if set(inputs) not in INPUTS or types != {INT32} or outputs != [(FLOAT32, num_labels)]:
            raise ModelError(
                f"{self._graph.name}: expected int32 inputs {sorted(INPUTS[0])} and one output [n, {num_labels}] of "
                f"float32, got inputs {inputs} and outputs {outputs}"
            )
        self._masked = "attention_mask" in inputs

    @property
    def states_width(self) -> int:
        """Return the width of a state.

        Raises:
            ModelError: a graph that does not end in a linear layer on one vector per text.
        """
        return self._graph.known_states_width

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """See :class:`goemotions.architectures.base.Architecture`."""
        logits = np.empty((len(texts), self._labels), dtype=np.float32)
        truncated = np.zeros(len(texts), dtype=np.bool_)
        for start in range(0, len(texts), CHUNK):
            chunk = slice(start, start + CHUNK)
            scored = self.compute(self.prepare(texts[chunk], windows))
            logits[chunk], truncated[chunk] = scored.logits, scored.truncated
        return Scored(logits, truncated)

    def prepare(self, texts: Sequence[str], windows: bool = False) -> Prepared:
        """Tokenise: see :class:`goemotions.architectures.base.Architecture`."""
        return Prepared(*self.tokenizer.pieces(texts, self.max_length, windows))

    def compute(self, prepared: Prepared) -> Scored:
        """Run the graph: see :class:`goemotions.architectures.base.Architecture`."""
        logits = self._run(cast(list[list[int]], prepared.rows))
        highest = np.maximum.reduceat(logits, prepared.first) if len(prepared.first) else logits
        return Scored(highest, prepared.truncated)

    def features(self, prepared: Prepared) -> Features:
        """Logits and mean-pooled states: see :class:`goemotions.architectures.base.Architecture`."""
        ids = cast(list[list[int]], prepared.rows)
        logits = np.empty((len(ids), self._labels), dtype=np.float32)
        states = np.empty((len(ids), self.states_width), dtype=np.float32)
        for rows, feed in self._feeds(ids):
            logits[rows], states[rows] = self._graph.run_states(feed, self._labels)
        return Features(logits, states)

    def _run(self, ids: list[list[int]]) -> npt.NDArray[np.float32]:
        """Logits of token sequences, float32 [p, labels]."""
        logits = np.empty((len(ids), self._labels), dtype=np.float32)
        for rows, feed in self._feeds(ids):
            logits[rows] = self._graph.run(feed, self._labels)
        return logits

    def _feeds(self, ids: list[list[int]]) -> Iterator[tuple[list[int], dict[str, npt.NDArray[np.int32]]]]:
        """Yield the row numbers of each batch, and what the graph takes for them."""
        for rows in batches_of_one_length(ids, self.batch_size):
            feed = {"input_ids": np.array([ids[row] for row in rows], dtype=np.int32)}
            if self._masked:
                feed["attention_mask"] = np.ones_like(feed["input_ids"])
            yield rows, feed


def load(directory: Path, config: ModelConfig, options: LoadOptions) -> TransformerModel:
    """Construct the model of a checked directory.

    Raises:
        ModelError: a file that is damaged.
    """
    if config.max_length is None:
        raise ModelError(f"{directory} has no max_length in its config.json")
    return TransformerModel(
        directory / "model.onnx",
        TextTokenizer(directory / "tokenizer.json"),
        len(config.labels),
        config.max_length,
        options.threads,
        options.batch_size,
    )


def batches_of_one_length(ids: list[list[int]], batch_size: int | None) -> Iterator[list[int]]:
    """Row numbers of each batch, longest sequences first, so that the largest buffers are allocated once."""
    by_length: dict[int, list[int]] = {}
    for row, tokens in enumerate(ids):
        by_length.setdefault(len(tokens), []).append(row)
    for length in sorted(by_length, reverse=True):
        rows = by_length[length]
        parts = math.ceil(len(rows) / (batch_size or max(1, BATCH_TOKENS // length)))
        for part in range(parts):  # of like size: a small rest would cost nearly as much as a whole batch
            yield rows[part * len(rows) // parts : (part + 1) * len(rows) // parts]
