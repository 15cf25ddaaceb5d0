"""How a decoder computes on a machine: in which precision, what stays in memory, how many rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from goemotions.decoder.config import LIVE, DecoderConfig
from goemotions.errors import ModelError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SMALL_WEIGHTS = 1_000_000_000
"""Up to so many weights, float32 is quick enough on a CPU to be the default."""

RESIDENT_SHARE = 0.5  # of the memory that is free: the rest is for activations, the page cache and everyone else
MICRO_BATCH = 1024  # rows: more make the products no faster, and take more memory
GIB = 1024**3


@dataclass(frozen=True)
class Plan:
    """What was decided, and why.

    Attributes:
        dtype: of the matrix products; the residual stream is float32 in any case.
        keep_dense: whether layers stay in memory as plain matrices; otherwise each pass makes them anew.
        fused_rows: up to so many rows go through 4-bit kernels instead; 0 for none.
        micro_batch: rows that go through a layer together.
    """

    device: torch.device
    dtype: torch.dtype
    keep_dense: bool
    fused_rows: int
    micro_batch: int
    why: str

    @property
    def precision(self) -> str:
        return str(self.dtype).removeprefix("torch.")


def make_plan(config: DecoderConfig, four_bit: bool, device: str = "auto", precision: str = "auto") -> Plan:
    """Decide from the model's size and the machine.

    Args:
        four_bit: whether the base's matrices are NF4.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "auto", "float32" or "bfloat16".

    Raises:
        ModelError: a device that is not there, or too little memory for even one layer.
        ValueError: an unknown precision.
    """
    place = find_device(device)
    if precision not in ("auto", *PRECISIONS):
        raise ValueError(f"precision must be auto, {' or '.join(PRECISIONS)}, got {precision!r}")
    if precision == "auto":
        small = place.type == "cpu" and config.live_weights <= SMALL_WEIGHTS
        precision = "float32" if small or not fast_bfloat16(place) else "bfloat16"
    dtype = PRECISIONS[precision]
    free = free_memory(place)
    layer_bytes, dense_bytes = sizes(config, dtype)
    if layer_bytes > free:
        hint = (
            "precision bfloat16 halves it" if dtype == torch.float32 else "use a machine with more, or a smaller base"
        )
        raise ModelError(
            f"one layer of the base needs {layer_bytes / GIB:.1f} GiB of memory on {place} in {precision}, "
            f"{free / GIB:.1f} GiB are free: {hint}"
        )
    keep = dense_bytes <= free * RESIDENT_SHARE
    fused = fused_rows(place) if four_bit and dtype == torch.bfloat16 else 0
    why = (
        f"{config.live_weights / 1e9:.2f} G weights take {dense_bytes / GIB:.1f} GiB in {precision}, "
        f"{free / GIB:.1f} GiB are free: layers {'stay in memory' if keep else 'are made anew in each pass'}"
        + (f"; up to {fused} rows go through 4-bit kernels" if fused else "")
    )
    return Plan(place, dtype, keep, fused, MICRO_BATCH, why)


def sizes(config: DecoderConfig, dtype: torch.dtype) -> tuple[int, int]:
    """Bytes that one layer needs while it is made and used, and bytes of all layers when ready."""
    per_layer = {name: config.shape(name)[0] * config.shape(name)[1] for name in LIVE}
    folded = per_layer["o_proj"] // config.queries_per_kv
    ready = (sum(per_layer.values()) - per_layer["o_proj"] + folded) * dtype.itemsize
    unfolded = per_layer["o_proj"] * torch.float32.itemsize
    return ready + unfolded, ready * config.num_layers


def find_device(device: str) -> torch.device:
    """
    Raises:
        ModelError: CUDA asked for and absent, or an unknown device.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
    except RuntimeError:
        place = None
    if place is None or place.type not in ("cpu", "cuda"):
        raise ModelError(f"device must be auto, cpu, cuda or cuda:N, got {device!r}")
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        build = "has no CUDA" if torch.version.cuda is None else f"sees {torch.cuda.device_count()} CUDA devices"
        raise ModelError(f"device {device!r} asked for, but this PyTorch {build}: use device='cpu', or 'auto'")
    return place


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are faster than float32 ones."""
    if device.type == "cuda":
        return True
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def fused_rows(device: torch.device) -> int:
    """Up to how many rows a 4-bit kernel beats dequantising the matrix and multiplying.

    Measured for [32768, 5120]; `docs/experiments.md` has the figures. Matrix units (AMX) make the plain product faster.
    """
    if device.type == "cuda":
        return 16
    return 32 if torch.cpu._is_amx_tile_supported() else 256


def free_memory(device: torch.device) -> int:
    """Bytes that a new allocation can get: of the card, or of the machine and its control group."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    return int(psutil.virtual_memory().available)
