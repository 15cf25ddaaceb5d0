"""The precision of matrix products that a device computes fastest in."""

from __future__ import annotations

import platform

import torch


def fast_precision(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device multiplies it natively, else float32.

    Where it does not, bfloat16 is converted on the way in and out: training of a small encoder under autocast took
    three times as long as in float32 on a CPU with AVX2 alone.
    """
    return torch.bfloat16 if fast_bfloat16(device) else torch.float32


def name_of(dtype: torch.dtype) -> str:
    """Return ``"bfloat16"`` for ``torch.bfloat16``."""
    return str(dtype).removeprefix("torch.")


def fast_bfloat16(device: torch.device) -> bool:
    """Return True if bfloat16 products are faster than float32 ones: on GPUs, and CPUs with instructions for them."""
    if device.type == "cuda":
        return True
    # Builds without oneDNN, as for Macs, lack the operation that tells.
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (available and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        return False
    # oneDNN says yes to any AVX-512, where it converts to float32 and back: AVX-512 BF16 or AMX is what is fast.
    return platform.machine().lower() not in ("x86_64", "amd64") or has_avx512_bf16() or has_amx()


def has_avx512_bf16() -> bool:
    """Return True if the CPU has AVX-512 BF16, or if this release of torch cannot tell."""
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)())


def has_amx() -> bool:
    """Return True if the CPU has AMX."""
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)())  # not in the oldest torch that will do
