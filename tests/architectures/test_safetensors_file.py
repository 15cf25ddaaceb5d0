"""Small safetensors files are those of the library of that name, and damaged ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load

from goemotions import ModelError
from goemotions.architectures.safetensors_file import read_safetensors, safetensors_bytes

TENSORS = {"weights": np.arange(6, dtype=np.float32).reshape(3, 2), "bias": np.array([0.5, -1], np.float32)}
SHAPES = {"weights": (-1, 2), "bias": (2,)}
CONTENT = safetensors_bytes(TENSORS)


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    for found in (load(CONTENT), read_safetensors(tmp_path / "file", SHAPES)):
        assert {name: tensor.tolist() for name, tensor in found.items()} == {
            name: tensor.tolist() for name, tensor in TENSORS.items()
        }


@given(place=st.integers(0, len(CONTENT) - 1), byte=st.integers(0, 255), length=st.integers(0, len(CONTENT)))
def test_whatever_is_damaged_is_one_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, length: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "file"
    for content in (CONTENT[:place] + bytes([byte]) + CONTENT[place + 1 :], CONTENT[:length]):
        path.write_bytes(content)
        try:
            found = read_safetensors(path, SHAPES)
        except ModelError as error:
            assert str(path) in str(error)
        else:
            assert all(np.isfinite(tensor).all() for tensor in found.values())


def test_other_tensors_are_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(safetensors_bytes({"weights": TENSORS["weights"]}))
    with pytest.raises(ModelError, match="it holds weights, expected weights, bias"):
        read_safetensors(path, SHAPES)
    path.write_bytes(safetensors_bytes(TENSORS | {"bias": np.array([np.nan, 1], np.float32)}))
    with pytest.raises(ModelError, match="bias holds NaN or infinity"):
        read_safetensors(path, SHAPES)
    path.write_bytes(CONTENT)
    with pytest.raises(ModelError, match=r"weights is F32 \[3, 2\], expected F32 \['any', 4\]"):
        read_safetensors(path, {"weights": (-1, 4), "bias": (2,)})
