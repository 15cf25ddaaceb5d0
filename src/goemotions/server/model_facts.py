"""Facts of a model that the page shows and decides by, whoever computes: a server, or the browser itself."""

from __future__ import annotations

from typing import Any

from goemotions import __version__
from goemotions.checkpoint import ModelConfig
from goemotions.labels import SENTIMENT
from goemotions.predictions import Thresholds
from goemotions.stored_thresholds import BY_LANGUAGE, threshold_keys


def model_facts(config: ModelConfig, thresholds: Thresholds) -> dict[str, Any]:
    """Return the facts, for JSON."""
    return {
        "model_id": config.name,
        "max_input_length": config.max_length,
        "version": __version__,
        "architecture": config.architecture,
        "labels": config.labels,
        BY_LANGUAGE: {},
        **threshold_keys(thresholds),
        "unreliable_labels": config.unreliable_labels,
        "sentiment": SENTIMENT,
    }
