"""NF4 matrices in bitsandbytes' own layout: the one module that imports bitsandbytes.

NF4 (Dettmers et al., *QLoRA*, 2023) stores each weight as a 4-bit index of a 16-entry code book, times the largest
magnitude of its block of 64; "nested" stores those magnitudes in 8 bits, block by block again.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import torch

from goemotions.decoder.config import MOST_SIZE
from goemotions.decoder.light_import import light_import
from goemotions.errors import MissingExtraError, ModelError
from goemotions.fields import shown

if TYPE_CHECKING:
    from bitsandbytes.functional import QuantState

BLOCK = 64
BLOCKS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
STATE_KEY = "quant_state.bitsandbytes__nf4"
PARTS = ("absmax", "quant_map", "nested_absmax", "nested_quant_map", STATE_KEY)
"""The tensors that stand beside a matrix of codes, by the end of their names."""

KERNELS = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}
CACHE_WEIGHTS = 2**21  # so many are still in a processor's cache when they are used after being made
LARGE_BLOCK = 2048  # from here on bitsandbytes itself avoids its kernel
FUSED_ROWS_MULTIPLE = 32  # what the CPU kernel's layout needs of a matrix's rows


@cache
def bitsandbytes() -> ModuleType:
    """The library, imported when a 4-bit matrix is first met.

    Raises:
        MissingExtraError: it is not installed.
    """
    with light_import():
        try:
            import bitsandbytes as library
        except ImportError as error:
            raise MissingExtraError("a 4-bit base", "llm") from error
    return library


@cache
def dequantising_kernel(dtype: torch.dtype) -> Callable[..., None] | None:
    """bitsandbytes' own dequantising function, which writes where it is told; None where there is none."""
    library = getattr(bitsandbytes().functional.lib, "_lib", None)
    if not isinstance(library, ctypes.CDLL):  # it stands for a library that could not be loaded
        return None
    return getattr(library, f"cdequantize_blockwise_cpu_nf4_{KERNELS[dtype]}", None)


def has_fused_kernel() -> bool:
    """Return True if this CPU can multiply by codes as they are: bitsandbytes' kernel needs AVX-512 BF16."""
    return bool(bitsandbytes().functional.has_avx512bf16())


class Nf4Matrix:
    """A matrix [out, in] kept as NF4 codes.

    Attributes:
        shape: (out, in).
        dtype: what it was quantised from, and dequantises to.
    """

    def __init__(self, codes: torch.Tensor, state: QuantState) -> None:
        self._codes = codes
        self._state = state
        self.shape: tuple[int, int] = (int(state.shape[0]), int(state.shape[1]))
        self.dtype: torch.dtype = state.dtype

    @classmethod
    def from_tensors(cls, codes: torch.Tensor, parts: Mapping[str, torch.Tensor], name: str) -> Nf4Matrix:
        """From a checkpoint's tensors.

        Args:
            codes: uint8 [out * in / 2, 1].
            parts: the tensors beside it, by :data:`PARTS`.

        Raises:
            ModelError: parts that are missing, damaged or not finite.
        """
        try:
            state = bitsandbytes().functional.QuantState.from_dict(dict(parts), device=codes.device)
            check_state(state)
        except Exception as error:  # the library raises whatever comes
            raise ModelError(f"{name}: its 4-bit quantisation cannot be read: {error or 'unknown parts'}") from error
        # The kernels trust these sizes, so none may be wrong.
        out, into = state.shape
        scales, nested = state.absmax.numel(), state.state2
        fits = codes.numel() * 2 == out * into and scales * state.blocksize >= out * into
        if nested is not None:
            fits &= nested.absmax.numel() * nested.blocksize >= scales
        if not fits or codes.dtype != torch.uint8:
            raise ModelError(
                f"{name}: {codes.numel():,} {codes.dtype} codes and {scales:,} scales "
                f"do not make a {out} x {into} matrix"
            )
        finite = state.absmax if nested is None else torch.cat([nested.absmax, state.offset.reshape(1)])
        if not torch.isfinite(finite).all():
            raise ModelError(f"{name}: its scales hold NaN or infinity")
        return cls(codes, state)

    @classmethod
    def quantise(cls, weight: torch.Tensor) -> Nf4Matrix:
        """As bitsandbytes quantises on loading: blocks of 64, nested scales. Dequantises to ``weight.dtype``."""
        codes, state = bitsandbytes().functional.quantize_4bit(
            weight.contiguous(), blocksize=BLOCK, quant_type="nf4", compress_statistics=True
        )
        return cls(codes, state)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The tensors of its serialised form: "" for the codes, then :data:`PARTS`."""
        return {"": self._codes, **self._state.as_dict(packed=True)}

    def dequantise(self, out: torch.Tensor) -> torch.Tensor:
        """Write the weights to ``out`` [out, in] and give it back.

        They are those of the type that the matrix was quantised from, then cast to that of ``out``.
        """
        if out.device.type == "cpu":
            for part, weights in self.rows(CACHE_WEIGHTS // self.shape[1]):
                out[part] = weights
        elif out.dtype == self._state.dtype:  # without a second copy on the card
            bitsandbytes().functional.dequantize_4bit(self._codes, self._state, out=out)
        else:
            out.copy_(bitsandbytes().functional.dequantize_4bit(self._codes, self._state))
        return out

    def rows(self, count: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """The weights on a CPU, at least one and at most ``count`` rows [n, in] at a time.

        They have the type that the matrix was quantised from, and lie in memory that the next rows overwrite: the first
        touch of fresh memory takes longer than making them.
        """
        (out, into), state, functional = self.shape, self._state, bitsandbytes().functional
        count = min(max(count, 1), out)
        parts = [slice(start, start + count) for start in range(0, out, count)]
        kernel = dequantising_kernel(state.dtype)
        across = bool(into % state.blocksize)
        if kernel is None or state.blocksize >= LARGE_BLOCK or across:
            whole = self._across_rows() if across else functional.dequantize_4bit(self._codes, state)
            yield from ((part, whole[part]) for part in parts)
            return
        codes, scales = self._codes.view(out, -1), self._scales()[: out * into // state.blocksize].view(out, -1)
        made = torch.empty(count, into, dtype=state.dtype)
        for part in parts:
            weights = made[: len(codes[part])]
            sizes = [ctypes.c_longlong(size) for size in (state.blocksize, *weights.shape)]
            kernel(*map(functional.get_ptr, (codes[part], scales[part], weights)), *sizes)
            yield part, weights

    def _across_rows(self) -> torch.Tensor:
        """The weights, where blocks reach from one row into the next: [out, in].

        bitsandbytes' kernel for AVX-512 counts whole blocks per row, and so takes wrong scales there (0.50.2).
        """
        codes = torch.stack([self._codes.view(-1) >> 4, self._codes.view(-1) & 15], dim=1).view(-1).long()
        scales = self._scales().repeat_interleave(self._state.blocksize)[: codes.numel()]
        weights: torch.Tensor = self._state.code[codes] * scales
        return weights.to(self._state.dtype).view(self.shape)

    def _scales(self) -> torch.Tensor:
        """The largest magnitude of each block, float32 [blocks]."""
        scales, state = self._state.absmax, self._state
        if state.nested:
            scales = bitsandbytes().functional.dequantize_blockwise(scales, state.state2) + state.offset
        result: torch.Tensor = scales.float().contiguous()
        return result

    def to(self, device: torch.device) -> Nf4Matrix:
        """Itself on a device."""
        if self._codes.device == device:
            return self
        return Nf4Matrix(self._codes.to(device), self._copy_state(device))

    def touch(self) -> None:
        """Bring its codes into memory, from a mapped file."""
        self._codes.view(-1)[:: mmap.PAGESIZE].sum()

    def _copy_state(self, device: torch.device) -> QuantState:
        parts = {name: tensor for name, tensor in self.tensors().items() if name}
        state: QuantState = bitsandbytes().functional.QuantState.from_dict(parts, device=device)
        return state

    def fused(self) -> Fused | None:
        """A product that reads the codes themselves, or None where there is no such kernel for this matrix.

        On the CPU bitsandbytes' kernel needs a layout of its own: a copy of the codes, made here.
        """
        out, into = self.shape
        if self._codes.device.type != "cpu":
            return Fused(self._codes, self._state)
        functional = bitsandbytes().functional
        if not has_fused_kernel() or out % FUSED_ROWS_MULTIPLE or into % self._state.blocksize:
            return None
        packed = functional.QuantState(
            absmax=self._scales().reshape(out, -1).t().to(torch.bfloat16).contiguous(),
            shape=torch.Size(self.shape),
            code=self._state.code.clone(),  # of a mapped file, which a part of it would keep in memory whole
            blocksize=self._state.blocksize,
            quant_type="nf4",
            dtype=torch.bfloat16,
        )
        packed.packing_format_for_cpu = True
        return Fused(pack(self._codes, self.shape), packed)


def check_state(state: QuantState) -> None:
    """Check that a matrix was quantised in the one way that is read.

    Raises:
        ValueError: what the kernels, which trust it, must not be given.
    """
    nested = state.state2
    if state.quant_type != "nf4" or len(state.shape) != 2 or not all(1 <= size <= MOST_SIZE for size in state.shape):
        raise ValueError(f"it is {shown(state.quant_type)} of the shape {shown(tuple(state.shape))}")
    if state.dtype not in KERNELS or (nested is not None and nested.dtype != torch.float32):
        raise ValueError(f"it has the type {shown(state.dtype)}, expected one of {', '.join(map(str, KERNELS))}")
    for level, values, scales in ((state, 16, torch.float32 if nested is None else torch.uint8), (nested, 256, None)):
        if level is None:
            continue
        if type(level.blocksize) is not int or level.blocksize not in BLOCKS:
            raise ValueError(
                f"it has blocks of {shown(level.blocksize)}, expected one of {', '.join(map(str, BLOCKS))}"
            )
        if level.absmax.dtype != (scales or torch.float32) or level.code.dtype != torch.float32:
            raise ValueError(f"it has scales of {level.absmax.dtype} and a code book of {level.code.dtype}")
        if level.code.numel() != values or not torch.isfinite(level.code).all():
            raise ValueError(f"it has a code book of {level.code.numel()} values, expected {values} finite ones")


def pack(codes: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """The codes in the layout of bitsandbytes' fused CPU kernel, uint8 [out, in / 2].

    As its ``_convert_weight_packed_for_cpu`` lays them out, in a quarter of the time: for 32 rows side by side, a byte
    holds the codes of row r (low half) and row r + 16 (high half) in one column.
    """
    out, pairs = shape[0], shape[1] // 2
    packed = torch.empty(out // 32, pairs, 16, dtype=torch.int16)
    for target, rows in zip(torch.split(packed, 64), torch.split(codes.view(out // 32, 2, 16, pairs), 64), strict=True):
        top, bottom = rows[:, 0], rows[:, 1]
        columns = torch.stack(((top >> 4) | (bottom & 0xF0), (top & 0xF) | (bottom << 4)), dim=-1)
        target.copy_(columns.view(torch.int16).squeeze(-1).transpose(1, 2))
    return packed.view(torch.uint8).view(out, pairs)


class Fused:
    """``x @ W.T`` by bitsandbytes' kernel, in bfloat16, without dequantising W as a whole."""

    def __init__(self, codes: torch.Tensor, state: QuantState) -> None:
        self._codes = codes
        self._state = state

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """*Shape:* bfloat16 [n, in] → bfloat16 [n, out]."""
        product: torch.Tensor = bitsandbytes().matmul_4bit(x, self._codes, quant_state=self._state)
        return product
