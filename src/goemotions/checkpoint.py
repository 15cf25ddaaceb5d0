"""Model directories: read and checked before anything is built from them, written whole or not at all.

Nothing in a directory is executed. ``docs/architecture.md`` describes the format.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goemotions.atomic import new_directory
from goemotions.calibration import Calibration
from goemotions.errors import ModelError
from goemotions.thresholds import check_threshold

FORMAT_VERSION = 1
"""Raised by one for a change that an older release would read wrongly; ``docs/architecture.md`` has the procedure."""

FILES = {
    "transformer": ("config.json", "model.onnx", "tokenizer.json"),
    "embedding-head": ("config.json", "head.onnx"),
    "embedding-llm": (
        "config.json",
        "head_weights.pt",
        "lora_adapter/adapter_config.json",
        "lora_adapter/adapter_model.safetensors",
    ),
}
"""The files each architecture cannot do without."""

OPTIONAL_FILES = ("README.md", "focal_config.json", "infer.py", "training_hashes.bin")
"""Files that go with a model. ``infer.py`` is kept and never run; the hashes are of its training texts, as
:mod:`goemotions.evaluation.provenance` describes."""


@dataclass(frozen=True)
class ModelConfig:
    """``config.json``, checked.

    Attributes:
        max_length: tokens that a ``transformer`` reads; None where another part decides.
        embed_dim: of an ``embedding-*``, the width of an embedding; None for others.
        hidden_size: of an ``embedding-llm``, the width of its decoder's states; None for others.
        raw: the file whole, for those who show or copy it, and for the architecture's own keys.
    """

    architecture: str
    labels: tuple[str, ...]
    threshold: float
    thresholds: dict[str, float]
    max_length: int | None
    embed_dim: int | None
    hidden_size: int | None
    name: str
    unreliable_labels: dict[str, int]
    calibration: Calibration | None
    raw: Mapping[str, Any] = field(repr=False)


KNOWN_KEYS = {
    "format_version",
    "architecture",
    "model_name",
    "num_labels",
    "emotion_labels",
    "threshold",
    "thresholds",
    "max_length",
    "hidden_size",
    "embed_dim",
    "encoder",
    "backbone",
    "unreliable_labels",
    "metrics",
    "trained_on",
    "base",
    "training",
    "calibration",
    "tuned_on",
    "tested_on",
    "about",
    "teacher",
}


def read_config(directory: Path) -> ModelConfig:
    """Read and check the ``config.json`` of a model directory, and that the files it needs are there.

    Raises:
        ModelError: what is missing or wrong, with the file and the key.
    """
    raw = _parse(directory)
    version = raw.get("format_version", FORMAT_VERSION)
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ModelError(
            f"{directory} has format version {version}, this release reads up to {FORMAT_VERSION}: "
            "pip install --upgrade goemotions"
        )
    published = "hidden_size" in raw and "embed_dim" in raw  # its layout does not name the architecture
    architecture = raw.get("architecture", "embedding-llm" if published else None)
    if architecture not in FILES:
        raise ModelError(f"{directory / 'config.json'}: architecture {architecture!r} is not one of {', '.join(FILES)}")
    missing = [name for name in FILES[architecture] if not (directory / name).is_file()]
    if missing:
        raise ModelError(f"{directory} is not a complete {architecture} model: it lacks {', '.join(missing)}")
    unknown = sorted(set(raw) - KNOWN_KEYS)
    if unknown:
        warnings.warn(
            f"{directory / 'config.json'}: keys not known to this release: {', '.join(unknown)}", stacklevel=2
        )
    try:
        return _audit(raw, architecture)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it lacks the key {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{directory / 'config.json'}: {reason}") from error


def _parse(directory: Path) -> dict[str, Any]:
    path = directory / "config.json"
    if not path.is_file():
        wanted = "; ".join(f"{name}: {', '.join(files)}" for name, files in FILES.items())
        raise ModelError(f"{directory} is not a model directory: it lacks config.json (a model has: {wanted})")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ModelError(f"{path}: expected a JSON object, got {type(raw).__name__}")
    return raw


def _audit(raw: dict[str, Any], architecture: str) -> ModelConfig:
    labels = tuple(raw["emotion_labels"])
    if not labels or not all(isinstance(label, str) for label in labels) or len(set(labels)) != len(labels):
        raise ValueError("emotion_labels must be a list of different names")
    threshold = check_threshold(raw["threshold"])
    own = raw.get("thresholds", {})
    unknown = sorted(set(own) - set(labels))
    if unknown:
        raise ValueError(f"thresholds for labels the model does not have: {', '.join(unknown)}")
    if "num_labels" in raw and raw["num_labels"] != len(labels):
        raise ValueError(f"num_labels is {raw['num_labels']!r}, but emotion_labels has {len(labels)}")
    return ModelConfig(
        architecture=architecture,
        labels=labels,
        threshold=threshold,
        thresholds={label: check_threshold(own.get(label, threshold), f"threshold of {label}") for label in labels},
        max_length=whole_number(raw, "max_length", 4) if architecture == "transformer" else None,
        embed_dim=whole_number(raw, "embed_dim") if architecture.startswith("embedding-") else None,
        hidden_size=whole_number(raw, "hidden_size") if architecture == "embedding-llm" else None,
        name=str(raw.get("model_name", "unnamed")),
        unreliable_labels=dict(raw.get("unreliable_labels", {})),
        calibration=Calibration.from_dict(raw["calibration"], labels) if raw.get("calibration") else None,
        raw=raw,
    )


def whole_number(raw: Mapping[str, Any], key: str, least: int = 1) -> int:
    value = raw[key]
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{key} must be a whole number of at least {least}, got {value!r}")
    return value


def config_bytes(config: Mapping[str, Any]) -> bytes:
    """The content of a ``config.json``."""
    return (json.dumps(dict(config), indent=1, ensure_ascii=False) + "\n").encode()


def copy_directory(source: Path, target: Path, changes: Mapping[str, bytes]) -> None:
    """Write a model directory with the files of another, except for the changed or new ones; both may be the same."""
    names = {*FILES[read_config(source).architecture], *OPTIONAL_FILES}
    kept = {name: (source / name).read_bytes() for name in sorted(names) if (source / name).is_file()}
    write_directory(target, kept | dict(changes))


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write a model directory atomically; one that was there is replaced.

    Args:
        files: content by name; a name may have a folder in it.
    """
    with new_directory(directory) as temporary:
        for name, content in files.items():
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_bytes(content)
