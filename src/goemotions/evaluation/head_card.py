"""The prose of the model card of an ``embedding-head``, made from its own config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goemotions.data.origin import model_origin
from goemotions.encoders.facts import encoder_id, facts_of, language_limits

SETTINGS = ("loss", "epochs", "batch_size", "learning_rate", "schedule", "dropout", "select_by", "seed")


def languages(config: Mapping[str, Any]) -> list[str]:
    """Return what a model reads: its encoder's languages or, where those are not known, its training data's."""
    known = facts_of(encoder_id(config)).languages if config.get("embed_dim") else ()
    return list(known or model_origin(config).languages)


def head_about(config: Mapping[str, Any], parameters: int) -> dict[str, Any]:
    """Return the key ``about`` of a config that has everything else.

    Args:
        parameters: of the network behind the encoder.
    """
    name, recipe, data = encoder_id(config), config["training"]["recipe"], model_origin(config)
    encoder = facts_of(name)
    layers = "-".join(map(str, [config["embed_dim"], *recipe["hidden"], config["num_labels"]]))
    teacher, revision = config.get("teacher"), config["encoder"].get("revision", "")
    licences = [f"{encoder.title}: {encoder.license}."] if encoder.license else []
    licences += [f"The training data is {data.license}."] if data.license else []
    return {
        "summary": (
            f"Multi-label text classification: {config['num_labels']} labels, each with a probability of its own. A "
            f"network {layers} on vectors of the frozen encoder {name}, trained on {data.name}. "
            f"It needs {encoder.needs}"
            + (f' (`pip install "goemotions[{encoder.extra}]"`).' if encoder.extra else ".")
            + (f" Distilled from {teacher}." if teacher else "")
        ),
        "tags": ["onnx"],
        "language": languages(config),
        "parameters": f"{parameters / 1e6:.1f} M, on a frozen encoder",
        "thresholds": "The thresholds were tuned on the dev split, and every choice was made there.",
        "limits": [
            data.out_of_domain,
            *language_limits(name, data.languages),
            'Longer texts are cut by the encoder, or read in windows with `long_text="windows"`.',
        ],
        "training": {key.replace("_", " "): recipe[key] for key in SETTINGS if key in recipe}
        | {"epoch selected": config["training"]["selected_epoch"]},
        "notes": [" ".join([f"Vectors of {name} {revision}".rstrip() + ".", *licences])],
        "citation": [text for text in (data.citation, encoder.citation) if text],
    }
