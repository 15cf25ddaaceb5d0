"""The model architectures. Each turns texts into logits; labels, thresholds and formatting belong to the classifier."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from goemotions.architectures.base import Architecture, EmbeddingArchitecture, LoadOptions
from goemotions.checkpoint import ModelConfig
from goemotions.errors import ModelError
from goemotions.specs import ARCHITECTURES

DEFAULTS = LoadOptions()
COMMON_OPTIONS = ("device", "threads", "batch_size")
Load = Callable[[Path, ModelConfig, LoadOptions], Architecture | EmbeddingArchitecture]


def load_model(directory: Path, config: ModelConfig, options: LoadOptions) -> Architecture | EmbeddingArchitecture:
    """Construct the model of a checked directory.

    Raises:
        ModelError: a part that is missing or damaged, or an option that this architecture has no use for.
    """
    spec = ARCHITECTURES[config.architecture]
    if spec.cpu_only and options.device not in ("auto", "cpu"):
        raise ModelError(f"{config.name} computes on the CPU: device must be 'auto' or 'cpu', got {options.device!r}")
    unused = [field.name for field in fields(options) if field.name not in (*COMMON_OPTIONS, *spec.options)]
    given = [name for name in unused if getattr(options, name) != getattr(DEFAULTS, name)]
    if given:
        raise ModelError(f"{config.name} {spec.lacks}: leave out {', '.join(given)}")
    load: Load = importlib.import_module(f"goemotions.architectures.{spec.module}").load
    model = load(directory, config, options)
    if model.base:
        logging.getLogger(__name__).info("base: %s", model.base)
    return model
