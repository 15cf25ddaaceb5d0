"""``head_weights.pt`` and GGUF files that are small and ask for much: refused before memory is taken."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from goemotions.architectures.head import new_head, read_head
from goemotions.decoder.tensors import open_source
from goemotions.errors import ModelError

Weights = dict[str, dict[str, torch.Tensor]]
SIZES = (8, 16, 28)


def weights_of(state: Callable[[Weights], object]) -> bytes:
    """A file of the right tensors, changed by ``state``."""
    head = new_head(*SIZES)
    weights: Weights = {"projection": head.projection.state_dict(), "classifier": head.classifier.state_dict()}
    state(weights)
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    return buffer.getvalue()


def stride_zero(weights: Weights) -> None:
    weights["classifier"]["weight"] = torch.zeros(1, 1).expand(28, 16)


def sparse(weights: Weights) -> None:
    weights["classifier"]["weight"] = torch.zeros(28, 16).to_sparse()


def meta(weights: Weights) -> None:
    weights["classifier"]["weight"] = torch.zeros(28, 16, device="meta")


def whole_numbers(weights: Weights) -> None:
    weights["classifier"]["weight"] = torch.zeros(28, 16, dtype=torch.int64)


@pytest.mark.parametrize("change", [stride_zero, sparse, meta, whole_numbers])
def test_tensors_whose_numbers_are_not_in_the_file(tmp_path: Path, change: Callable[[Weights], None]) -> None:
    """Fault 16: a stride of 0 asked for terabytes."""
    path = tmp_path / "head_weights.pt"
    path.write_bytes(weights_of(lambda weights: None))
    assert read_head(path, *SIZES).embed_dim == 8
    path.write_bytes(weights_of(change))
    with pytest.raises(ModelError, match=r"head_weights\.pt: classifier holds something other .* 'weight'"):
        read_head(path, *SIZES)


def test_compressed_and_old_archives(tmp_path: Path) -> None:
    """Fault 16: zeros, deflated, are a thousandth of their size."""
    path = tmp_path / "head_weights.pt"
    with zipfile.ZipFile(io.BytesIO(weights_of(lambda weights: None))) as plain, zipfile.ZipFile(path, "w") as packed:
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry), zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelError, match="compressed entries"):
        read_head(path, *SIZES)
    torch.save({}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(ModelError, match="not a zip archive"):
        read_head(path, *SIZES)


def gguf_with(value: bytes) -> bytes:
    """A GGUF file, version 3, without tensors and with one value."""
    key = b"tokenizer.ggml.tokens"
    return b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, len(key)) + key + value


VALUES = {
    "2^40 numbers": (struct.pack("<IIQ", 9, 4, 2**40), "a size in it cannot be"),
    "2^40 texts": (struct.pack("<IIQ", 9, 8, 2**40), "a size in it cannot be"),
    "arrays of arrays": (struct.pack("<IIQ", 9, 9, 2) * 1000, "an array of the type 9"),
    "a text of 2^60": (struct.pack("<IQ", 8, 2**60), "a size in it cannot be"),
    "unknown type": (struct.pack("<I", 99), "the unknown type 99"),
}


@pytest.mark.parametrize(("value", "message"), VALUES.values(), ids=VALUES)
def test_gguf_sizes_that_cannot_be(tmp_path: Path, value: bytes, message: str) -> None:
    """Fault 16: an array of 2^40 elements was begun."""
    (tmp_path / "base.gguf").write_bytes(gguf_with(value))
    with pytest.raises(ModelError, match=rf"base\.gguf is cut off or not a GGUF file: .*{message}"):
        open_source(tmp_path / "base.gguf")
