"""Measure what the published macro F1 of 0.822 owes to synthetic points made before the split, and what remains.

Run from the repository: ``python benchmarks/leak_experiment.py --data DIR``, where DIR holds the official TSV files.
Needs the extras train and use. The vectors (USE multilingual v3) are kept in ``build/embedding-cache``. It computes on
one core.

Three train sets, one test set of 7,891 real rows: *leaky*, as published, ISMOTE on all rows and then the split;
*inside*, the split and then ISMOTE on train; *none*, the real train rows. Two classifiers on each: an MLP at threshold
0.5, and the labels of the nearest train row. With ``--check``: does the leak check, which sees vectors only, tell them
apart?
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import harness
import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import f1_score
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits
from torch import nn

from goemotions.data.augmentation import Rows, augment, finish_split, leaked
from goemotions.data.corpus import SPLITS, read_corpus
from goemotions.data.embed import embed, open_cache
from goemotions.data.leak import SEED, TARGET, kept_rows, rebuild_leaky_corpus, split_rows
from goemotions.data.prepare import merge
from goemotions.encoders import find_encoder
from goemotions.evaluation.vectors import check_vectors
from goemotions.labels import LABELS

CACHE = Path("build") / "embedding-cache"
PUBLISHED = {"train": 89_201, "dev": 7_891, "test": 7_891, "synthetic": 65_530, "macro_f1": 0.822}
EPOCHS, BATCH, LEARNING_RATE = 30, 640, 1e-3

Bits = npt.NDArray[np.uint8]


def train_sets(data: Path, cache: Path) -> tuple[dict[str, Rows], Rows]:
    """Return the three train sets by name, and the test rows that all of them are measured on."""
    official = read_corpus(data).splits
    merged = merge([official[name] for name in SPLITS])
    encoder = find_encoder("use-multilingual-v3", threads=1)
    embeddings = embed(open_cache(cache, encoder), encoder, merged.texts).embeddings
    kept = kept_rows(merged.targets, LABELS.index("neutral"))
    real = Rows.real(embeddings[kept], merged.targets[kept])
    leaky = rebuild_leaky_corpus(real.embeddings, real.targets)
    split = finish_split({name: real.take(rows) for name, rows in split_rows(len(real)).items()})
    sets = {
        "leaky": leaky["train"],
        "inside": augment(split.train, LABELS, "ismote", target=TARGET, seed=SEED),
        "none": split.train.rows,
    }
    test = split.held_out["test"]
    if not np.array_equal(test.parents, leaky["test"].parents):
        raise RuntimeError("the leaky and the honest split have different test rows")
    return sets, test


def nearest_labels(train: Rows, test: Rows) -> Bits:
    """Return the label vectors of the nearest train rows."""
    index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train.embeddings)
    nearest: Bits = train.targets[index.kneighbors(test.embeddings, return_distance=False)[:, 0]]
    return nearest


def mlp_labels(train: Rows, test: Rows, seed: int = 0) -> Bits:
    """Return labels at 0.5 of an MLP 512-2048-28 (ReLU), trained with binary cross-entropy and Adam."""
    torch.manual_seed(seed)
    width, labels = train.embeddings.shape[1], train.targets.shape[1]
    model = nn.Sequential(nn.Linear(width, 2048), nn.ReLU(), nn.Linear(2048, labels))
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    x, y = torch.from_numpy(train.embeddings), torch.from_numpy(train.targets).float()
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(x)), BATCH):
            loss = nn.functional.binary_cross_entropy_with_logits(model(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    model.eval()
    with torch.inference_mode():
        made: Bits = (model(torch.from_numpy(test.embeddings)) >= 0).numpy().astype(np.uint8)
    return made


def measure_sets(train: Rows, test: Rows) -> dict[str, Any]:
    """Measure macro F1 of both classifiers, and how the test rows relate to the train rows."""
    twins = np.isin(test.parents[:, 0], train.parents[:, 0])
    figures: dict[str, Any] = {
        "train_rows": len(train),
        "synthetic": int(train.synthetic.sum()),
        "test_rows_with_a_twin": round(float(twins.mean()), 4),
        "test_rows_leaked": round(float(leaked(train, test).mean()), 4),
    }
    for name, classify in (("mlp", mlp_labels), ("nearest_neighbour", nearest_labels)):
        start = time.perf_counter()
        predicted = classify(train, test)
        figures[f"{name}_macro_f1"] = round(
            float(f1_score(test.targets, predicted, average="macro", zero_division=0)), 4
        )
        figures[f"{name}_seconds"] = round(time.perf_counter() - start, 1)
    return figures


def experiment(data: Path, cache: Path = CACHE) -> dict[str, Any]:
    torch.set_num_threads(1)
    with threadpool_limits(1):
        sets, test = train_sets(data, cache)
        return {
            "published": PUBLISHED,
            "test_rows": len(test),
            "mlp": {"epochs": EPOCHS, "batch": BATCH, "learning_rate": LEARNING_RATE, "threads": 1},
            **{name: measure_sets(train, test) for name, train in sets.items()},
        }


def check(data: Path, cache: Path = CACHE) -> dict[str, Any]:
    """Return what the leak check says of each train set, from the vectors alone."""
    with threadpool_limits(1):
        sets, test = train_sets(data, cache)
        return {
            name: {"train_rows": len(train), "synthetic": int(train.synthetic.sum())}
            | check_vectors(train.embeddings, test.embeddings).as_dict()
            for name, train in sets.items()
        }


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="only the leak check, a minute or two: no classifier")
    given = parser.parse_args()
    data = harness.data_of(parser, given)
    if given.check:
        harness.write("leak_check", check(data))
    else:
        harness.write("leak", experiment(data))


if __name__ == "__main__":
    main()
