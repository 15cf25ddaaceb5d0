"""The prose of the model card of an ``embedding-head``, made from its own config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READS = {
    "use-multilingual-v3": "ar de en es fr it ja ko nl pl pt ru th tr zh".split(),  # and Chinese in both scripts
}
"""The languages of an encoder, by its id; one that is not here reads English."""

SETTINGS = ("loss", "epochs", "batch_size", "learning_rate", "schedule", "dropout", "select_by", "seed")


def languages(config: Mapping[str, Any]) -> list[str]:
    """What the encoder of a model's config reads, or the ``language`` of its card."""
    encoder = (config.get("encoder") or {}).get("id", "")
    found = READS.get(encoder) or config.get("about", {}).get("language", "en")
    return [found] if isinstance(found, str) else list(found)


def head_about(config: Mapping[str, Any], parameters: int) -> dict[str, Any]:
    """The key ``about`` of a config that has everything else.

    Args:
        parameters: of the network behind the encoder.
    """
    encoder, recipe = config["encoder"], config["training"]["recipe"]
    layers = "-".join(map(str, [config["embed_dim"], *recipe["hidden"], config["num_labels"]]))
    teacher = config.get("teacher")
    return {
        "summary": (
            f"Multi-label emotion classification: {config['num_labels']} labels, each with a probability of its own. A "
            f"network {layers} on vectors of the frozen encoder {encoder['id']}: it needs no GPU and no deep learning "
            'framework (`pip install "goemotions[use]"`).' + (f" Distilled from {teacher}." if teacher else "")
        ),
        "tags": ["onnx"],
        "language": languages(config),
        "parameters": f"{parameters / 1e6:.1f} M, on a frozen encoder",
        "thresholds": "The thresholds were tuned on the dev split, and every choice was made there.",
        "limits": [
            "The encoder may read several languages, the labels were learnt from those of the data alone (GoEmotions: "
            "English): expect less elsewhere, and measure.",
            "Short informal texts, Reddit comments first of all; the biases of raters and platform are in it.",
            'Longer texts are cut by the encoder, or read in windows with `long_text="windows"`.',
        ],
        "training": {key.replace("_", " "): recipe[key] for key in SETTINGS if key in recipe}
        | {"epoch selected": config["training"]["selected_epoch"]},
        "notes": [
            f"Vectors of {encoder['id']}, {encoder.get('revision', '')} (Universal Sentence Encoder, Apache-2.0). "
            "GoEmotions is CC BY 4.0."
        ],
        "citation": [
            "Demszky et al., *GoEmotions: A Dataset of Fine-Grained Emotions*, ACL 2020, 4040-4054.",
            "Cer et al., *Universal Sentence Encoder*, 2018.",
        ],
    }
