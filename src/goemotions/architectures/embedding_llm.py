"""The ``embedding-llm`` architecture, the published system: encoder, projection, decoder with LoRA, classifier."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.architectures.base import LoadOptions
from goemotions.architectures.embedding import EmbeddingModel, load_encoder, with_own_encoder
from goemotions.checkpoint import ModelConfig
from goemotions.errors import MissingExtraError, ModelError
from goemotions.weights.bases import Backbone, find_backbone

try:
    import torch

    from goemotions.architectures.head import Head, read_head
    from goemotions.decoder.lora import Adapter, read_adapter, read_adapter_config
    from goemotions.decoder.model import SingleTokenDecoder
    from goemotions.decoder.tensors import TensorSource, open_source
except ImportError as error:
    raise MissingExtraError("an embedding-llm model", "llm") from error

PUBLISHED_ENCODER: Mapping[str, Any] = {"id": "use-v4"}
"""What a directory in the published layout, which does not say, was trained on."""


class EmbeddingLlm(EmbeddingModel):
    """An encoder, a head and a single-token decoder. Safe to use from several threads.

    Attributes:
        base: which base was loaded, in which precision; for people.
    """

    def __init__(
        self,
        head: Head,
        decoder: SingleTokenDecoder,
        base: str,
        options: LoadOptions,
        wanted_encoder: Mapping[str, Any],
    ) -> None:
        super().__init__(head.embed_dim, options, wanted_encoder)
        self._head = head.to(decoder.plan.device)
        self._decoder = decoder
        self.base = base
        self.device = str(decoder.plan.device)

    @torch.inference_mode()
    def logits(self, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32 [n, embed_dim] → float32 [n, labels]."""
        logits = np.empty((len(embeddings), self._head.classifier.out_features), dtype=np.float32)
        for start in range(0, len(embeddings), self._decoder.plan.pass_rows):
            rows = slice(start, start + self._decoder.plan.pass_rows)
            inputs = torch.from_numpy(np.ascontiguousarray(embeddings[rows])).to(self._decoder.plan.device)
            logits[rows] = self._head.classifier(self._decoder(self._head.projection(inputs))).cpu().numpy()
        return logits


@dataclass(frozen=True)
class Parts:
    """Parts of a model: the adapter and head read and checked, the base opened."""

    head: Head
    adapter: Adapter
    backbone: Backbone
    source: TensorSource


def open_parts(directory: Path, config: ModelConfig, backbone: str | Path | None) -> Parts:
    """Read a checked directory's parts, and find the base they were trained on.

    Raises:
        ModelError: a part that is missing, damaged, or does not fit the others.
    """
    embed_dim, hidden = config.embed_dim, config.hidden_size
    if embed_dim is None or hidden is None:
        raise ModelError(f"{directory} has no embed_dim and hidden_size in its config.json")
    head = read_head(directory / "head_weights.pt", embed_dim, hidden, len(config.labels))
    folder = directory / "lora_adapter"
    base = find_backbone(backbone, config.raw, read_adapter_config(folder).base)
    source = open_source(base.path)
    if source.config.hidden_size != hidden:
        raise ModelError(
            f"the base {base} has hidden size {source.config.hidden_size}, the model was trained on one of {hidden}"
        )
    return Parts(head, read_adapter(folder, source.config), base, source)


def load(directory: Path, config: ModelConfig, options: LoadOptions) -> EmbeddingLlm:
    """Construct the model of a checked directory.

    Raises:
        ModelError: a part that is missing, damaged, or does not fit the others or the machine.
    """
    parts = open_parts(directory, config, options.backbone)
    encoder = config.raw.get("encoder") or PUBLISHED_ENCODER
    if options.encoder is not None:  # refused before gigabytes are read
        load_encoder(options, encoder, parts.head.embed_dim)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    trained_in_4_bit = (config.raw.get("backbone") or {}).get("quantisation") == "nf4"
    quantise = trained_in_4_bit and parts.source.quantisation != "nf4"
    decoder = SingleTokenDecoder(
        parts.source,
        parts.adapter,
        device=options.device,
        precision=options.precision,
        quantise=quantise,
        max_memory=options.max_memory,
        micro_batch=options.batch_size,
    )
    logging.getLogger(__name__).info("plan: %s", decoder.plan.why)
    options = with_own_encoder(options, directory)
    return EmbeddingLlm(parts.head, decoder, describe(parts, decoder, quantise), options, encoder)


def describe(parts: Parts, decoder: SingleTokenDecoder, quantised: bool) -> str:
    """One line: which base, revision and precision, and the adapter's size."""
    weights = f"{parts.source.quantisation} weights{', quantised to nf4' if quantised else ''}"
    live = parts.adapter.elements["live"]
    where = f"computing in {decoder.plan.precision} on {decoder.plan.device}"
    return f"{parts.backbone}: {weights}, {where}; {live:,} LoRA parameters in use"
