"""A RoBERTa-base-shaped classifier in 8-bit ONNX, as commonly deployed: the yardstick of the speed benchmark.

Random weights, since speed does not depend on them; exported by torch, quantised by onnxruntime (dynamic, per channel).
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import RobertaConfig, RobertaForSequenceClassification


def write_roberta(folder: Path, num_labels: int = 28) -> Path:
    """Write the model into ``folder`` and return its path."""
    logging.getLogger().setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    more: dict[str, Any] = {"num_labels": num_labels, "attn_implementation": "eager"}  # of every configuration
    config = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, **more)
    model: torch.nn.Module = RobertaForSequenceClassification(config)
    model.eval()
    example = torch.ones(2, 9, dtype=torch.long)
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        model,
        (example, example),
        str(folder / "float.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "n", 1: "tokens"} for name in names} | {"logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(folder / "float.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8, per_channel=True)
    return folder / "int8.onnx"
