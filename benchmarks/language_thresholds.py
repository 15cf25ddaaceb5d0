"""Choose the thresholds of ``multilingual`` for texts that are not English, on dev sets alone.

Emotions' thresholds, tuned on English dev, are all moved by one step in log odds; neutral keeps its own. That step is
taken with the highest macro F1 as a mean over three collections of other languages: GoEmotions' dev split translated
into Korean and into Portuguese, by machine, and BRIGHTER's dev parts in seven languages, whose labels people gave in
coarser groups. Measured beside it: thresholds tuned on half of a translated dev split, on the other half; and the step
that a language's own BRIGHTER dev part would choose, for what it costs on the full labels of the same language.

Writes ``benchmarks/results/language_thresholds.json``. Run from the repository: ``python
benchmarks/language_thresholds.py --data DIR``, where the folders ``translated`` and ``brighter`` stand beside DIR;
``--store`` also writes the thresholds into the model's own directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import numpy as np
import numpy.typing as npt

from goemotions import EmotionClassifier
from goemotions.catalog import find_model
from goemotions.checkpoint import config_bytes
from goemotions.evaluation.datasets import LabelledTexts, read_labelled
from goemotions.evaluation.label_groups import LabelMap, pool, read_label_map
from goemotions.evaluation.metrics import counts, overall
from goemotions.evaluation.model_card import card_of
from goemotions.labels import NEUTRAL
from goemotions.languages import REST
from goemotions.predictions import Thresholds, accepted
from goemotions.stored_thresholds import threshold_keys
from goemotions.thresholds import tune, tune_beside

MODEL = "multilingual"
STEPS = (0.0, *(round(-0.1 * step, 1) for step in range(1, 14)))
FULL = {"en": "goemotions/dev.tsv", "ko": "translated/goemotions-ko-dev.tsv", "pt": "translated/goemotions-pt-dev.tsv"}
POSTS = {"es": "esp", "pt": "ptbr", "ro": "ron", "de": "deu", "ru": "rus", "zh": "chn", "hi": "hin", "en": "eng"}
HALVES = 5
SAID = "GoEmotions dev in Korean and Portuguese, by machine, and BRIGHTER dev in seven languages"


@dataclass(frozen=True)
class DevSet:
    """Probabilities of a dev set's texts, float32 [n, labels of the model], and the data."""

    probabilities: npt.NDArray[np.float32]
    data: LabelledTexts
    label_map: LabelMap | None = None

    def rows(self, rows: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """Return probabilities and targets of some rows."""
        return self.probabilities[rows], self.data.targets[rows]

    def figures(self, thresholds: Thresholds, labels: tuple[str, ...]) -> dict[str, float]:
        """Return what thresholds make of it."""
        given = accepted(self.probabilities, thresholds)
        if self.label_map is not None:
            given = pool(given, labels, self.label_map.groups)
        return figures(given, self.data.targets)


def figures(given: npt.NDArray[np.bool_], targets: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Return macro and micro F1, and the share of rows all right."""
    found = overall(counts(targets.astype(bool), given).sum(0, dtype=np.float64))
    f1 = {name: round(float(found[name]), 4) for name in ("macro_f1", "micro_f1")}
    return f1 | {"exact_match": round(float((given == targets).all(1).mean()), 4)}


def moved(own: Thresholds, step: float) -> Thresholds:
    """Return thresholds with those of the emotions moved in log odds; neutral's rule stays."""

    def move(cut: float) -> float:
        return round(float(1 / (1 + (1 - cut) / cut * np.exp(-step))), 4)

    return Thresholds({label: cut if label == NEUTRAL else move(cut) for label, cut in own.items()}, own.beside)


def read(classifier: EmotionClassifier, folder: Path) -> tuple[dict[str, DevSet], dict[str, DevSet]]:
    """Return the dev sets with all labels, and those with groups, by language."""

    def one(file: str, name: str | None) -> DevSet:
        label_map = read_label_map(name, classifier.labels) if name else None
        data = read_labelled(folder / file, classifier.labels, label_map, absent_ok=True)
        return DevSet(classifier.score(data.texts).probabilities, data, label_map)

    full = {language: one(file, None) for language, file in FULL.items()}
    return full, {
        language: one(f"brighter/{code}-dev.csv", "brighter" if code == "eng" else "ekman")
        for language, code in POSTS.items()
    }


def halves(rows: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield random halves of so many rows, and what is left by each."""
    for seed in range(HALVES):
        half = np.random.default_rng(seed).permutation(rows) % 2 == 0
        yield from (half, ~half)


def tuned_on_halves(one: DevSet, own: Thresholds, rest: Thresholds) -> dict[str, dict[str, float]]:
    """Return figures on halves of a dev set: at English thresholds, those for the rest, and some of the other half."""
    found: dict[str, list[dict[str, float]]] = {}
    for half in halves(len(one.data)):
        there, targets = one.rows(~half)
        tuned = tune_beside(*one.rows(half), tune(*one.rows(half), tuple(own)))
        for name, thresholds in (("english", own), ("rest", rest), ("own", tuned)):
            found.setdefault(name, []).append(figures(accepted(there, thresholds), targets))
    return {name: mean(several) for name, several in found.items()}


def mean(several: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each figure."""
    return {name: round(float(np.mean([each[name] for each in several])), 4) for name in several[0]}


def best(by_step: Mapping[float, dict[str, float]]) -> float:
    """Return the step with the highest macro F1."""
    return max(by_step, key=lambda step: by_step[step]["macro_f1"])


def store(classifier: EmotionClassifier, rest: Thresholds, rows: int) -> None:
    """Write the thresholds into the model's directory, with what they were chosen on."""
    path = find_model(MODEL)
    own = classifier.thresholds
    config: dict[str, Any] = dict(classifier.config.raw)
    kept = Thresholds(own, own.beside)
    config |= threshold_keys(Thresholds(own, own.beside, {"en": kept, REST: rest}))
    chosen = {"name": SAID, "sha256": "", "rows": rows, "objective": "f1"}
    config["tuned_on_by_language"] = {REST: chosen}
    (path / "config.json").write_bytes(config_bytes(config))
    (path / "README.md").write_text(card_of(path, config), encoding="utf-8")


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--store", action="store_true", help="also write the thresholds into the model's directory")
    given = parser.parse_args()
    classifier = EmotionClassifier(MODEL)
    labels, english = tuple(classifier.labels), Thresholds(classifier.thresholds, classifier.thresholds.beside)
    full, posts = read(classifier, harness.data_of(parser, given).parent)
    at = {step: moved(english, step) for step in STEPS}
    by_full = {name: {step: one.figures(at[step], labels) for step in STEPS} for name, one in full.items()}
    by_posts = {name: {step: one.figures(at[step], labels) for step in STEPS} for name, one in posts.items()}
    others = {s: mean([by_step[s] for name, by_step in by_posts.items() if name != "en"]) for s in STEPS}
    together = {s: mean([by_full["ko"][s], by_full["pt"][s], others[s]]) for s in STEPS}
    chosen = best(together)
    alone = {name: best(by_step) for name, by_step in by_posts.items()}
    found = {
        "chosen": chosen,
        "by_step": {"mean": together, "posts": others, **by_full},
        "posts": {name: {s: by_step[s] for s in {0.0, chosen, alone[name]}} for name, by_step in by_posts.items()},
        "halves": {name: tuned_on_halves(full[name], english, at[chosen]) for name in ("ko", "pt")},
        "step_of_own_posts": {
            name: {"step": alone[name], "posts": by_posts[name][alone[name]], "all_labels": by_full[name][alone[name]]}
            for name in ("en", "pt")
        },
    }
    harness.write("language_thresholds", json.loads(json.dumps(found)))
    if given.store:
        rows = sum(len(one.data) for name, one in [*full.items(), *posts.items()] if name != "en")
        store(classifier, at[chosen], rows)


if __name__ == "__main__":
    main()
