"""The precision of training: bfloat16 only where the device multiplies it natively."""

from __future__ import annotations

import pytest
import torch

from goemotions.precision import fast_precision
from goemotions.training.loop import autocast

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("machine", "onednn", "avx512_bf16", "amx", "expected"),
    [
        ("x86_64", False, False, False, torch.float32),  # AVX2
        ("x86_64", True, False, False, torch.float32),  # AVX-512 without BF16: oneDNN converts to float32 and back
        ("AMD64", True, True, False, torch.bfloat16),
        ("x86_64", True, False, True, torch.bfloat16),
        ("aarch64", True, False, False, torch.bfloat16),
        ("arm64", False, False, False, torch.float32),
    ],
)
def test_the_cpu_decides(
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    onednn: bool,
    avx512_bf16: bool,
    amx: bool,
    expected: torch.dtype,
) -> None:
    """A fault: training under bfloat16 autocast took three times as long as float32 on a CPU with AVX2 alone."""
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: onednn)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    assert fast_precision(CPU) == expected


def test_gpus_compute_in_bfloat16() -> None:
    assert fast_precision(torch.device("cuda")) == torch.bfloat16


@pytest.mark.parametrize("dtype", [None, torch.float32, torch.bfloat16])
def test_autocast_casts_only_to_16_bits(dtype: torch.dtype | None) -> None:
    x = torch.ones(2, 2)
    with autocast(CPU, dtype):
        product = x @ x
    assert product.dtype == (dtype or torch.float32)
