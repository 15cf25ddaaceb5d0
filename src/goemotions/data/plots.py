"""Draw what :mod:`goemotions.data.inspection` finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goemotions.data.corpus import Corpus
from goemotions.errors import MissingExtraError
from goemotions.escaping import PLAIN_TEXT


def plot_corpus(corpus: Corpus, facts: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write label-counts.png, co-occurrence.png and lengths.png.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("plots", "report") from error
    folder.mkdir(parents=True, exist_ok=True)
    size = max(4.0, 0.28 * len(corpus.labels))

    with mpl.rc_context(PLAIN_TEXT):
        counts = Figure(figsize=(8, size + 1), layout="constrained")
        draw_counts(counts.subplots(), facts)
        together = Figure(figsize=(size + 2, size + 1), layout="constrained")
        draw_co_occurrence(together, facts)
        lengths = Figure(figsize=(8, 4), layout="constrained")
        draw_lengths(lengths.subplots(), corpus)
        figures = {"label-counts.png": counts, "co-occurrence.png": together, "lengths.png": lengths}
        for name, figure in figures.items():
            figure.savefig(folder / name, dpi=120)
    return [folder / name for name in figures]


def draw_counts(axes: Any, facts: Mapping[str, Any]) -> None:
    """Draw a bar per label and split, the commonest label on top, on a logarithmic scale: they span three decades."""
    labels = facts["labels"]
    total = np.diag(np.array(facts["co_occurrence"]))
    order = np.argsort(total, kind="stable")
    splits = facts["splits"]
    height = 0.8 / len(splits)
    for position, (name, split) in enumerate(splits.items()):
        values = np.array([split["label_counts"][labels[i]] for i in order])
        axes.barh(np.arange(len(order)) - position * height, values, height, label=f"{name} ({split['rows']:,} rows)")
    axes.set_yticks(np.arange(len(order)) - height * (len(splits) - 1) / 2, [labels[i] for i in order])
    axes.set_ylim(-1, len(order))
    axes.set_xscale("log")
    axes.set_xlim(left=0.8)  # a bar of one row is to be seen
    axes.set_xlabel("rows with the label")
    axes.legend()


def draw_co_occurrence(figure: Any, facts: Mapping[str, Any]) -> None:
    """Draw the share of the rows with a line's label that also have a column's."""
    counts = np.array(facts["co_occurrence"], dtype=float)
    own = np.maximum(np.diag(counts), 1)
    share = counts / own[:, None]
    np.fill_diagonal(share, np.nan)
    axes = figure.subplots()
    image = axes.imshow(share, cmap="viridis")
    axes.set_xticks(range(len(counts)), facts["labels"], rotation=90)
    axes.set_yticks(range(len(counts)), facts["labels"])
    axes.set_title("share of a line's rows that also have the column's label")
    figure.colorbar(image, shrink=0.8)


def draw_lengths(axes: Any, corpus: Corpus) -> None:
    """Draw the number of words per text, a curve per split."""
    words = {name: [len(text.split()) for text in split.texts] for name, split in corpus.splits.items()}
    longest = max(1, int(np.quantile(np.concatenate([*map(np.array, words.values())]), 0.995)))
    bins = np.arange(0, longest + 2)
    for name, values in words.items():
        axes.hist(np.clip(values, 0, longest), bins=bins, density=True, histtype="step", label=name)
    axes.set_xlabel(f"words per text (longer than {longest}: counted there)")
    axes.set_ylabel("share of texts")
    axes.legend()
