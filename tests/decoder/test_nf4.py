"""NF4 matrices: bitsandbytes' own functions are the oracle of every shortcut."""

from __future__ import annotations

import copy
import inspect
import logging
import subprocess
import sys
from collections.abc import Callable

import bitsandbytes.functional as bnb
import pytest
import torch

from goemotions.decoder.nf4 import (
    CACHE_WEIGHTS,
    KERNELS,
    PARTS,
    Fused,
    Nf4Matrix,
    bitsandbytes,
    dequantising_kernel,
    pack,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("shape", [(64, 192), (96, 64), (2, 6), (CACHE_WEIGHTS // 128 + 3, 128)])
def test_dequantised_in_place_as_bitsandbytes_does(shape: tuple[int, int], stored: torch.dtype, nested: bool) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(stored)
    codes, state = bnb.quantize_4bit(weight, quant_type="nf4", compress_statistics=nested)
    expected = bnb.dequantize_4bit(codes, state)
    matrix = Nf4Matrix(codes, state)
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        out = torch.full(shape, torch.nan, dtype=dtype)
        assert matrix.dequantise(out) is out
        assert torch.equal(out, expected.to(dtype))


def test_packed_as_bitsandbytes_does() -> None:
    codes, state = bnb.quantize_4bit(torch.randn(2112, 128).bfloat16(), quant_type="nf4", compress_statistics=True)
    expected, _ = bnb._convert_weight_packed_for_cpu(codes, copy.deepcopy(state))
    assert torch.equal(pack(codes, (2112, 128)), expected)


@pytest.mark.skipif(not bnb.has_avx512bf16(), reason="the CPU has no 4-bit kernel")
def test_the_kernel_equals_that_of_linear4bit() -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(64, 128).bfloat16(), torch.randn(5, 128).bfloat16()
    matrix = Nf4Matrix.quantise(weight)
    fused = matrix.fused()
    assert fused is not None
    codes, state = bnb.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    packed, packed_state = bnb._convert_weight_packed_for_cpu(codes, state)
    assert torch.equal(fused(x), bnb.gemv_4bit(x, packed, state=packed_state))
    exact = x.double() @ matrix.dequantise(torch.empty(64, 128)).double().t()
    assert ((fused(x).double() - exact).norm() / exact.norm()) < 0.01


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("rows", [1, 5])
def test_codes_as_they_are_stored_multiply(rows: int, nested: bool) -> None:
    """The product that cards take, on whose kernels no layout of ours depends."""
    torch.manual_seed(0)
    weight, x = torch.randn(96, 128).bfloat16(), torch.randn(rows, 128).bfloat16()
    codes, state = bnb.quantize_4bit(weight, quant_type="nf4", compress_statistics=nested)
    exact = x.double() @ bnb.dequantize_4bit(codes, state).double().t()
    got = Fused(codes, state)(x)
    assert got.dtype == torch.bfloat16
    assert ((got.double() - exact).norm() / exact.norm()) < 0.01


def test_its_tensors_make_it_again() -> None:
    matrix = Nf4Matrix.quantise(torch.randn(64, 128).bfloat16())
    parts = matrix.tensors()
    again = Nf4Matrix.from_tensors(parts.pop(""), parts, "again")
    assert torch.equal(again.dequantise(torch.empty(64, 128)), matrix.dequantise(torch.empty(64, 128)))


def test_what_is_taken_from_inside_bitsandbytes_is_there() -> None:
    """Fault 13: without some of it nothing would fail, but every matrix would take a way many times slower."""
    assert all(dequantising_kernel(dtype) is not None for dtype in KERNELS)
    library = bitsandbytes()
    contract: dict[Callable[..., object], str] = {
        bnb.quantize_4bit: "blocksize quant_type compress_statistics",
        bnb.dequantize_4bit: "quant_state out",
        bnb.dequantize_blockwise: "quant_state",
        bnb.get_ptr: "A",
        bnb.has_avx512bf16: "",
        bnb.QuantState: "absmax shape code blocksize quant_type dtype",
        bnb.QuantState.from_dict: "device",
        library.matmul_4bit: "quant_state",
    }
    for function, arguments in contract.items():
        assert set(arguments.split()) <= set(inspect.signature(function).parameters), function
    _, state = bnb.quantize_4bit(torch.ones(64, 64), quant_type="nf4", compress_statistics=True)
    assert {*"absmax shape code blocksize quant_type dtype nested offset state2".split()} <= set(vars(state))
    assert set(state.as_dict(packed=True)) == set(PARTS)
    assert "packing_format_for_cpu" in inspect.getsource(library.matmul_4bit)  # by which it takes the CPU's layout
    assert "bitsandbytes.backends.cpu.ops" in logging.root.manager.loggerDict  # silenced while it is imported


def test_the_compiler_is_not_loaded() -> None:
    """bitsandbytes loads PyTorch's, which took 3 of the 5 seconds in which a small model of this kind could start."""
    code = (
        "import sys, torch; before = torch.compile, torch._disable_dynamo\n"
        "from goemotions.decoder.nf4 import Nf4Matrix\n"
        "Nf4Matrix.quantise(torch.ones(64, 64)).dequantise(torch.empty(64, 64))\n"
        "print((torch.compile, torch._disable_dynamo) == before, {'torch._dynamo', 'torch._inductor'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True set()\n", "")
