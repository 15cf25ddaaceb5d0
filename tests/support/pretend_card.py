"""A CUDA device for machines without one: tensors that say they lie on it, and are computed by the CPU.

It refuses what a real card refuses: products of a tensor there with one here, NumPy views, pointers for CPU kernels. So
code for cards is run, its results are compared, and a tensor left on the wrong side is an error. Speeds, the card's own
kernels and its memory are not imitated, and what autograd computes on the way back is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bitsandbytes  # noqa: F401 - registers its operations
import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map_only

CARD, CPU = torch.device("cuda", 0), torch.device("cpu")
Tensor = torch.Tensor
FORBIDDEN = (Tensor.numpy, Tensor.data_ptr, Tensor.__array__)
BETWEEN_DEVICES = (Tensor.copy_, Tensor.__getitem__, Tensor.__setitem__, Tensor.data.__set__)  # type: ignore[attr-defined]
"""What takes tensors of both sides."""


class OnCard(Tensor):
    """A tensor that says it is on the card."""

    def __deepcopy__(self, _memo: Any) -> Any:
        return self.detach().clone()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.cpu().__reduce_ex__(protocol)  # type: ignore[no-untyped-call]

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            return compute(func, args, kwargs or {})


class Card(TorchFunctionMode):
    """Inside, what is made with a CUDA ``device`` or moved there is on the card."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            if func is not Tensor.backward:
                return compute(func, args, kwargs or {})
            with Card():  # for layers that are computed again on the way
                loss: Any = args[0]
                return torch.autograd.Variable._execution_engine.run_backward(
                    (loss,), (torch.ones_like(loss),), False, False, (), allow_unreachable=True, accumulate_grad=True
                )


def compute(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation; its results are on the card if its arguments are, or if it is asked to put them there.

    Raises:
        RuntimeError: tensors of both sides.
        TypeError: what only tensors of the CPU have.
    """
    if func == Tensor.device.__get__:
        return CARD if isinstance(args[0], OnCard) else CPU
    if func in (torch.device, torch._C._nn._parse_to, torch.autograd.backward):  # the second of a module's ``to``
        return func(*args, **kwargs)
    if func == torch._has_compatible_shallow_copy_type:  # asked there, too: no weights are moved by changing them
        return False
    tensors = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
    there = any(isinstance(tensor, OnCard) for tensor in tensors)
    if there and func in FORBIDDEN:
        raise TypeError(f"{func.__name__}: can't convert cuda:0 device type tensor: copy it to the CPU first")
    if there and func not in BETWEEN_DEVICES and any(t.ndim and not isinstance(t, OnCard) for t in tensors):
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, got cuda:0 and cpu")
    if func in (Tensor.copy_, Tensor.__setitem__, Tensor.__getitem__):
        there = isinstance(args[0], OnCard)
    elif func is Tensor.cpu:
        there = False
    else:
        asked = [value for value in (*args, *kwargs.values()) if is_device(value)]
        there = torch.device(asked[0]).type == "cuda" if asked else there
        args, kwargs = tuple(map(to_cpu, args)), {name: to_cpu(value) for name, value in kwargs.items()}
    if func is torch.ops.bitsandbytes.dequantize_4bit.out:  # which there is for cards alone
        result = kwargs["out"].copy_(torch.ops.bitsandbytes.dequantize_4bit.default(*args))
    else:
        result = func(*args, **kwargs)
    kind = OnCard if there else Tensor
    if tensors and isinstance(tensors[0], OnCard) != there and any(result is tensor for tensor in tensors):
        result = result.clone()  # as moving does, so that neither side sees what is written on the other
    return tree_map_only(Tensor, lambda t: t if isinstance(t, OnCard) == there else t.as_subclass(kind), result)


def is_device(value: Any) -> bool:
    return isinstance(value, torch.device) or (isinstance(value, str) and value.partition(":")[0] in ("cuda", "cpu"))


def to_cpu(value: Any) -> Any:
    return CPU if is_device(value) else value


def load(file: Any, map_location: Any = None, _load: Callable[..., Any] = torch.load, **options: Any) -> Any:
    """``torch.load``, which puts tensors on the card from within."""
    state = _load(file, map_location="cpu", **options)
    return tree_map_only(Tensor, lambda tensor: tensor.to(map_location), state) if map_location else state


@contextmanager
def pretend_card(free: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if there were one CUDA device with so many free bytes."""
    answers: dict[str, Callable[..., Any]] = {
        "_lazy_init": lambda: None,
        "synchronize": lambda device=None: None,
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "mem_get_info": lambda device=None: (int(free), int(free)),
        "get_rng_state": lambda device=None: torch.get_rng_state(),
        "set_rng_state": lambda state, device=None: None,
    }
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with monkeypatch.context() as patch, Card():
            for name, answer in answers.items():
                patch.setattr(torch.cuda, name, answer)
            patch.setattr(torch, "load", load)
            yield
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)
