"""The data that a model was made and measured with, and which figures are therefore not those of new text.

A model's ``config.json`` names the files of its splits by SHA-256. Beside it, ``training_hashes.bin`` has for each
different normalised training text the first 8 bytes of its SHA-256, as unsigned 64-bit little-endian numbers, rising,
so that evaluation finds single rows that the model has seen. Two different texts share a hash by chance about once in
10^19 pairs; the texts themselves cannot be read from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import normalise
from goemotions.errors import DataError, ModelError
from goemotions.records import OMIT_DEFAULT, from_json

if TYPE_CHECKING:
    from goemotions.evaluation.datasets import LabelledTexts

Hashes = npt.NDArray[np.uint64]
HASHES_FILE = "training_hashes.bin"
TYPE = np.dtype("<u8")
PROVENANCE = ("trained_on", "tuned_on", "tuned_on_by_language", "tested_on")

MOSTLY = 0.5
"""A data set of which the model has seen so large a share is taken to be its training data."""


@dataclass(frozen=True)
class DataFile:
    """A file that a model was tested on; ``sha256`` is of its bytes."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class TunedOn(DataFile):
    """A file that a model's thresholds were tuned on; ``forced`` says why it should not have been."""

    objective: str
    forced: str = field(default="", metadata=OMIT_DEFAULT)


@dataclass(frozen=True)
class TrainedOn:
    """The data set of a training; ``splits`` has the SHA-256 of each split's file."""

    dataset: str
    rows: int
    splits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Provenance:
    """The data that a model was made and measured with, as its config says; what languages were tuned on apart, too."""

    trained_on: TrainedOn | None = None
    tuned_on: TunedOn | None = None
    tuned_on_by_language: Mapping[str, TunedOn] = field(default_factory=dict)
    tested_on: DataFile | None = None

    def used_for(self, sha256: str) -> set[str]:
        """Return what a file was to the model: ``train``, ``dev``, ``test``, ``tuned`` or ``tested``."""
        splits = self.trained_on.splits if self.trained_on else {}
        found = {name for name, digest in splits.items() if digest == sha256}
        uses = [("tuned", file) for file in (self.tuned_on, *self.tuned_on_by_language.values())]
        return found | {use for use, file in [*uses, ("tested", self.tested_on)] if file and file.sha256 == sha256}


def read_provenance(config: Mapping[str, Any]) -> Provenance:
    """Return the provenance that a model's config states.

    Raises:
        ModelError: a key holds something else; the message names it.
    """
    try:
        return from_json(Provenance, {name: config[name] for name in PROVENANCE if config.get(name)})
    except ValueError as error:
        raise ModelError(f"config.json, {error}") from error


def hash_texts(texts: Iterable[str]) -> Hashes:
    """Return hashes of texts, uint64 [n]; case and white space do not matter."""
    digests = (hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).digest()[:8] for text in texts)
    return np.frombuffer(b"".join(digests), TYPE).astype(np.uint64)


def hashes_to_bytes(hashes: Hashes) -> bytes:
    """Return the content of ``training_hashes.bin``."""
    return np.unique(hashes).astype(TYPE).tobytes()


def read_hashes(directory: Path) -> Hashes | None:
    """Return the training hashes of a model, or None if it has none.

    Raises:
        ModelError: the file is damaged.
    """
    path = directory / HASHES_FILE
    if not path.is_file():
        return None
    content = path.read_bytes()
    hashes = np.frombuffer(content[: len(content) // 8 * 8], TYPE).astype(np.uint64)
    if len(content) % 8 or (hashes[1:] <= hashes[:-1]).any():
        raise ModelError(f"{path} is damaged: expected rising 8-byte numbers")
    return hashes


def find_seen(texts: Iterable[str], hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Return the texts whose hash is among ``hashes``, bool [n]."""
    return np.isin(hash_texts(texts), hashes)


def marks(provenance: Provenance, data: LabelledTexts, seen: npt.NDArray[np.bool_] | None) -> list[str]:
    """Return why figures on this data are not those of new text; empty if nothing is known against them."""
    found = []
    uses = provenance.used_for(data.sha256)
    if "train" in uses or (seen is not None and seen.mean() > MOSTLY):
        found.append("the model was trained on this data")
    if "tuned" in uses:
        found.append("the model's thresholds were tuned on this very data")
    elif "dev" in uses:
        found.append("the model's thresholds and other choices were made on this very data")
    every = (provenance.tuned_on, *provenance.tuned_on_by_language.values())
    if "tuned" not in uses:
        by_force = (tuned for tuned in every if tuned and tuned.forced)
        found += [f"the model's thresholds were tuned by force on {one.name}: {one.forced}" for one in by_force]
    return found


def check_tuning_data(
    provenance: Provenance, data: LabelledTexts, seen: npt.NDArray[np.bool_] | None, force: bool
) -> str:
    """Return what forbids tuning on this data, for the record of a forced run; empty if nothing does.

    Raises:
        DataError: the model was tested or trained on it, and ``force`` is not set.
    """
    uses = provenance.used_for(data.sha256)
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
