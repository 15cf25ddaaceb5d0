"""A tiny embedded corpus, base and recipe: a training of seconds, run by the command line as a user does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml
from published_route import EMBED, LABELS

from goemotions.data.embedding_corpus import EmbeddingCorpus, write_embeddings
from goemotions.encoders import find_encoder
from goemotions.labels import LABELS as NAMES

RECIPE = {
    "trains": "embedding-llm",
    "encoder": "use-multilingual-v3",
    "quantisation": "nf4",
    "precision": "float32",
    "rank": 4,
    "alpha": 8,
    "rslora": False,
    "input_scale": 10.0,
    "dropout": 0.1,
    "loss": "focal-card",
    "epochs": 3,
    "batch_size": 8,
    "accumulation": 4,
    "learning_rate": 2.0e-3,
    "head_learning_rate": 5.0e-3,
    "schedule": "cosine",
    "warmup_ratio": 0.05,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
    "seed": 1,
}


def write_corpus(folder: Path, rows: int = 300) -> Path:
    """Unit vectors whose labels are linear in them."""
    generator = np.random.default_rng(0)
    directions = generator.normal(size=(EMBED, LABELS))
    splits = {}
    for name, count in (("train", rows), ("dev", 80), ("test", 80)):
        x = generator.normal(size=(count, EMBED)).astype(np.float32)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        splits[name] = (x, (x @ directions > 0.9).astype(np.uint8))
    encoder = find_encoder("use-multilingual-v3")
    identity = {"id": encoder.id, "revision": encoder.revision, "fingerprint": encoder.fingerprint}
    write_embeddings(folder, EmbeddingCorpus(NAMES, identity, splits))
    return folder


def write_recipe(path: Path, backbone: Path | str, **changes: object) -> Path:
    path.write_text(yaml.safe_dump(RECIPE | {"backbone": str(backbone)} | changes))
    return path


def command(recipe: Path, data: Path, output: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "goemotions", "train", str(recipe), "--data", str(data)),
        *("--output", str(output), "--threads", "1", "--device", "cpu"),
    ]


def train(recipe: Path, data: Path, output: Path, prefix: tuple[str, ...] = ()) -> str:
    """Run it to the end; gives what it logged."""
    arguments = command(recipe, data, output)
    whole = [*prefix, *arguments[1:]] if prefix else arguments
    done = subprocess.run(whole, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr
