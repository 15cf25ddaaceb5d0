"""`goemotions convert` of 16-bit weights with the largest matrices of Mistral-Small-3.1-24B: memory and speed."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness
import torch
from random_base import text_config
from safetensors.torch import save_file

from goemotions.decoder.config import LIVE, from_transformers, path_of


def write_layer(folder: Path) -> int:
    """One layer in bfloat16; returns its matrices' weights."""
    raw = text_config(1)
    del raw["quantization_config"]
    config = from_transformers(raw)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(raw))
    generator = torch.Generator().manual_seed(0)
    tensors = {"model.norm.weight": torch.ones(config.hidden_size, dtype=torch.bfloat16)}
    for matrix in LIVE:
        values = torch.empty(config.shape(matrix), dtype=torch.bfloat16)
        tensors[f"model.{path_of(0, matrix)}.weight"] = values.normal_(std=0.02, generator=generator)
    for norm in ("input_layernorm", "post_attention_layernorm"):
        tensors[f"model.layers.0.{norm}.weight"] = torch.ones(config.hidden_size, dtype=torch.bfloat16)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return config.live_weights


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        weights = write_layer(Path(temporary) / "base")
        command = [sys.executable, "-m", "goemotions", "convert", f"{temporary}/base", f"{temporary}/out"]
        start = time.perf_counter()
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    figures = {"weights": weights, "s": round(seconds, 1), "m_weights_per_s": round(weights / seconds / 1e6, 1)}
    harness.write("convert_speed", {**figures, "peak_resident_gb": round(peak, 2)})


if __name__ == "__main__":
    main()
