"""Do the intervals of ``goemotions estimate`` hold what they promise? Coverage by simulation, on corpora with labels.

Rows are drawn and taken for labelled, and the intervals compared with the share in the whole corpus; of differences and
trends with that in the source, for which corpora are drawn with replacement first. Run:

    python benchmarks/estimate_coverage.py --data DIR [--cache FILE] [--draws 1000]

DIR has the folders ``goemotions``, ``brighter`` and ``italian``, as their publishers name the files. The model reads
every text once; ``--cache`` keeps what it says. The prior of ``estimation/powered.py`` was chosen by ``--choose``, on
development sets.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from harness import write
from planted_rise import moments_by, planted

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split
from goemotions.estimation import powered
from goemotions.estimation.changes import Tested, compare, trend
from goemotions.estimation.corpus import pool
from goemotions.estimation.interval import FALSE_DISCOVERIES, Floats, adjusted, wilson
from goemotions.estimation.powered import Moments, Sample, powered_shares
from goemotions.estimation.sampling import doubt_of, layers
from goemotions.evaluation.label_groups import read_label_map

SIZES = (50, 100, 300)
MONTHS, CORPUS = 12, 2000
PLANTED, PLANTED_RISE = ((5000, 12), (5000, 24), (5000, 36), (60_000, 12)), 0.003  # rows, months
ENOUGH = 5  # of a label's texts that are expected among the labelled ones


@dataclass(frozen=True)
class Corpus:
    """Texts with the model's probabilities and people's labels, and which are of the small group: the longest."""

    name: str
    labels: tuple[str, ...]
    probabilities: Floats
    truth: Floats
    small: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.truth)


@dataclass
class Count:
    """Draws in which intervals held, and their widths, per label."""

    held: Any = 0
    width: Any = 0
    draws: int = 0

    def add(self, low: Floats, high: Floats, true: Floats) -> None:
        self.held = self.held + ((low <= true + 1e-9) & (true <= high + 1e-9))
        self.width = self.width + (high - low)
        self.draws += 1

    def figures(self, enough: npt.NDArray[np.bool_]) -> dict[str, float | None]:
        """Return coverage over labels with enough texts, the least and most of one, that of rarer ones, and width."""
        held = self.held / max(self.draws, 1)

        def mean(values: Floats) -> float | None:
            return round(float(values.mean()), 4) if len(values) else None

        return {
            "coverage": mean(held[enough]),
            "least": round(float(held[enough].min()), 4) if enough.any() else None,
            "most": round(float(held[enough].max()), 4) if enough.any() else None,
            "rarer_labels": mean(held[~enough]),
            "width": mean(self.width / max(self.draws, 1)),
        }


@dataclass
class Tallies:
    """Counts by what is estimated."""

    counts: dict[str, Count] = field(default_factory=dict)

    def add(self, name: str, low: Floats, high: Floats, true: Floats) -> None:
        self.counts.setdefault(name, Count()).add(low, high, true)


def brighter(folder: Path, name: str) -> tuple[list[str], Floats, tuple[str, ...]]:
    with (folder / "brighter" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["text"].strip()]
    labels = tuple(label for label in rows[0] if label not in ("id", "text"))
    truth = np.array([[float(row[label] or 0) > 0 for label in labels] for row in rows], float)
    return [row["text"] for row in rows], truth, labels


def italian(folder: Path) -> tuple[list[str], Floats, tuple[str, ...]]:
    lines = (folder / "italian" / "xdailydialog-it-test.tsv").read_text(encoding="utf-8").split("\n")[1:]
    rows = [line.rpartition("\t") for line in lines if line.rpartition("\t")[0].strip()]
    labels = tuple(read_label_map("dailydialog", EmotionClassifier().labels).groups)
    truth = np.array([[label in names.split(",") for label in labels] for _, _, names in rows], float)
    return [text for text, _, _ in rows], truth, labels


def goemotions(folder: Path, split: str) -> tuple[list[str], Floats, tuple[str, ...]]:
    found = read_split(folder / "goemotions" / f"{split}.tsv")
    return found.texts, found.targets.astype(float), tuple(EmotionClassifier().labels)


def read_corpus(folder: Path, kind: str, part: str) -> tuple[list[str], Floats, tuple[str, ...]]:
    if kind == "goemotions":
        return goemotions(folder, part)
    return brighter(folder, part) if kind == "brighter" else italian(folder)


def corpora(folder: Path, cache: Path | None, names: Sequence[str]) -> list[Corpus]:
    """Return the corpora, with probabilities from the cache where they are there."""
    classifier = EmotionClassifier()
    kept: dict[str, npt.NDArray[np.float32]] = dict(np.load(cache)) if cache and cache.is_file() else {}
    found = []
    for name in names:
        kind, _, part = name.partition(" ")
        texts, truth, labels = read_corpus(folder, kind, part)
        if name not in kept:
            kept[name] = classifier.predict_proba(texts)
            if cache:
                np.savez(cache, allow_pickle=False, **kept)
        mapped = {"xdailydialog-it": "dailydialog", "brighter": "brighter"}.get(kind)
        known: Mapping[str, Sequence[str]] = {label: (label,) for label in classifier.labels}
        known = {**known, **(read_label_map(mapped, classifier.labels).groups if mapped else {})}
        pooled = pool(kept[name], classifier.labels, {label: known[label] for label in labels})
        lengths = np.array([len(text) for text in texts])
        found.append(Corpus(name, labels, pooled, truth, lengths > np.quantile(lengths, 0.75)))
    return found


def drawn(strata: npt.NDArray[Any], sizes: Mapping[Any, int], generator: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return the rows, weights and strata of a sample."""
    parts = [(np.flatnonzero(strata == stratum), size) for stratum, size in sizes.items() if size]
    rows = [generator.choice(members, size, replace=False) for members, size in parts]
    weights = [np.full(size, len(members) / size) for members, size in parts]
    kinds = [np.full(size, number) for number, (_, size) in enumerate(parts)]
    return np.concatenate(rows), np.concatenate(weights), np.concatenate(kinds)


def of_the_file(corpus: Corpus, size: int, stratified: bool, draws: int, seed: int) -> Tallies:
    """Count how often the shares of the whole corpus and of both groups are within their intervals."""
    generator, tallies = np.random.default_rng(seed), Tallies()
    doubt = doubt_of(corpus.probabilities, corpus.probabilities.mean(0)) if stratified else None
    strata, sizes = layers([""] * len(corpus), doubt, size)
    sets = {"all": np.ones(len(corpus), bool), "small group": corpus.small, "large group": ~corpus.small}
    moments = {name: Moments.of(corpus.probabilities[rows]) for name, rows in sets.items()}
    true = {name: corpus.truth[rows].mean(0) for name, rows in sets.items()}
    for _ in range(draws):
        rows, weights, kinds = drawn(strata, sizes, generator)
        sample = Sample(corpus.truth[rows], corpus.probabilities[rows], weights, kinds)
        for name, members in sets.items():
            inside = members[rows]
            if inside.any():
                shares = powered_shares(moments[name], sample, inside)
                tallies.add(name, *shares.interval(), true[name])
                if name == "all":
                    tallies.add("labels alone", *wilson(shares.alone, shares.alone_spread), true[name])
    return tallies


def of_the_source(
    corpus: Corpus, size: int, stratified: bool, draws: int, seed: int
) -> tuple[Tallies, dict[str, float]]:
    """Count how often differences and trends of the source are within their intervals, and what is found in nothing."""
    generator, tallies = np.random.default_rng(seed), Tallies()
    true = corpus.truth[corpus.small].mean(0) - corpus.truth[~corpus.small].mean(0)
    found = {"trend": 0, "difference": 0}
    for _ in range(draws):
        rows = generator.integers(0, len(corpus), CORPUS)
        times, small, nothing = (
            generator.integers(0, MONTHS, CORPUS),
            corpus.small[rows],
            generator.random(CORPUS) < 0.3,
        )
        probabilities, truth = corpus.probabilities[rows], corpus.truth[rows]
        groups = ["long" if flag else "short" for flag in small] if stratified else [""] * CORPUS
        strata, sizes = layers(groups, None, size)
        chosen, weights, kinds = drawn(strata, sizes, generator)
        sample = Sample(truth[chosen], probabilities[chosen], weights, kinds)
        tested = compared(probabilities, sample, small, small[chosen])
        if tested:
            tallies.add("difference", tested.low, tested.high, true)
        cells = moments_by(times, probabilities, MONTHS)
        every = sum(list(cells.values())[1:], cells[0])
        inside = np.ones(size, bool)
        rising = trend(cells, powered_shares(every, sample, inside), sample, times[chosen], inside)
        if rising:
            tallies.add("trend", rising.low, rising.high, np.zeros(len(true)))
            found["trend"] += bool((adjusted(rising.p) <= FALSE_DISCOVERIES).any())
        chance = compared(probabilities, sample, nothing, nothing[chosen])
        found["difference"] += bool(chance and (adjusted(chance.p) <= FALSE_DISCOVERIES).any())
    return tallies, {name: round(number / draws, 4) for name, number in found.items()}


def compared(probabilities: Floats, sample: Sample, members: Any, inside: Any) -> Tested | None:
    """Return the difference of some texts from all others, as estimate gives it."""
    if min(inside.sum(), (~inside).sum()) < 2:
        return None
    one, other = Moments.of(probabilities[members]), Moments.of(probabilities[~members])
    first, second = powered_shares(one, sample, inside), powered_shares(other, sample, ~inside)
    return compare(first, second, 1 / one.rows, 1 / other.rows)


def at_home(corpus: Corpus) -> dict[str, float]:
    """Return how far the means of probabilities are from the shares, of labels with at least 100 texts."""
    common = corpus.truth.sum(0) >= 100
    off = np.abs(corpus.probabilities.mean(0) / corpus.truth.mean(0) - 1)[common]
    return {"labels": int(common.sum()), "mean_relative_error": round(float(off.mean()), 4)}


TESTS = ("goemotions test", "brighter eng-test", "brighter esp-test", "brighter deu-test", "xdailydialog-it")


def run(folder: Path, cache: Path | None, draws: int) -> dict[str, Any]:
    """Return all figures."""
    figures: dict[str, Any] = {"draws": draws, "shares": {}, "changes": {}}
    started = time.perf_counter()
    for number, corpus in enumerate(corpora(folder, cache, TESTS)):
        for size in SIZES:
            enough = corpus.truth.mean(0) * size >= ENOUGH
            for design in ("random", "stratified"):
                key, stratified = f"{corpus.name}, {size} rows, {design}", design == "stratified"
                shares = of_the_file(corpus, size, stratified, draws, number)
                figures["shares"][key] = {name: count.figures(enough) for name, count in shares.counts.items()}
                tallies, found = of_the_source(corpus, size, stratified, draws, number)
                changes = {name: count.figures(enough) for name, count in tallies.counts.items()}
                figures["changes"][key] = {**changes, "found_in_nothing": found}
                print(key, figures["shares"][key]["all"], round(time.perf_counter() - started), "s", flush=True)
        if corpus.name == TESTS[0]:
            figures["without_labels"] = at_home(corpus)
            known, anger = corpus.truth, corpus.labels.index("anger")
            for name, seen in (("planted", corpus.probabilities), ("planted, all labelled", known)):
                figures[name] = {
                    f"{size:,} texts, {months} months": planted(
                        known, seen, anger, size, months, PLANTED_RISE, draws * 5000 // size, 1
                    )
                    for size, months in PLANTED
                }
            nothing = planted(known, corpus.probabilities, anger, *PLANTED[0], 0.0, draws, 2)
            figures["planted"]["nothing planted"] = nothing
            print(figures["without_labels"], figures["planted"], flush=True)
    return figures


def choose(folder: Path, cache: Path | None, draws: int) -> None:
    """Print coverage and width for several priors, on development sets."""
    for corpus in corpora(folder, cache, ("goemotions dev", "brighter esp-dev", "brighter deu-dev")):
        for prior in (0.5, 1.0, 2.0, 4.0):
            powered.PRIOR_POSITIVES = prior
            for size in (50, 100):
                counts = of_the_file(corpus, size, False, draws, 0).counts
                enough = corpus.truth.mean(0) * size >= ENOUGH
                print(corpus.name, size, prior, {name: count.figures(enough) for name, count in counts.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="an .npz with the model's probabilities, made if it is not there")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--choose", action="store_true", help="print what the prior was chosen by, and stop")
    given = parser.parse_args()
    if given.choose:
        choose(given.data, given.cache, given.draws)
    else:
        write("estimate_coverage", run(given.data, given.cache, given.draws))
