"""Model directories: read and checked before anything is built from them, written whole or not at all.

Nothing in a directory is executed. ``docs/architecture.md`` describes the format.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from goemotions.calibration import Calibration
from goemotions.catalog import bundled, find_model, shipped
from goemotions.errors import ModelError, plain
from goemotions.fields import flag, required, section, shown, text, whole_number
from goemotions.files import check_replaceable, json_bytes, new_directory, read_json_object
from goemotions.languages import REST
from goemotions.predictions import Thresholds
from goemotions.specs import ARCHITECTURES, OPTIONAL_FILES, is_model
from goemotions.stored_thresholds import read_thresholds
from goemotions.thresholds import check_threshold

FINGERPRINT = re.compile("[0-9a-f]{64}")
FORMAT_VERSION = 1
"""Raised by one for a change that an older release would read wrongly; ``docs/architecture.md`` has the procedure."""


@dataclass(frozen=True)
class ModelConfig:
    """``config.json``, checked.

    Attributes:
        max_length: tokens that a ``transformer`` reads; None where another part decides.
        embed_dim: of an ``embedding-*``, the width of an embedding; None for others.
        hidden_size: of an ``embedding-llm``, the width of its decoder's states; None for others.
        single: each text has exactly one label; the model's own decision is the most probable one.
        members: of a model of several, the name of each by the language that it answers; :data:`REST` for the others.
        raw: the file whole, for those who show or copy it, and for the architecture's own keys.
    """

    architecture: str
    labels: tuple[str, ...]
    threshold: float
    thresholds: Thresholds
    max_length: int | None
    embed_dim: int | None
    hidden_size: int | None
    name: str
    unreliable_labels: dict[str, int]
    calibration: Calibration | None
    single: bool
    members: Mapping[str, str]
    raw: Mapping[str, Any] = field(repr=False)


KNOWN_KEYS = {
    "format_version",
    "architecture",
    "model_name",
    "num_labels",
    "emotion_labels",
    "threshold",
    "thresholds",
    "thresholds_beside",
    "thresholds_by_language",
    "languages",
    "models",
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
    "tuned_on_by_language",
    "tested_on",
    "about",
    "teacher",
    "single_label",
    "pooled",
    "fitted",
}


SECTIONS = (
    "about",
    "backbone",
    "base",
    "encoder",
    "fitted",
    "metrics",
    "models",
    "tested_on",
    "trained_on",
    "training",
    "tuned_on",
)
"""Keys whose value is an object, or null."""

MOST_LABELS = 10_000


def read_config(directory: Path) -> ModelConfig:
    """Read and check the ``config.json`` of a model directory, and that the files it needs are there and in it.

    Raises:
        ModelError: what is missing or wrong, with the file and the key.
    """
    path = directory / "config.json"
    if not path.is_file():
        wanted = "; ".join(f"{name}: {', '.join(spec.files)}" for name, spec in ARCHITECTURES.items())
        raise ModelError(f"{directory} is not a model directory: it lacks config.json (a model has: {wanted})")
    check_contained(directory, "config.json")
    raw = read_json_object(path)
    version = raw.get("format_version", FORMAT_VERSION)
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelError(
            f"{directory} has format version {version}, this release reads up to {FORMAT_VERSION}: "
            "pip install --upgrade goemotions"
        )
    published = "hidden_size" in raw and "embed_dim" in raw  # its layout does not name the architecture
    architecture = raw.get("architecture", "embedding-llm" if published else None)
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise ModelError(f"{path}: architecture {shown(architecture)} is not one of {', '.join(ARCHITECTURES)}")
    spec = ARCHITECTURES[architecture]
    missing = [name for name in spec.files if not (directory / name).is_file()]
    if missing:
        raise ModelError(f"{directory} is not a complete {architecture} model: it lacks {', '.join(missing)}")
    for name in (*spec.files, *OPTIONAL_FILES):
        check_contained(directory, name)
    unknown = sorted(set(raw) - KNOWN_KEYS)
    if unknown:
        warnings.warn(f"{path}: keys not known to this release: {', '.join(unknown)}", stacklevel=2)
    try:
        config = _audit(raw, architecture)
        return combined(config) if spec.of_models else config
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: {error}") from error


def combined(config: ModelConfig) -> ModelConfig:
    """Return the configuration of a model of several, with what its members bring.

    Raises:
        ModelError: a member that is not installed.
        ValueError: members that are no shipped models, or have other labels.
    """
    members = {language: read_config(member_directory(name)) for language, name in config.members.items()}
    if REST not in members or any(member.labels != config.labels or member.members for member in members.values()):
        raise ValueError(f"models must name shipped models with these labels, by language and for the {REST}")
    rest = members.pop(REST)
    own = {language: member.thresholds.of(language) for language, member in members.items()}
    thresholds = Thresholds(rest.thresholds, rest.thresholds.beside, rest.thresholds.by_language | own)
    unreliable = {
        label: count for member in (rest, *members.values()) for label, count in member.unreliable_labels.items()
    }
    kept = config.thresholds if "thresholds" in config.raw else thresholds  # those it was saved with
    return replace(config, thresholds=kept, unreliable_labels=unreliable)


def member_directory(name: str) -> Path:
    """Return the directory of a member of a model of several: shipped, so that no model makes us fetch another.

    Raises:
        ModelError: it is not installed.
        ValueError: it is no model that is shipped.
    """
    if name not in shipped().models and name not in bundled().packages:
        raise ValueError(f"models: {name!r} is not shipped")
    return find_model(name)


def check_contained(directory: Path, name: str) -> None:
    """Refuse a file of a model directory that is a link out of it.

    The hub's cache keeps a file's content in ``blobs``, beside the ``snapshots`` whose directories link to it.

    Raises:
        ModelError: the link, and where it leads.
    """
    folder, target = directory.resolve(), (directory / name).resolve()
    allowed = [folder] + ([folder.parent.parent / "blobs"] if folder.parent.name == "snapshots" else [])
    if not any(target.is_relative_to(place) for place in allowed):
        raise ModelError(
            f"{directory / name} is a link out of the model directory, to {target}: put the file itself in its place"
        )


def _audit(raw: dict[str, Any], architecture: str) -> ModelConfig:
    whole_number({"format_version": FORMAT_VERSION, **raw}, "format_version")
    labels = _labels(raw)
    threshold = check_threshold(required(raw, "threshold"))
    unreliable = section(raw, "unreliable_labels")
    unknown = sorted(set(unreliable) - set(labels))
    if unknown:
        raise ValueError(f"unreliable_labels for labels the model does not have: {', '.join(unknown)}")
    for key in SECTIONS:
        section(raw, key)
    for key in ("id", "revision", "quantisation"):
        text(section(raw, "backbone"), key, "")
    spec = ARCHITECTURES[architecture]
    _check_encoder(raw.get("encoder"), spec.must_name_encoder)
    sizes = {key: whole_number(raw, key, least, most) for key, (least, most) in spec.sizes.items()}
    return ModelConfig(
        architecture=architecture,
        labels=labels,
        threshold=threshold,
        thresholds=read_thresholds(raw, labels, threshold),
        max_length=sizes.get("max_length"),
        embed_dim=sizes.get("embed_dim"),
        hidden_size=sizes.get("hidden_size"),
        name=text(raw, "model_name", "unnamed"),
        unreliable_labels={label: whole_number(unreliable, label, 0) for label in unreliable},
        calibration=Calibration.from_dict(raw["calibration"], labels) if raw.get("calibration") is not None else None,
        single=flag(raw, "single_label"),
        members={language: text(section(raw, "models"), language, "") for language in section(raw, "models")},
        raw=raw,
    )


def _check_encoder(encoder: Mapping[str, Any] | None, must: bool) -> None:
    """Ours name an encoder by id and fingerprint; published directories name none, the first of ours only its id."""
    if encoder is None and not must:
        return
    named = encoder or {}
    text(named, "revision", "")
    fingerprint = text(named, "fingerprint", "")
    optional = not must and "fingerprint" not in named
    if not text(named, "id", "") or not (optional or FINGERPRINT.fullmatch(fingerprint)):
        raise ValueError(
            f"encoder must have an id and a fingerprint, a SHA-256 in hex, got {shown(named.get('id'))} and "
            f"{shown(named.get('fingerprint'))}"
        )


def _labels(raw: Mapping[str, Any]) -> tuple[str, ...]:
    labels = required(raw, "emotion_labels")
    if (
        not isinstance(labels, list)
        or not 1 <= len(labels) <= MOST_LABELS
        or not all(isinstance(label, str) and label and label == plain(label) for label in labels)
        or len(set(labels)) != len(labels)
    ):
        raise ValueError(f"emotion_labels must be a list of different names, each of one line, got {shown(labels)}")
    if "num_labels" in raw and whole_number(raw, "num_labels") != len(labels):
        raise ValueError(f"num_labels is {raw['num_labels']!r}, but emotion_labels has {len(labels)}")
    return tuple(labels)


config_bytes = json_bytes


def fingerprint(directory: Path, config: ModelConfig) -> str:
    """Return a SHA-256 of what a model's states and logits depend on: its files, and of its settings labels and length.

    Thresholds, calibration and figures are not among it: they change nothing here.
    """
    digest = hashlib.sha256(json.dumps([config.labels, config.max_length, config.raw.get("encoder")]).encode())
    for name in sorted(ARCHITECTURES[config.architecture].files):
        if name != "config.json":
            digest.update((directory / name).read_bytes())
    return digest.hexdigest()


def copy_directory(source: Path, target: Path, changes: Mapping[str, bytes]) -> None:
    """Write a model directory with the files of another, except for the changed or new ones; both may be the same."""
    names = {*ARCHITECTURES[read_config(source).architecture].files, *OPTIONAL_FILES}
    if source == target:
        names.add("__init__.py")  # the folder of a package stays one
    kept = {name: (source / name).read_bytes() for name in sorted(names) if (source / name).is_file()}
    write_directory(target, kept | dict(changes))


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write a model directory atomically; one that was there is replaced, any other folder is not.

    Args:
        files: content by name; a name may have a folder in it.

    Raises:
        DataError: a folder with other files.
    """
    check_replaceable(directory, is_model)
    with new_directory(directory) as temporary:
        for name, content in files.items():
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_bytes(content)
