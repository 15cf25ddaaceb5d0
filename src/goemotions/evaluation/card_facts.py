"""Facts that model cards are made from: a model's ``config.json``, read into types once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goemotions.data.origin import Origin, languages_of_config, model_origin
from goemotions.encoders.facts import encoder_id
from goemotions.errors import ModelError
from goemotions.evaluation.model_metrics import ModelMetrics, read_metrics
from goemotions.evaluation.provenance import Provenance, read_provenance
from goemotions.records import OMIT_DEFAULT, from_json

TUNED_ON_DEV = "The thresholds were tuned on the dev split, and every choice was made there."
CUT_BY_ENCODER = 'Longer texts are cut by the encoder, or read in windows with `long_text="windows"`.'


@dataclass(frozen=True, kw_only=True)
class About:
    """Prose of a card, under the key ``about``: what no figure says. Each field may be left out.

    Attributes:
        use: how the model is loaded, in place of the usual way.
        tags, language, license, library, base_model: for the hub's metadata.
        parameters: their number, for people.
        thresholds: a sentence on where they are from, if ``tuned_on`` does not say.
        training: settings by name.
    """

    summary: str = field(default="", metadata=OMIT_DEFAULT)
    use: str = field(default="", metadata=OMIT_DEFAULT)
    tags: Sequence[str] = field(default=(), metadata=OMIT_DEFAULT)
    language: Sequence[str] = field(default=(), metadata=OMIT_DEFAULT)
    license: str | None = field(default=None, metadata=OMIT_DEFAULT)
    library: str | None = field(default=None, metadata=OMIT_DEFAULT)
    base_model: str | None = field(default=None, metadata=OMIT_DEFAULT)
    parameters: str = field(default="", metadata=OMIT_DEFAULT)
    thresholds: str = field(default="", metadata=OMIT_DEFAULT)
    limits: Sequence[str] = field(default=(), metadata=OMIT_DEFAULT)
    training: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = field(default=(), metadata=OMIT_DEFAULT)
    citation: Sequence[str] = field(default=(), metadata=OMIT_DEFAULT)


@dataclass(frozen=True)
class Run:
    """The training that made a model, under the key ``training``.

    Attributes:
        recipe: its settings by name.
        precision: of its products; empty for a kind that has one only.
    """

    recipe: Mapping[str, Any]
    selected_epoch: int
    precision: str

    def settings(self, names: Sequence[str]) -> dict[str, str]:
        """Return those of the named settings that the recipe has, for a card."""
        return {name.replace("_", " "): str(self.recipe[name]) for name in names if name in self.recipe}


@dataclass(frozen=True)
class CardFacts:
    """A model's config, as far as cards tell of it.

    Attributes:
        about: None for a model whose card was written by hand.
        base_model: a hub id, of a fine-tuned model.
        encoder: the id of its sentence encoder; empty for a model without one.
        backbone: the base of an ``embedding-llm``.
        widths: ``embed_dim`` and ``hidden_size``; 0 for what a model does not have.
        max_length: tokens read of a text; 0 for a model that does not say.
        teacher: of a distilled model.
        reads: the languages that it reads.
    """

    name: str
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    unreliable: Mapping[str, int]
    origin: Origin
    provenance: Provenance
    metrics: ModelMetrics | None
    about: About | None
    run: Run | None
    base_model: str | None
    encoder: str
    encoder_revision: str
    backbone: str
    four_bit: bool
    widths: tuple[int, int]
    max_length: int
    teacher: str | None
    reads: tuple[str, ...]

    @property
    def made_by(self) -> Run:
        """Return the training that made the model.

        Raises:
            ModelError: the config does not say.
        """
        if self.run is None:
            raise ModelError("config.json says nothing of the training: a card cannot be made from it")
        return self.run


def card_facts(config: Mapping[str, Any]) -> CardFacts:
    """Read a config that was checked when its directory was opened.

    Raises:
        ModelError: ``about``, ``metrics`` or provenance hold something else than they should; the key is named.
    """
    encoder, backbone, run = (config.get(key) or {} for key in ("encoder", "backbone", "training"))
    return CardFacts(
        name=config["model_name"],
        labels=tuple(config["emotion_labels"]),
        thresholds=config.get("thresholds") or {},
        unreliable=config.get("unreliable_labels") or {},
        origin=model_origin(config),
        provenance=read_provenance(config),
        metrics=read_metrics(config),
        about=_read_about(config["about"]) if "about" in config else None,
        run=Run(run["recipe"], run["selected_epoch"], run.get("precision", "")) if "recipe" in run else None,
        base_model=(config.get("base") or {}).get("model"),
        encoder=encoder_id(config) if config.get("embed_dim") else "",
        encoder_revision=encoder.get("revision") or "",
        backbone=str(backbone.get("id") or ""),
        four_bit=backbone.get("quantisation") == "nf4",
        widths=(config.get("embed_dim") or 0, config.get("hidden_size") or 0),
        max_length=config.get("max_length") or 0,
        teacher=config.get("teacher"),
        reads=languages_of_config(config),
    )


def _read_about(raw: Any) -> About:
    """Read the key ``about``; a language alone, and settings that are numbers, are as good as lists and texts."""
    if isinstance(raw, Mapping):
        raw = dict(raw)
        if isinstance(raw.get("language"), str):
            raw["language"] = [raw["language"]]
        if isinstance(raw.get("training"), Mapping):
            raw["training"] = {name: str(value) for name, value in raw["training"].items()}
    try:
        return from_json(About, raw, "about")
    except ValueError as error:
        raise ModelError(f"config.json, {error}") from error
