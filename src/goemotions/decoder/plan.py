"""Plan of how a decoder computes on a machine: in which precision, what stays in memory, how many rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch

from goemotions.decoder.config import LIVE, DecoderConfig
from goemotions.decoder.linear import PART_ROWS
from goemotions.decoder.nf4 import has_fused_kernel
from goemotions.errors import ModelError
from goemotions.precision import fast_bfloat16, has_amx

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SMALL_WEIGHTS = 1_000_000_000
"""Up to so many weights, float32 is quick enough on a CPU to be the default."""

MICRO_BATCH = 1024  # rows: more make the products no faster, and take more memory
LEAST_BATCH = 64
MOST_ROWS = 65_536  # in a pass: by then making the weights again takes a thousandth of the time
RESIDENT_SHARE = 0.5  # of a machine's free memory: the rest is for the page cache and everyone else
PROCESS_BYTES = 700_000_000  # Python, torch, the head and the adapter, which a limit counts too
GB = 1e9


class Residency(StrEnum):
    """Where the weights are between passes."""

    DENSE = "dense"
    """In memory, ready for products."""

    STORED = "stored"
    """In memory as they are stored (on a CPU mapped from their file), made ready in each pass."""

    STREAMED = "streamed"
    """On disk, read layer by layer in each pass."""


@dataclass(frozen=True)
class Plan:
    """Decisions, and their reasons.

    Attributes:
        dtype: of the matrix products; the residual stream is float32 in any case.
        fused_rows: up to so many rows go through 4-bit kernels instead; 0 for none.
        micro_batch: rows that go through a layer together.
        pass_rows: rows that go through all layers before others begin.
        why: one line for people.
        whole_layers: whether 4-bit layers are made plain as a whole, once a pass of several micro-batches; else in
            parts, for each micro-batch, which takes less memory.
    """

    device: torch.device
    dtype: torch.dtype
    residency: Residency
    fused_rows: int
    micro_batch: int
    pass_rows: int
    why: str
    whole_layers: bool = True

    @property
    def precision(self) -> str:
        return str(self.dtype).removeprefix("torch.")


@dataclass(frozen=True)
class Sizes:
    """Bytes that the parts of a decoder take.

    Attributes:
        whole: one layer made ready for products.
        layer: the least that a layer in use takes: that, or of 4-bit ones on a CPU a part, beside itself and the next.
        dense: all layers ready for products.
        stored: all layers as they are stored.
        row: one row in a micro-batch, beside its state.
        state: one row's state.
    """

    whole: int
    layer: int
    dense: int
    stored: int
    row: int
    state: int

    @classmethod
    def of(cls, config: DecoderConfig, four_bit: bool, dtype: torch.dtype, device_type: str) -> Sizes:
        weights = {name: config.shape(name)[0] * config.shape(name)[1] for name in LIVE}
        folded = weights["o_proj"] // config.queries_per_kv
        ready = (sum(weights.values()) - weights["o_proj"] + folded) * dtype.itemsize
        stored = int(config.live_weights * (0.516 if four_bit else 2))  # NF4: half a byte, and nested scales
        whole = layer = ready + weights["o_proj"] * dtype.itemsize
        if four_bit and device_type == "cpu":
            part = PART_ROWS * config.intermediate_size * (dtype.itemsize + torch.bfloat16.itemsize)
            layer = min(layer, 2 * stored // config.num_layers + part)
        return cls(
            whole=whole,
            layer=layer,
            dense=ready * config.num_layers,
            stored=stored,
            row=3 * config.intermediate_size * dtype.itemsize + 4 * config.hidden_size * torch.float32.itemsize,
            state=2 * config.hidden_size * torch.float32.itemsize,  # and what it was made of
        )

    def kept(self, residency: Residency) -> int:
        """Return the bytes that stay in memory between passes."""
        return {Residency.DENSE: self.dense, Residency.STORED: self.stored, Residency.STREAMED: 0}[residency]

    def whole_layers_fit(self, spare: float) -> bool:
        """Return True if layers can be made plain as a whole in so many bytes, which leaves as many for states."""
        return spare > 2 * self.whole

    def working(self, micro_batch: int) -> int:
        """Return the bytes that a pass needs beside the weights that stay."""
        return self.layer + micro_batch * self.row + micro_batch * self.state


def make_plan(
    config: DecoderConfig,
    four_bit: bool,
    device: str = "auto",
    precision: str = "auto",
    max_memory: int | None = None,
    micro_batch: int | None = None,
) -> Plan:
    """Decide from the model's size and the machine.

    Args:
        four_bit: whether the base's matrices are NF4.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "auto", "float32" or "bfloat16".
        max_memory: bytes that the whole process may take of the device's memory; None for what is free.
        micro_batch: rows that go through a layer together; None for what fits.

    Raises:
        ModelError: a device that is not there, or too little memory for even one layer.
        ValueError: an unknown precision.
    """
    place = find_device(device)
    dtype = choose_precision(config, place, precision)
    sizes = Sizes.of(config, four_bit, dtype, place.type)
    free = free_memory(place)
    limit = free if max_memory is None else min(max_memory - PROCESS_BYTES, free)
    bounded = max_memory is not None or place.type == "cuda"
    batch = micro_batch or choose_batch(sizes, limit, bounded)
    needed = sizes.working(batch)
    if needed > limit:
        raise ModelError(too_little(needed, limit, max_memory, place, dtype))
    residency = choose_residency(sizes, limit, needed, bounded)
    kept = sizes.kept(residency)
    spare = limit - needed - kept
    # In float32 parts are quicker in any case: a whole layer is twice as much to bring from memory again.
    whole = sizes.layer == sizes.whole or (dtype == torch.bfloat16 and sizes.whole_layers_fit(spare))
    if whole:
        spare -= sizes.whole - sizes.layer
    rows = min(max(int(spare / 2 / sizes.state), batch), MOST_ROWS)
    fused = fused_rows(place) if four_bit and dtype == torch.bfloat16 and residency != Residency.STREAMED else 0
    if residency == Residency.DENSE and place.type == "cuda" and needed + kept + sizes.stored > limit:
        fused = 0  # the codes would have to lie on the card beside what was made of them
    why = (
        f"{config.live_weights / 1e9:.2f} G weights, {sizes.dense / GB:.1f} GB in {str(dtype)[6:]}, "
        f"{sizes.stored / GB:.1f} GB as stored, {max(limit, 0) / GB:.1f} GB {'allowed' if max_memory else 'free'}: "
        f"layers are {residency}; {rows:,} rows a pass, {batch:,} together"
        + (f", up to {fused} through 4-bit kernels" if fused else "")
    )
    return Plan(place, dtype, residency, fused, batch, rows, why, whole)


def choose_precision(config: DecoderConfig, place: torch.device, precision: str) -> torch.dtype:
    if precision not in ("auto", *PRECISIONS):
        raise ValueError(f"precision must be auto, {' or '.join(PRECISIONS)}, got {precision!r}")
    if precision == "auto":
        small = place.type == "cpu" and config.live_weights <= SMALL_WEIGHTS
        precision = "float32" if small or not fast_bfloat16(place) else "bfloat16"
    return PRECISIONS[precision]


def choose_batch(sizes: Sizes, limit: float, bounded: bool) -> int:
    """Rows that go through a layer together: fewer where memory is short, or where that keeps the weights in it."""
    batch = MICRO_BATCH
    least = sizes.stored + sizes.working(LEAST_BATCH)
    while batch > LEAST_BATCH and (
        sizes.working(batch) > limit / 2 or (bounded and least <= limit < sizes.stored + sizes.working(batch))
    ):
        batch //= 2
    return batch


def choose_residency(sizes: Sizes, limit: float, needed: int, bounded: bool) -> Residency:
    """
    Args:
        bounded: whether ``limit`` is one: the user's, or a card's memory.
    """
    if sizes.dense + needed <= limit * (1 if bounded else RESIDENT_SHARE):
        return Residency.DENSE
    # Mapped files may be dropped from memory by the system, so without a limit they may fill it.
    return Residency.STORED if not bounded or sizes.stored + needed <= limit else Residency.STREAMED


def too_little(needed: int, limit: float, max_memory: int | None, place: torch.device, dtype: torch.dtype) -> str:
    """The message of the error: how much is needed, and which option helps."""
    options = ["precision bfloat16 halves it"] if dtype == torch.float32 else []
    options += ["a larger max_memory"] if max_memory is not None else []
    options += ["device cpu"] if place.type == "cuda" else []
    total = needed + (PROCESS_BYTES if max_memory is not None else 0)
    have = f"max_memory is {max_memory / GB:.1f} GB" if max_memory is not None else f"{limit / GB:.1f} GB are free"
    return (
        f"one layer of the base and a small batch need {total / GB:.1f} GB of memory on {place} in {str(dtype)[6:]}, "
        f"{have}: {', or '.join(options) or 'a smaller base, or a machine with more'}"
    )


def find_device(device: str) -> torch.device:
    """
    Raises:
        ModelError: CUDA asked for and absent, or an unknown device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(device)
    except RuntimeError:
        place = None
    if place is None or place.type not in ("cpu", "cuda"):
        raise ModelError(f"device must be auto, cpu, cuda or cuda:N, got {device!r}")
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        build = "has no CUDA" if torch.version.cuda is None else f"sees {torch.cuda.device_count()} CUDA devices"
        raise ModelError(f"device {device!r} asked for, but this PyTorch {build}: use device='cpu', or 'auto'")
    if place.type == "cuda" and place.index is None:  # as tensors name it, so that devices can be compared
        return torch.device("cuda", torch.cuda.current_device())
    return place


def fused_rows(device: torch.device) -> int:
    """Up to how many rows a 4-bit kernel beats dequantising the matrix and multiplying; measured for [32768, 5120].

    0 where there is no such kernel: on CPUs without AVX-512 BF16.
    """
    if device.type == "cuda":
        return 16
    if not has_fused_kernel():
        return 0
    return 32 if has_amx() else 64


def free_memory(device: torch.device) -> int:
    """Bytes that a new allocation can get, of the card or of the machine."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    return int(psutil.virtual_memory().available)
