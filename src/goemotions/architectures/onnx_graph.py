"""An ONNX graph of a model directory, run by onnxruntime on the CPU within bounds of memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from goemotions.architectures.onnx_file import check_onnx, with_output
from goemotions.errors import ModelError

MOST_MEMORY = 4 << 30
"""Bytes that all graphs of the process may take together: a graph can make much of little. Ours take 0.1 GB."""

REGISTERING = threading.Lock()
INT32, FLOAT32 = "tensor(int32)", "tensor(float)"


class OnnxGraph:
    """A graph with one output, float32 [n, width], and the states it is made of. Safe to use from several threads.

    Attributes:
        name: the file, for errors.
        inputs: the type and the last size of each input, by name; a size that the graph leaves open is a text or None.
        outputs: the same of the outputs.
        states_width: of what the last layer reads; None where that is not one vector of float32 per text.
    """

    def __init__(self, graph: Path | bytes, threads: int) -> None:
        """
        Args:
            graph: an ONNX file, or its content.
            threads: that compute; 0 for one per core.

        Raises:
            ModelError: a file that is refused (see :mod:`goemotions.architectures.onnx_file`), or that onnxruntime
                cannot load.
        """
        self.name = str(graph) if isinstance(graph, Path) else "the graph"
        content = graph.read_bytes() if isinstance(graph, Path) else graph
        try:
            facts = check_onnx(content)
        except ValueError as error:
            raise ModelError(f"{self.name} is damaged or not an ONNX model of this kind: {error}") from error
        if facts.head_input is not None:
            content = with_output(content, facts.head_input)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # The extended level would fuse additions into layer normalisations, which makes them several times slower.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        if share_bounded_memory():
            options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            self._session = onnxruntime.InferenceSession(
                content,
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=[] if facts.foldable else ["ConstantFolding"],
                enable_fallback=0,  # it would print
            )
            ends = self._session.get_inputs(), self._session.get_outputs()
            self.inputs, outputs = ({end.name: (end.type, last_size(end.shape)) for end in side} for side in ends)
            ranks = {end.name: len(end.shape) for end in ends[1]}
        except Exception as error:  # onnxruntime's exceptions share no public base class
            raise ModelError(
                f"{self.name} is damaged or not an ONNX model of this kind: {first_line(error)}"
            ) from error
        kind, width = outputs.get(facts.head_input or "", ("", None))
        vectors = kind == FLOAT32 and ranks.get(facts.head_input or "") == 2 and isinstance(width, int)
        self.states_width = width if vectors and isinstance(width, int) else None
        self.outputs = {name: end for name, end in outputs.items() if name != facts.head_input}
        self._names = list(self.outputs)
        self._states = [facts.head_input] if self.states_width else []

    @property
    def known_states_width(self) -> int:
        """Return the width of the states.

        Raises:
            ModelError: a graph without states.
        """
        if self.states_width is None:
            raise ModelError(f"{self.name} does not end in one linear layer on a vector per text: it has no states")
        return self.states_width

    def run(self, feed: Mapping[str, npt.NDArray[np.generic]], width: int) -> npt.NDArray[np.float32]:
        """Compute the output of n rows, float32 [n, width].

        Raises:
            ModelError: onnxruntime refuses, or gives something else.
        """
        return self._run(feed, self._names[:1], [width])[0]

    def run_states(
        self, feed: Mapping[str, npt.NDArray[np.generic]], width: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Compute the output of n rows and their states, float32 [n, width] and [n, states_width].

        Raises:
            ModelError: as :meth:`run` and :attr:`known_states_width`.
        """
        logits, states = self._run(feed, self._names[:1] + self._states, [width, self.known_states_width])
        return logits, states

    def _run(
        self, feed: Mapping[str, npt.NDArray[np.generic]], names: list[str], widths: list[int]
    ) -> list[npt.NDArray[np.float32]]:
        rows = len(next(iter(feed.values())))
        try:
            results: list[npt.NDArray[np.float32]] = self._session.run(names, dict(feed))
        except Exception as error:
            raise ModelError(f"{self.name} cannot be run on {rows} texts at once: {first_line(error)}") from error
        for result, width in zip(results, widths, strict=True):
            if result.shape != (rows, width) or result.dtype != np.float32:
                raise ModelError(
                    f"{self.name} gives {result.dtype} {list(result.shape)} for {rows} texts, expected float32 "
                    f"[{rows}, {width}]"
                )
        return results


def last_size(shape: object) -> object:
    """Return the last of an input's or output's sizes; None where there is none."""
    return shape[-1] if isinstance(shape, list) and shape else None


def first_line(error: Exception) -> str:
    """Return the first line of what onnxruntime says, without its own file names."""
    return str(error).strip().split("\n")[0][:300]


@cache
def share_bounded_memory() -> bool:
    """Give onnxruntime an allocator of at most :data:`MOST_MEMORY` bytes; False where the program has set its own."""
    with REGISTERING:
        memory = onnxruntime.OrtMemoryInfo(
            "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
        )
        arena = onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY, "arena_extend_strategy": 1})
        try:
            onnxruntime.create_and_register_allocator(memory, arena)
        except Exception:  # it is registered already, by the program that uses this library
            return False
    return True
