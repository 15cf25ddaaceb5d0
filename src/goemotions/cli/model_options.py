"""The options that say how a model is loaded: one group, which every command that loads a model takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from goemotions.cli import options as opt
from goemotions.cli.option_groups import with_group

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions


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
    from goemotions.architectures.base import LoadOptions

    amount = opt.parse_amount(max_memory)
    return LoadOptions(device, threads, batch_size, backbone, encoder, precision.value, allow_other_encoder, amount)


def with_model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command`` with the group's options in place of its parameter ``load``, which gets their values."""
    return with_group(command, "load", options)
