"""Facts of a corpus: labels and which go together, lengths, duplicates within and across splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from goemotions.data.corpus import Corpus, Split, seen_in
from goemotions.data.duplicates import shared_groups
from goemotions.data.prepare import groups_by_split

QUANTILES = {"median": 0.5, "p95": 0.95, "max": 1.0}


def inspect_corpus(corpus: Corpus) -> dict[str, Any]:
    """The facts, as JSON can hold them.

    ``co_occurrence`` is [labels, labels], over all splits: rows that have both labels; on the diagonal, rows that have
    the label.
    """
    targets = np.concatenate([split.targets for split in corpus.splits.values()]).astype(np.int64)
    return {
        "labels": list(corpus.labels),
        "splits": {name: inspect_split(split, corpus.labels) for name, split in corpus.splits.items()},
        "co_occurrence": (targets.T @ targets).tolist(),
        "duplicates": duplicates(corpus.splits),
    }


def inspect_split(split: Split, labels: tuple[str, ...]) -> dict[str, Any]:
    counts = split.targets.sum(0, dtype=np.int64)
    a_row = split.targets.sum(1, dtype=np.int64)
    return {
        "rows": len(split),
        "sha256": split.sha256,
        "label_counts": {label: int(count) for label, count in zip(labels, counts, strict=True)},
        "labels_without_a_positive": [label for label, count in zip(labels, counts, strict=True) if not count],
        "labels_a_row": {"mean": round(float(a_row.mean()), 4), "max": int(a_row.max())},
        "rows_without_a_label": int((a_row == 0).sum()),
        "characters": lengths([len(text) for text in split.texts]),
        "words": lengths([len(text.split()) for text in split.texts]),
    }


def lengths(values: list[int]) -> dict[str, float]:
    numbers = np.array(values)
    return {"mean": round(float(numbers.mean()), 2)} | {
        name: float(np.quantile(numbers, q)) for name, q in QUANTILES.items()
    }


def duplicates(splits: Mapping[str, Split]) -> dict[str, dict[str, int]]:
    """Rows that stand in another split, or earlier in their own: the same (case and white space apart), or nearly."""
    groups = groups_by_split(splits)
    names = list(splits)
    found = {}
    for position, name in enumerate(names):
        found[f"{name} in {name}"] = {
            "same": len(splits[name]) - len({" ".join(text.casefold().split()) for text in splits[name].texts}),
            "nearly": len(groups[name]) - len(np.unique(groups[name])),
        }
        for earlier in names[:position]:
            found[f"{name} in {earlier}"] = {
                "same": int(seen_in(splits[name], splits[earlier]).sum()),
                "nearly": int(shared_groups(groups[name], groups[earlier]).sum()),
            }
    return found
