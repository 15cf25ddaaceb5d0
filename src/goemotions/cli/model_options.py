"""The options that say how a model is loaded: one group, which every command that loads a model takes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_type_hints

from goemotions.cli import options as opt

if TYPE_CHECKING:
    from goemotions.architectures import LoadOptions


def options(
    device: opt.Device = "auto",
    threads: opt.Threads = None,
    batch_size: opt.BatchSize = None,
    backbone: opt.Backbone = None,
    encoder: opt.Encoder = None,
    precision: opt.Precisions = opt.Precision.auto,
    allow_other_encoder: opt.AllowOtherEncoder = False,
    max_memory: opt.MaxMemory = None,
) -> LoadOptions:
    """Return what the command line says about loading; its parameters are the group."""
    from goemotions.architectures import LoadOptions

    amount = opt.parse_amount(max_memory)
    return LoadOptions(device, threads, batch_size, backbone, encoder, precision.value, allow_other_encoder, amount)


def with_model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with the group's options in place of its parameter ``load``, which gets their values."""
    group = parameters(options)
    own = parameters(command)
    names = {parameter.name for parameter in group}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        load = options(**{name: given.pop(name) for name in names})
        command(**given, load=load)

    shown = [parameter for parameter in own if parameter.name != "load"] + group
    signature = inspect.Signature([parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in shown])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown} | {"return": None}
    return run


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return a function's parameters with their annotations evaluated; ``LoadOptions`` itself is not imported."""
    hints = get_type_hints(function, localns={"LoadOptions": object}, include_extras=True)
    return [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
    ]
