"""What a model remembers of the data it was made and measured with, and what therefore is no honest figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError
from goemotions.evaluation.datasets import LabelledTexts

MOSTLY = 0.5
"""A data set of which the model has seen so large a share is taken to be its training data."""


def used_for(config: Mapping[str, Any], sha256: str) -> set[str]:
    """What the file with this SHA-256 was to the model: ``train``, ``dev``, ``test``, ``tuned`` or ``tested``."""
    trained = config.get("trained_on", {}).get("splits", {})
    found = {name for name, digest in trained.items() if digest == sha256}
    found |= {what for what in ("tuned", "tested") if config.get(f"{what}_on", {}).get("sha256") == sha256}
    return found


def marks(config: Mapping[str, Any], data: LabelledTexts, seen: npt.NDArray[np.bool_] | None) -> list[str]:
    """Why figures on this data are not those of new text; empty if nothing is known against them."""
    found = []
    uses = used_for(config, data.sha256)
    if "train" in uses or (seen is not None and seen.mean() > MOSTLY):
        found.append("the model was trained on this data")
    if "tuned" in uses:
        found.append("the model's thresholds were tuned on this very data")
    elif "dev" in uses:
        found.append("the model's thresholds and other choices were made on this very data")
    forced = config.get("tuned_on", {}).get("forced")
    if forced and "tuned" not in uses:
        found.append(f"the model's thresholds were tuned by force on {config['tuned_on']['name']}: {forced}")
    return found


def check_tuning_data(
    config: Mapping[str, Any], data: LabelledTexts, seen: npt.NDArray[np.bool_] | None, force: bool
) -> str:
    """What forbids tuning on this data, for the record of a forced run; empty if nothing does.

    Raises:
        DataError: the model was tested or trained on it, and ``force`` is not set.
    """
    uses = used_for(config, data.sha256)
    reason = ""
    if uses & {"test", "tested"}:
        reason = "it is the split the model was tested on"
    elif "train" in uses or (seen is not None and seen.mean() > MOSTLY):
        reason = "the model was trained on it"
    if reason and not force:
        raise DataError(
            f"thresholds are not tuned on {data.name}: {reason}, so that no honest figure would be left; "
            "use a validation split, or --force, which marks the model and its figures"
        )
    return reason
