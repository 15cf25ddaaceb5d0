"""The catalogue of encoders, as far as it is known without installing or loading them: their code, and facts for cards.

To add one: its module, with ``make_encoder``, and its entry in :data:`FACTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goemotions.catalog import shipped


@dataclass(frozen=True)
class EncoderFacts:
    """An encoder's code, and what a model card says of it.

    Attributes:
        module: its code; the module's ``make_encoder(threads)`` gives the encoder. Empty for the states of a shipped
            model, and for an encoder that is known only by its id.
        title: what it is and where it comes from.
        languages: BCP 47 tags of those that it reads; empty where that is not known.
        extra: the optional part of this package that runs it; None for none.
        needs: what a machine needs to run it.
        license: of its weights; None where that is not known.
        citation: of the paper that describes it.
    """

    module: str
    title: str
    languages: tuple[str, ...] = ()
    extra: str | None = None
    needs: str = "TensorFlow"
    license: str | None = None
    citation: str | None = None


STATES_NEED = "no GPU and no deep learning framework"

FACTS: dict[str, EncoderFacts] = {
    "compact": EncoderFacts(
        module="",
        title="the states of the model compact",
        languages=("en",),
        needs=STATES_NEED,
        license="Apache-2.0",
    ),
    "use-multilingual-v3": EncoderFacts(
        module="goemotions.encoders.use_multilingual",
        title="Universal Sentence Encoder, multilingual v3",
        languages=tuple("ar de en es fr it ja ko nl pl pt ru th tr zh".split()),  # and Chinese in both scripts
        extra="use",
        needs="no GPU and no deep learning framework",
        license="Apache-2.0",
        citation="Yang et al., *Multilingual Universal Sentence Encoder for Semantic Retrieval*, ACL 2020.",
    ),
    "use-v4": EncoderFacts(
        module="goemotions.encoders.use_tfhub",
        title="Universal Sentence Encoder v4",
        languages=("en",),
        extra="tfhub",
        needs="TensorFlow, but no GPU",
        license="Apache-2.0",
        citation="Cer et al., *Universal Sentence Encoder*, 2018.",
    ),
}
"""The encoders of the catalogue, by the id that a model's ``config.json`` gives them."""


def facts_of(id: str) -> EncoderFacts:
    """Return what is known of an encoder; of one that is not in the catalogue only its id."""
    if id not in FACTS and id in shipped().models:
        return EncoderFacts(module="", title=f"the states of the model {id}", needs=STATES_NEED)
    return FACTS.get(id) or EncoderFacts(module="", title=id, extra="tfhub")


def is_known(id: str) -> bool:
    """Return True for an encoder of the catalogue and for a shipped model: a config.json may name it."""
    return id in FACTS or id in shipped().models


def language_limits(id: str, learnt: Sequence[str]) -> list[str]:
    """Return a sentence if an encoder reads languages that the labels were not learnt from.

    Args:
        learnt: the languages of the training data; empty where they are not known.
    """
    others = [language for language in facts_of(id).languages if language not in learnt]
    if not others:
        return []
    of_data = f"those of the training data ({', '.join(learnt)})" if learnt else "those of the training data"
    return [
        f"The encoder {id} reads {', '.join(facts_of(id).languages)}; the labels were learnt from {of_data} alone: "
        "expect less in the others, and measure."
    ]


def encoder_id(config: Mapping[str, Any]) -> str:
    """Return the id of the encoder that a model's ``config.json`` names; of the published layout, use-v4."""
    encoder = config.get("encoder") or {}
    return str(encoder.get("id") or "use-v4")
