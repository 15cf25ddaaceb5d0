"""Small safetensors files of float32, read and written with numpy alone: https://github.com/huggingface/safetensors.

A file is the length of its header (8 bytes, little-endian), the header (JSON: type, shape and place of each tensor),
and the tensors' bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.errors import ModelError

MOST_HEADER = 1 << 20
Tensors = Mapping[str, npt.NDArray[np.float32]]


def safetensors_bytes(tensors: Tensors) -> bytes:
    """Return the content of a file with these tensors; the same for the same tensors, always."""
    header: dict[str, Any] = {}
    position = 0
    for name, tensor in sorted(tensors.items()):
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [position, position + tensor.nbytes],
        }
        position += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of 8
    parts = [np.ascontiguousarray(tensor, dtype="<f4").tobytes() for _, tensor in sorted(tensors.items())]
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def read_safetensors(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[np.float32]]:
    """Read the tensors that a file must have, finite and of these shapes; -1 stands for any size.

    Raises:
        ModelError: a file that is damaged or holds other tensors.
    """
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(MOST_HEADER, len(content) - 8):
        raise ModelError(f"{path} is cut off or no safetensors file")
    try:
        header = json.loads(content[8 : 8 + size])
        names = set(header) - {"__metadata__"}
        if names != set(shapes):
            raise ValueError(f"it holds {', '.join(sorted(map(str, names)))}, expected {', '.join(shapes)}")
        return {name: _tensor(content[8 + size :], name, header[name], shape) for name, shape in shapes.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file of this kind: {error}") from error


def _tensor(data: bytes, name: str, facts: Any, expected: tuple[int, ...]) -> npt.NDArray[np.float32]:
    shape, (start, end) = facts["shape"], facts["data_offsets"]
    whole = all(type(number) is int and number >= 0 for number in (*shape, start, end))
    fits = len(shape) == len(expected) and all(e in (-1, s) for s, e in zip(shape, expected, strict=True))
    if facts["dtype"] != "F32" or not whole or not fits:
        wanted = [size if size >= 0 else "any" for size in expected]
        raise ValueError(f"{name} is {facts['dtype']} {shape}, expected F32 {wanted}")
    if not start <= end <= len(data) or end - start != 4 * math.prod(shape):
        raise ValueError(f"{name} has {end - start} bytes from {start}, which is not what its shape says")
    tensor = np.frombuffer(data[start:end], dtype="<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(tensor).all():
        raise ValueError(f"{name} holds NaN or infinity")
    return tensor
