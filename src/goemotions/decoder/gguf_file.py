"""The GGUF file format (llama.cpp): metadata and where tensors lie, every size checked against the file's own.

The package ``gguf`` has a reader too, which makes an object of every element of every array, as many as the file says.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md describes the format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

MAGIC, VERSIONS = b"GGUF", (2, 3)
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
MOST_DIMENSIONS = 8
FLOATS = {GGMLQuantizationType.F16: np.float16, GGMLQuantizationType.F32: np.float32}

Value = int | float | bool | str


@dataclass(frozen=True)
class GgufTensor:
    """Where a tensor lies.

    Attributes:
        shape: as PyTorch has it: the file's own order turned around.
        start: of its bytes, in the file.
    """

    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    start: int
    size: int


class GgufFile:
    """An open file, mapped into memory.

    Attributes:
        fields: the metadata by key; arrays, which are the tokenizer's, are left out.
        tensors: by name.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            ValueError: no GGUF file, one that is cut off, or one whose sizes cannot be.
            OSError: it cannot be read.
        """
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._view = self._bytes.data
        self._position = 0
        if bytes(self._take(4)) != MAGIC:
            raise ValueError("it does not begin with GGUF")
        version = self._number("I")
        if version not in VERSIONS:
            raise ValueError(f"it has the version {version}, expected {' or '.join(map(str, VERSIONS))}")
        tensors, fields = self._number("Q"), self._number("Q")
        self.fields: dict[str, Value] = {}
        for _ in range(fields):
            key, value = self._text(), self._value(self._number("I"))
            if value is not None:
                self.fields[key] = value
        infos = [self._tensor() for _ in range(tensors)]
        alignment = self.fields.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            raise ValueError(f"general.alignment must be a power of two, got {alignment!r}")
        start = -(-self._position // alignment) * alignment
        self.tensors = {name: self._placed(name, tensor, start) for name, tensor in infos}

    def data(self, tensor: GgufTensor) -> npt.NDArray[np.generic]:
        """Return a tensor as ``gguf.quants.dequantize`` takes it: floats [...], or the bytes of its last dimension."""
        raw = self._bytes[tensor.start : tensor.start + tensor.size]
        if tensor.kind in FLOATS:
            return raw.view(FLOATS[tensor.kind]).reshape(tensor.shape)
        return raw.reshape(*tensor.shape[:-1], -1)

    def _placed(self, name: str, tensor: GgufTensor, start: int) -> GgufTensor:
        begin = start + tensor.start
        if begin + tensor.size > len(self._bytes):
            raise ValueError(f"it is cut off: {name} should end at byte {begin + tensor.size:,}")
        return GgufTensor(tensor.shape, tensor.kind, begin, tensor.size)

    def _tensor(self) -> tuple[str, GgufTensor]:
        name, dimensions = self._text(), self._number("I")
        if dimensions > MOST_DIMENSIONS:
            raise ValueError(f"{name} has {dimensions:,} dimensions, expected at most {MOST_DIMENSIONS}")
        shape = tuple(self._number("Q") for _ in range(dimensions))[::-1]
        kind, start = GGMLQuantizationType(self._number("I")), self._number("Q")
        block, size = GGML_QUANT_SIZES[kind]
        # Without numbers a tensor would fit a file with any other dimension, which no array may have.
        if not shape or 0 in shape or shape[-1] % block:
            raise ValueError(f"{name} of the shape {list(shape)} does not consist of blocks of {block}")
        return name, GgufTensor(shape, kind, start, prod(shape) // block * size)

    def _value(self, kind: int) -> Value | None:
        if kind == STRING:
            return self._text()
        if kind in SCALARS:
            (value,) = struct.unpack("<" + SCALARS[kind], self._take(struct.calcsize(SCALARS[kind])))
            return value  # type: ignore[no-any-return]
        if kind != ARRAY:
            raise ValueError(f"it has a value of the unknown type {kind}")
        element, count = self._number("I"), self._number("Q")
        if element in SCALARS:
            self._take(count * struct.calcsize(SCALARS[element]))
        elif element == STRING:
            for _ in range(count):
                self._take(self._number("Q"))
        else:
            raise ValueError(f"it has an array of the type {element}, expected numbers or texts")
        return None

    def _text(self) -> str:
        return bytes(self._take(self._number("Q"))).decode("utf-8")

    def _number(self, code: str) -> int:
        (value,) = struct.unpack("<" + code, self._take(struct.calcsize(code)))
        return int(value)

    def _take(self, count: int) -> memoryview:
        if count > len(self._bytes) - self._position:
            raise ValueError("it is cut off, or a size in it cannot be")
        self._position += count
        return self._view[self._position - count : self._position]
