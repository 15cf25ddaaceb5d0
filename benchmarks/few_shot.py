"""How good are models of some dozen labelled rows? ``goemotions fit`` beside a bag of words and the base as it is.

Labelled rows are drawn from one part of a corpus, and figures are of another, which nothing was chosen on. What
a fit says of itself is compared with 1,000 fresh rows. Run:

    python benchmarks/few_shot.py --data DIR

DIR has the folders ``brighter``, ``xed``, ``italian`` and ``goemotions``, as their publishers name the files; a corpus
that is not there is left out. Means over draws, with 95 % intervals of the mean. With ``--coverage 50`` it says instead
in how many of 50 draws the figure that a fit says of itself holds, and adds that to the results there are.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from harness import RESULTS, commit, processor

from goemotions.architectures.fitted import head_features
from goemotions.architectures.prepared import Features
from goemotions.data.corpus import normalise, read_split
from goemotions.data.duplicates import duplicate_groups
from goemotions.evaluation.label_groups import read_label_map
from goemotions.fitting.base import Answers, answers_to, features_of, load_base
from goemotions.fitting.crossval import cross_validate
from goemotions.fitting.decide import Decider
from goemotions.fitting.figures import average_precision, calibration_error, measure
from goemotions.fitting.learner import Learner
from goemotions.fitting.logistic import Floats, logistic
from goemotions.fitting.thresholds import expected_f1_thresholds, log_odds
from goemotions.labels import EKMAN, LABELS

SIZES = (8, 16, 32, 64, 256, 1024)
MOST_TEST = 3000
KEPT = ("within", "said", "macro_f1", "calibration_error")
XED_CHOSEN_ON = 3000  # the first rows, on which the method's settings were chosen
Targets = npt.NDArray[np.uint8]
Labelled = tuple[list[str], Targets, tuple[str, ...]]
"""Texts, their targets, and the labels."""


@dataclass(frozen=True)
class Corpus:
    """Rows to draw from and rows to measure on, with the features of a base model."""

    name: str
    labels: tuple[str, ...]
    answers: Answers
    shifts: Floats
    texts: list[str]
    features: Features
    targets: Targets
    test_texts: list[str]
    test_features: Features
    test_targets: Targets


def brighter(path: Path) -> Labelled:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["text"].strip()]
    labels = tuple(name for name in rows[0] if name not in ("id", "text"))
    targets = np.array([[int(float(row[label] or 0)) for label in labels] for row in rows], np.uint8)
    return [row["text"] for row in rows], targets, labels


def tab_separated(path: Path) -> Labelled:
    lines = [line.rpartition("\t")[::2] for line in path.read_text(encoding="utf-8").split("\n")[1:] if "\t" in line]
    found = [(text, names.split(",")) for text, names in lines if text.strip()]
    labels = tuple(sorted({name for _, names in found for name in names if name}))
    targets = np.array([[int(label in names) for label in labels] for _, names in found], np.uint8)
    return [text for text, _ in found], targets, labels


def parted(path: Path, left_out: int) -> tuple[Labelled, Labelled]:
    """Return two random parts of a file, to draw from and to measure on, without its first rows."""
    texts, targets, labels = tab_separated(path)
    order = left_out + np.random.default_rng(0).permutation(len(texts) - left_out)
    parts = order[:-MOST_TEST], order[-MOST_TEST:]
    first, second = (([texts[row] for row in rows], targets[rows], labels) for rows in parts)
    return first, second


def ekman(path: Path) -> Labelled:
    split = read_split(path)
    columns = [split.targets[:, [LABELS.index(one) for one in members]].max(1) for members in EKMAN.values()]
    return split.texts, np.stack(columns, 1).astype(np.uint8), tuple(EKMAN)


def corpora(data: Path, bases: Mapping[str, str], only: str) -> Iterator[Corpus]:
    """Yield the corpora that are there and begin with ``only``; ``bases`` has a base for each language."""
    for language in ("eng", "esp", "deu"):
        parts = [data / "brighter" / f"{language}-{part}.csv" for part in ("train", "test")]
        if all(part.is_file() for part in parts) and f"BRIGHTER {language}".startswith(only):
            base = bases["en" if language == "eng" else "other"]
            groups = "brighter" if language == "eng" else "ekman"
            yield corpus(f"BRIGHTER {language}", base, groups, brighter(parts[0]), brighter(parts[1]))
    if (path := data / "xed" / "en.tsv").is_file() and "XED en".startswith(only):
        yield corpus("XED en", bases["en"], "plutchik", *parted(path, XED_CHOSEN_ON))
    if (path := data / "italian" / "xdailydialog-it-test.tsv").is_file() and "XDailyDialog it".startswith(only):
        yield corpus("XDailyDialog it", bases["other"], "dailydialog", *parted(path, 0))
    if (data / "goemotions" / "test.tsv").is_file() and "GoEmotions, Ekman".startswith(only):
        folder = data / "goemotions"
        yield corpus("GoEmotions, Ekman", bases["en"], "ekman", ekman(folder / "dev.tsv"), ekman(folder / "test.tsv"))


def corpus(
    name: str,
    base: str,
    label_map: str,
    train: Labelled,
    test: Labelled,
) -> Corpus:
    """Return a corpus with the features of its base; of texts that stand several times the first is kept."""
    model = load_base(base)
    labels = train[2]
    groups = read_label_map(label_map, model.labels).groups
    answers = answers_to(model, labels, {label: groups[label] for label in labels if label in groups})
    keys = [normalise(text) for text in train[0]]
    kept = sorted({key: row for row, key in reversed(list(enumerate(keys)))}.values())[: 2 * MOST_TEST]
    texts, tested = [train[0][row] for row in kept], test[0][:MOST_TEST]
    made = [features_of(model, some, lambda share: None) for some in (texts, tested)]
    shifts = answers.shifts(model)
    return Corpus(name, labels, answers, shifts, texts, made[0], train[1][kept], tested, made[1], test[1][:MOST_TEST])


def draw(one: Corpus, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Return rows drawn at random; again where a label occurs in none or all of them, up to a hundred times."""
    generator = np.random.default_rng(seed)
    for _ in range(100):
        rows = generator.permutation(len(one.texts))[:size]
        share = one.targets[rows].mean(0)
        if ((share > 0) & (share < 1)).all():
            break
    return rows


def scored(probabilities: Floats, decisions: npt.NDArray[np.bool_], truth: Targets) -> dict[str, float]:
    hits = (decisions & (truth > 0)).sum(0)
    f1 = 2 * hits / np.maximum(decisions.sum(0) + truth.sum(0), 1)
    return {
        "macro_f1": float(f1.mean()),
        "mAP": float(np.nanmean(average_precision(probabilities, truth.astype(float)))),
        "calibration_error": calibration_error(probabilities[None], truth.astype(float)),
    }


def of_fit(one: Corpus, rows: npt.NDArray[np.int64], own: bool) -> dict[str, float]:
    """Return the figures of what ``goemotions fit`` makes; ``own`` takes the labels for unknown to the base."""
    begun = time.perf_counter()
    groups = tuple(None for _ in one.labels) if own else one.answers.groups
    features = Features(one.features.logits[rows], one.features.states[rows])
    learner = Learner(features, one.shifts, groups, one.targets[rows])
    alike = duplicate_groups([one.texts[row] for row in rows])
    cuts = one.answers.thresholds
    found = cross_validate(learner, alike, cuts, False, 0, learner.candidates(), lambda share: None)
    decider: Decider = found.choice.fit(learner, np.arange(len(rows)), cuts, False)
    seconds = time.perf_counter() - begun
    made = decider.probabilities(head_features(one.test_features, one.shifts))
    said = measure(found.probabilities, found.decisions, learner.targets, 0).macro_f1
    result = scored(made, decider.decide(made), one.test_targets) | {"seconds": seconds}
    fresh = np.random.default_rng(int(rows[0])).permutation(len(made))[:1000]
    of_fresh = scored(made[fresh], decider.decide(made[fresh]), one.test_targets[fresh])["macro_f1"]
    within = (said.low or 0.0) <= of_fresh <= (said.high or 1.0)
    return result | {"said": said.value or 0.0, "within": float(within)}


def of_words(one: Corpus, rows: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return the figures of TF-IDF and a logistic regression per label, with thresholds found in the same way."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    begun = time.perf_counter()
    vectorizer = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True)
    train = vectorizer.fit_transform([one.texts[row] for row in rows])
    test = vectorizer.transform(one.test_texts)
    truth = one.targets[rows]
    known = [column for column in range(truth.shape[1]) if 0 < truth[:, column].sum() < len(rows)]
    inside, outside = (np.full((part.shape[0], truth.shape[1]), 0.001) for part in (train, test))
    for column in known:
        model = LogisticRegression(C=3.0, solver="liblinear").fit(train, truth[:, column])
        inside[:, column], outside[:, column] = (model.predict_proba(part)[:, 1] for part in (train, test))
    cuts = expected_f1_thresholds(inside)
    seconds = time.perf_counter() - begun
    return scored(outside, outside >= cuts, one.test_targets) | {"seconds": seconds}


def of_base(one: Corpus) -> dict[str, float]:
    features = head_features(one.test_features, one.shifts)
    learner = Learner(one.test_features, one.shifts, one.answers.groups, one.test_targets)
    made = logistic(learner.base_head()(features) + log_odds(one.answers.thresholds))
    return scored(made, made >= one.answers.thresholds, one.test_targets)


def coverage(one: Corpus, sizes: Sequence[int], draws: int) -> dict[str, Any]:
    """Return in which share of draws the figure of 1,000 fresh rows lies in the interval that the fit said."""
    found = {}
    for size in (size for size in sizes if size <= len(one.texts)):
        values = [of_fit(one, draw(one, size, seed), own=False) for seed in range(draws)]
        means = {key: round(float(np.mean([value[key] for value in values])), 4) for key in KEPT}
        found[str(size)] = {"draws": draws, **means}
        print(
            f"{one.name:>20} {size:>5} " + ", ".join(f"{key} {value:.3f}" for key, value in means.items()), flush=True
        )
    return found


def summary(values: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return means, with the 95 % interval of the mean over draws for the first two."""
    made: dict[str, Any] = {}
    for key in values[0]:
        column = np.array([value[key] for value in values])
        spread = 1.96 * column.std(ddof=1) / np.sqrt(len(column)) if len(column) > 1 else 0.0
        made[key] = [
            round(float(number), 4) for number in (column.mean(), column.mean() - spread, column.mean() + spread)
        ]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--only", default="", help="a corpus, by the beginning of its name")
    parser.add_argument("--multilingual", default="multilingual", help="the base for other languages than English")
    parser.add_argument("--coverage", type=int, default=0, help="draws, for nothing but the coverage of intervals")
    parser.add_argument("--output", type=Path, default=RESULTS / "few_shot.json")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    results: dict[str, Any] = {"corpora": {}}
    if given.output.exists():
        results = json.loads(given.output.read_text(encoding="utf-8"))
    for one in corpora(given.data, {"en": "compact", "other": given.multilingual}, given.only):
        made_by = {"machine": processor(), "commit": commit()}
        if given.coverage:
            covered = made_by | coverage(one, given.sizes, given.coverage)
            results["corpora"].setdefault(one.name, {})["coverage"] = covered
            write(results, given.output)
            continue
        found: dict[str, Any] = made_by | {
            "draws": given.draws,
            "labels": one.labels,
            "test_rows": len(one.test_targets),
            "base": of_base(one),
        }
        print(one.name, "base", found["base"], flush=True)
        for size in (size for size in given.sizes if size <= len(one.texts)):
            drawn = [draw(one, size, seed) for seed in range(given.draws)]
            ways = {
                "fit": [of_fit(one, rows, own=False) for rows in drawn],
                "fit, labels unknown to the base": [of_fit(one, rows, own=True) for rows in drawn],
                "bag of words": [of_words(one, rows) for rows in drawn],
            }
            found[str(size)] = {way: summary(values) for way, values in ways.items()}
            for way, values in found[str(size)].items():
                print(f"  {size:>5} {way:32} " + ", ".join(f"{k} {v[0]:.3f}" for k, v in values.items()), flush=True)
        before = results["corpora"].get(one.name, {})
        results["corpora"][one.name] = found | {key: before[key] for key in ("coverage",) if key in before}
        write(results, given.output)


def write(results: Mapping[str, Any], output: Path) -> None:
    output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
