"""Where a corpus comes from, as far as it says: what cards of the models trained on it tell of it.

The official GoEmotions splits are known by their hashes. Any other corpus may have a ``corpus.json`` beside its splits:
``{"name": "…", "languages": ["en"], "license": "…", "citation": "…", "limits": "…"}``, each key optional; without it,
only the name of its folder is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from goemotions.checkpoint import ModelConfig, member_directory, read_config
from goemotions.data.download import FILES
from goemotions.encoders.facts import encoder_id, facts_of
from goemotions.errors import DataError, ModelError, nearest
from goemotions.fields import section, text, texts

FILE = "corpus.json"
PREPARED = "prepared.json"
MAX_TEXT = 2000  # characters
WARNING = "It rates the words of a text, not the person who wrote it: do not judge people by it."
"""A warning that stands with every model, whatever it was trained on."""


@dataclass(frozen=True)
class Origin:
    """Facts of a corpus.

    Attributes:
        languages: BCP 47 tags; empty where that is not known.
        limits: what its texts are not, as a sentence or two.
        goemotions: True for the texts and labels of GoEmotions.
    """

    name: str
    languages: tuple[str, ...] = ()
    license: str | None = None
    citation: str | None = None
    limits: str | None = None
    goemotions: bool = False

    @property
    def out_of_domain(self) -> str:
        """Sentence on what a model trained on it is not for."""
        return self.limits or (
            f"It knows texts like those of {self.name}: texts of another kind, time or language are out of its domain, "
            "and the biases of those who wrote and labelled them are in it."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what ``config.json`` keeps under ``trained_on``, beside rows and hashes."""
        facts = {"dataset": self.name, "languages": list(self.languages), "license": self.license}
        facts |= {"citation": self.citation, "limits": self.limits}
        return {key: value for key, value in facts.items() if value}


GOEMOTIONS = Origin(
    name="GoEmotions, official simplified train split",
    languages=("en",),
    license="CC BY 4.0",
    citation="Demszky et al., *GoEmotions: A Dataset of Fine-Grained Emotions*, ACL 2020, 4040-4054.",
    limits=(
        "English. Reddit comments of 2005 to 2019: other kinds of text, times and dialects are out of its domain, and "
        "the biases of the raters and of the platform are in it."
    ),
    goemotions=True,
)


def is_official(hashes: Mapping[str, str]) -> bool:
    """Return True if these are the SHA-256 of the official train, dev and test files, by split."""
    return dict(hashes) == {file.name.removesuffix(".tsv"): file.sha256 for file in FILES}


def corpus_origin(folder: Path, hashes: Mapping[str, str]) -> Origin:
    """Return the origin of a corpus in a folder.

    Args:
        hashes: SHA-256 of its files, by split.

    Raises:
        DataError: a ``corpus.json`` that is not one, with the key.
    """
    if is_official(hashes):
        return GOEMOTIONS
    path = folder / FILE
    if path.is_file():
        return _read(path)
    return _prepared(folder) or Origin(folder.absolute().name)


def model_origin(config: Mapping[str, Any]) -> Origin:
    """Return the origin of the corpus that a model's ``config.json`` says it was trained on.

    Raises:
        ValueError: it says something else there, with the key.
    """
    trained = section(config, "trained_on")
    if is_official(section(trained, "splits")):
        return GOEMOTIONS
    name = text(trained, "dataset", "")
    return Origin(
        name=name or "its training data",
        languages=texts(trained, "languages"),
        license=text(trained, "license", "") or None,
        citation=text(trained, "citation", "") or None,
        limits=text(trained, "limits", "") or None,
        goemotions=name.startswith("GoEmotions, "),
    )


def languages_read(directory: Path, config: ModelConfig) -> tuple[str, ...]:
    """Return the languages that a model reads: those it names, or its encoder's, or its training data's.

    Raises:
        ModelError: its ``config.json`` says something else there, with the key.
    """
    if config.members:
        folders = [member_directory(name) for name in dict.fromkeys(config.members.values())]
        return tuple(sorted({tag for folder in folders for tag in languages_read(folder, read_config(folder))}))
    try:
        return languages_of_config(config.raw)
    except ValueError as error:
        raise ModelError(f"{directory / 'config.json'}: {error}") from error


def languages_of_config(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the languages that a model with one ``config.json`` reads; empty where it does not say.

    Raises:
        ValueError: it says something else there, with the key.
    """
    vocabulary = section(section(section(config, "training"), "recipe"), "vocabulary")
    named = texts(config, "languages") or texts(vocabulary, "languages")
    of_encoder = facts_of(encoder_id(config)).languages if config.get("embed_dim") else ()
    return named or of_encoder or model_origin(config).languages


def _prepared(folder: Path) -> Origin | None:
    """Return the origin of what ``goemotions data prepare`` made of the official files, if it did."""
    try:
        made = json.loads((folder / PREPARED).read_text(encoding="utf-8"))
        official, as_given = is_official(made["source"]), made["split"] == "as given"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not official:
        return None
    return GOEMOTIONS if as_given else replace(GOEMOTIONS, name="GoEmotions, official files, split again")


def _read(path: Path) -> Origin:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected an object, got {type(content).__name__}")
    known = ("name", "languages", "license", "citation", "limits")
    for key, value in content.items():
        if key not in known:
            raise DataError(f"{path}: unknown key {key[:80]!r}{nearest(key[:80], known)}")
        items = value if key == "languages" and isinstance(value, list) else [value]
        if not all(isinstance(item, str) and 0 < len(item) <= MAX_TEXT and item.isprintable() for item in items):
            what = "a list of language tags" if key == "languages" else "a line of text"
            raise DataError(f"{path}: {key}: expected {what}, got {value!r:.80}")
    languages = content.get("languages", [])
    texts = {key: value for key, value in content.items() if key != "languages"}
    texts.setdefault("name", path.absolute().parent.name)
    return Origin(languages=tuple([languages] if isinstance(languages, str) else languages), **texts)
