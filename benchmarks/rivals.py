"""``compact`` beside what else is there: lexicons and a bag of words, on the same rows by the same maps.

Writes ``benchmarks/results/rivals.json`` and, by ``benchmarks/pages.py``, the table of ``docs/rivals.md`` and README.
Run from the repository: ``python benchmarks/rivals.py --data DIR --lexicon-python ENV/bin/python``; what the
environment needs says ``benchmarks/lexicons.py``. Every system's labels are grouped by the same maps, and every figure
is of the official test split, at the thresholds of the system or those tuned on dev.

Speed is processor time of one core, so that other work on the machine does not count. The size is what pip installs,
with everything required, into an empty folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import harness
import numpy as np
import numpy.typing as npt
import pages
import tfidf
from lexicons import MADE, labels_of, lexicon_scores

from goemotions import LABELS, EmotionClassifier
from goemotions.data.corpus import Split, read_split
from goemotions.evaluation.bootstrap import weights
from goemotions.evaluation.label_groups import read_label_map
from goemotions.evaluation.metrics import counts, divide
from goemotions.labels import NEUTRAL, SENTIMENT
from goemotions.predictions import reached

Decisions = npt.NDArray[np.bool_]
LEVELS: dict[str, Mapping[str, Sequence[str]]] = {
    "labels": {label: (label,) for label in LABELS},
    "emotions": {
        name: members
        for name, members in read_label_map("plutchik", LABELS).groups.items()
        if name in ("anger", "fear", "joy", "sadness", "surprise")
    },
    "sentiment": {name: SENTIMENT[name] for name in ("positive", "negative")} | {NEUTRAL: (NEUTRAL,)},
}
"""What is compared: the 28 labels, the five emotions that most lexicons of emotions have, and sentiment."""
SAYS = {"vader": ("sentiment",), "nrclex": ("emotions", "sentiment")}
"""The levels of which a lexicon says anything."""
PACKAGES = {
    "compact": ".",
    "tfidf": "scikit-learn",
    "vader": "vaderSentiment",
    "nrclex": "NRCLex",
}
RESAMPLES, SEED, TIMED = 2000, 0, 2000


def grouped(decisions: Decisions, level: str) -> Decisions:
    """Return which groups of a level the labels' decisions mean. *Shape:* [n, labels] -> [n, groups]."""
    columns = [decisions[:, [LABELS.index(label) for label in group]].any(axis=1) for group in LEVELS[level].values()]
    return np.stack(columns, axis=1)


def macro_f1(targets: Decisions, decisions: Decisions) -> dict[str, float]:
    """Return macro F1 with its 95 % interval over resampled rows."""
    parts = counts(targets, decisions)

    def f1(totals: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        true, false, missed = totals[..., 0, :], totals[..., 1, :], totals[..., 2, :]
        return np.asarray(divide(2 * true, 2 * true + false + missed).mean(-1))

    flat = parts.reshape(len(parts), -1)
    drawn = [f1((w @ flat).reshape(-1, *parts.shape[1:])) for w in weights(len(parts), RESAMPLES, SEED)]
    low, high = np.nanpercentile(np.concatenate(drawn), [2.5, 97.5])
    return {"value": float(f1(parts.sum(0))), "low": float(low), "high": float(high)}


def quality(decisions: Decisions, test: Split, levels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return macro F1 on each level of which a system says anything; in groups, no label means neutral."""
    filled = decisions.copy()
    filled[~decisions.any(axis=1), LABELS.index(NEUTRAL)] = True
    truth = np.asarray(test.targets, bool)
    answers = {level: decisions if level == "labels" else filled for level in levels}
    return {level: macro_f1(grouped(truth, level), grouped(answers[level], level)) for level in levels}


def speed(decide: Callable[[list[str]], object], texts: list[str]) -> float:
    """Return texts per second of one core's time."""
    decide(texts[:64])
    start = time.process_time()
    decide(texts)
    return len(texts) / (time.process_time() - start)


def install_size(requirement: str) -> float:
    """Return the megabytes that pip installs for a requirement."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, requirement]
        subprocess.run(command, check=True)
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6


def from_labels(found: Sequence[Sequence[str]]) -> Decisions:
    """Return lists of labels as decisions. *Shape:* [n, labels]."""
    return np.array([[label in labels for label in LABELS] for labels in found])


def models(data: Path, test: Split) -> dict[str, dict[str, Any]]:
    """Return the figures of ``compact`` and of the bag of words."""
    classifier = EmotionClassifier(threads=1)
    bag = tfidf.fit(data, LABELS)
    deciders: dict[str, Callable[[list[str]], Any]] = {
        "compact": lambda texts: from_labels([list(found) for found in classifier.predict(texts)]),
        "tfidf": lambda texts: reached(bag.predict_proba(texts), bag.thresholds),
    }
    return {
        name: {
            "quality": quality(decide(test.texts), test, list(LEVELS)),
            "texts_per_s": speed(decide, test.texts[:TIMED]),
            "map": "thresholds tuned on dev, one per label",
        }
        for name, decide in deciders.items()
    }


def lexicons(python: Path, test: Split) -> dict[str, dict[str, Any]]:
    """Return the figures of the lexicons."""
    scores = lexicon_scores(python, test.texts, list(SAYS))
    return {
        name: {
            "quality": quality(from_labels([labels_of(name, score) for score in scores[name]]), test, levels),
            "texts_per_s": 1 / scores["seconds_per_text"][name],
            "map": MADE[name],
        }
        for name, levels in SAYS.items()
    } | {"versions": scores["versions"]}


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--lexicon-python", type=Path, required=True, help="Python of the lexicons' environment")
    given = parser.parse_args()
    data = harness.data_of(parser, given)
    test = read_split(data / "test.tsv")
    found = lexicons(given.lexicon_python, test)
    versions = found.pop("versions")
    systems = models(data, test) | found
    for name, figures in systems.items():
        figures["install_mb"] = install_size(PACKAGES[name])
    harness.write("rivals", {"rows": len(test.texts), "resamples": RESAMPLES, "versions": versions, "systems": systems})
    pages.write()


if __name__ == "__main__":
    main()
