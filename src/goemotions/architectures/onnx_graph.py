"""An ONNX graph of a model directory, run by onnxruntime on the CPU within bounds of memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from goemotions.architectures.onnx_file import check_onnx
from goemotions.errors import ModelError

MOST_MEMORY = 4 << 30
"""Bytes that all graphs of the process may take together: a graph can make much of little. Ours take 0.1 GB."""

REGISTERING = threading.Lock()
INT32, FLOAT32 = "tensor(int32)", "tensor(float)"


class OnnxGraph:
    """A graph with one output, float32 [n, width]. Safe to use from several threads.

    Attributes:
        name: the file, for errors.
        inputs: the type and the last size of each input, by name; a size that the graph leaves open is a text or None.
        outputs: the same of the outputs.
    """

    def __init__(self, graph: Path | bytes, threads: int) -> None:
        """
        Args:
            graph: an ONNX file, or its content.
            threads: that compute; 0 for one a core.

        Raises:
            ModelError: a file that is refused (see :mod:`goemotions.architectures.onnx_file`), or that onnxruntime
                cannot load.
        """
        self.name = str(graph) if isinstance(graph, Path) else "the graph"
        content = graph.read_bytes() if isinstance(graph, Path) else graph
        try:
            foldable = check_onnx(content).foldable
        except ValueError as error:
            raise ModelError(f"{self.name} is damaged or not an ONNX model of this kind: {error}") from error
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
                disabled_optimizers=[] if foldable else ["ConstantFolding"],
                enable_fallback=0,  # it would print
            )
            ends = self._session.get_inputs(), self._session.get_outputs()
            self.inputs, self.outputs = ({end.name: (end.type, last_size(end.shape)) for end in side} for side in ends)
        except Exception as error:  # onnxruntime's exceptions share no public base class
            raise ModelError(
                f"{self.name} is damaged or not an ONNX model of this kind: {first_line(error)}"
            ) from error

    def run(self, feed: Mapping[str, npt.NDArray[np.generic]], width: int) -> npt.NDArray[np.float32]:
        """Compute the output of n rows, float32 [n, width].

        Raises:
            ModelError: onnxruntime refuses, or gives something else.
        """
        rows = len(next(iter(feed.values())))
        try:
            result: npt.NDArray[np.float32] = self._session.run(None, dict(feed))[0]
        except Exception as error:
            raise ModelError(f"{self.name} cannot be run on {rows} texts at once: {first_line(error)}") from error
        if result.shape != (rows, width) or result.dtype != np.float32:
            raise ModelError(
                f"{self.name} gives {result.dtype} {list(result.shape)} for {rows} texts, expected float32 "
                f"[{rows}, {width}]"
            )
        return result


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
