"""The import of bitsandbytes without PyTorch's compiler, whose loading takes longer than all the rest of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

IMPORTING = threading.Lock()


@contextmanager
def light_import() -> Iterator[None]:
    """Keep an import of bitsandbytes in this block from what it need not do.

    It hands some functions to ``torch.compile``: those that stand in where there is no kernel, taken here as they are,
    as bitsandbytes itself does where they cannot be compiled. The rest it registers with PyTorch, which marks them as
    not to be looked into by the compiler, and for that mark loads it at the first call: 3 seconds. Without the mark the
    compiler, if a program uses it, still sees them as single operators.

    Its CPU part also logs an error when an optional kernel package is absent; the built-in kernels serve.
    """
    with IMPORTING:
        library: Any = torch
        kept = library.compile, library._disable_dynamo
        log = logging.getLogger("bitsandbytes.backends.cpu.ops")
        level = log.level
        log.setLevel(logging.CRITICAL)
        library.compile = library._disable_dynamo = as_it_is
        try:
            yield
        finally:
            library.compile, library._disable_dynamo = kept
            log.setLevel(level)


def as_it_is(function: Callable[..., object] | None = None, *_: object, **options: object) -> object:
    """Return a function, or a decorator that returns it."""
    return function if function is not None else as_it_is
