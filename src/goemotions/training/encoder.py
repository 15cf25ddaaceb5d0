"""The trainable form of ``compact`` and of its teachers: an encoder, mean pooling and a linear head."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel
from transformers.utils import logging

from goemotions.errors import DataError
from goemotions.training.quantisation import ActivationQuantiser, QuantEmbedding, QuantLinear


class MeanPooledEncoder(nn.Module):
    """An encoder (BERT, MPNet), mean over a text's tokens, dropout, linear head.

    Args:
        quantised: give a BERT matrix products that can simulate 8 bit.
        frozen_embeddings: leave the pieces' embeddings as the base has them.
    """

    def __init__(
        self, base: Path, num_labels: int, dropout: float, quantised: bool, frozen_embeddings: bool = False
    ) -> None:
        super().__init__()
        # The report of the unused pooler, and a progress bar for one file, say nothing here.
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self.bert = AutoModel.from_pretrained(base, add_pooling_layer=False)
        if quantised:
            quantise_layers(self.bert)
            if not frozen_embeddings:
                self.bert.embeddings.word_embeddings = QuantEmbedding(self.bert.embeddings.word_embeddings)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.bert.config.hidden_size, num_labels)
        self.second: SecondHead | None = None
        self.coarse: nn.Module = nn.Identity()  # what coarser labels than the head's are learnt by, in training alone

    def start_head(self, targets: npt.NDArray[np.uint8]) -> None:
        """Start the head at the labels' log odds in ``targets`` [n, labels], so that training need not find them."""
        rate = torch.from_numpy(targets.mean(0, dtype=np.float64)).clamp(1e-4, 1 - 1e-4)
        with torch.no_grad():
            self.head.weight.normal_(std=1 / math.sqrt(self.head.in_features) / 10)
            self.head.bias.copy_(torch.logit(rate))

    def freeze(self, layers: int, embeddings: bool) -> None:
        """Keep the weights of the lowest ``layers`` and, if asked, of the pieces' embeddings.

        Raises:
            DataError: more layers than there are.
        """
        there = len(self.bert.encoder.layer)
        if layers > there:
            raise DataError(f"frozen_layers: the base has {there} layers, got {layers}")
        frozen = list(self.bert.encoder.layer[:layers])
        for module in [*frozen, self.bert.embeddings.word_embeddings] if embeddings else frozen:
            module.requires_grad_(False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """*Shape:* int64 [n, tokens], int64 [n, tokens] -> float32 [n, labels]."""
        pooled = self.pooled(input_ids, attention_mask)
        with torch.autocast(pooled.device.type, enabled=False):
            return self.classified(pooled)

    def classified(self, pooled: Tensor) -> Tensor:
        """Return what the heads say. *Shape:* float32 [n, hidden] -> [n, labels]."""
        logits: Tensor = self.head(self.dropout(pooled))
        return logits if self.second is None else self.second(pooled, logits)

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """*Shape:* int64 [n, tokens], int64 [n, tokens] -> float32 [n, hidden]."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        mask = attention_mask.unsqueeze(-1).float()
        mean: Tensor = (states * mask).sum(1) / mask.sum(1)
        return mean


class SecondHead(nn.Module):
    """A small network on a text's state, added to what a linear head says of it; then a line per label.

    Args:
        width: of a state.
        hidden: of the network's hidden layer.
    """

    slope: Tensor
    offset: Tensor

    def __init__(self, width: int, hidden: int, num_labels: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, hidden)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, num_labels)
        self.register_buffer("slope", torch.ones(num_labels))
        self.register_buffer("offset", torch.zeros(num_labels))

    def start(self) -> None:
        """Begin with nothing to add."""
        with torch.no_grad():
            self.output.weight.zero_()
            self.output.bias.zero_()

    def forward(self, states: Tensor, logits: Tensor) -> Tensor:
        """*Shape:* float32 [n, width], [n, labels] -> [n, labels]."""
        added = self.output(self.dropout(functional.gelu(self.hidden(states))))
        both: Tensor = (logits + added) * self.slope + self.offset
        return both


def quantise_layers(bert: Any) -> None:
    """Replace the linear layers of every BERT layer by their quantised forms, in place.

    Query, key and value share one quantiser: they read the same tensor, quantised once.
    """
    for layer in bert.encoder.layer:
        attention = layer.attention.self
        shared = ActivationQuantiser()
        attention.query = QuantLinear(attention.query, shared)
        attention.key = QuantLinear(attention.key, shared)
        attention.value = QuantLinear(attention.value, shared)
        for part in (layer.attention.output, layer.intermediate, layer.output):
            part.dense = QuantLinear(part.dense, ActivationQuantiser())


def pad(ids: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and mask. *Shape:* int64 [n, longest] twice."""
    rows = [torch.tensor(row) for row in ids]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return padded.to(device), mask.to(device)
