"""Measure ``multilingual`` in every language that has labelled texts, beside the frozen-encoder model it replaced.

Writes ``benchmarks/results/multilingual.json`` and the page ``docs/multilingual.md``. On native texts the thresholds
are tuned on that language's dev part where it has one; rankings (average precision, ROC AUC) need none. Differences
are paired, 1,000 resamples. Run from the repository: ``python benchmarks/multilingual.py --data DIR``, where DIR holds
the official TSV files and beside DIR are the folders ``brighter``, ``italian``, ``translated`` and ``xed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import numpy as np

from goemotions import EmotionClassifier
from goemotions.evaluation import metrics
from goemotions.evaluation.compare import compare_predictions
from goemotions.evaluation.datasets import LabelledTexts, read_labelled
from goemotions.evaluation.evaluate import predictions_of
from goemotions.evaluation.figures import OWN, Difference
from goemotions.evaluation.formatting import Table
from goemotions.evaluation.label_groups import read_label_map
from goemotions.evaluation.measure import Predictions
from goemotions.predictions import Scored, accepted
from goemotions.records import to_json
from goemotions.thresholds import tune

ROOT = Path(__file__).parent.parent
MODELS = {"multilingual": "multilingual", "before": str(ROOT / "tests" / "fixtures" / "use-head")}
RESAMPLES = 1000
ABOUT = (
    "Beside the model that it replaced, a small network on a frozen encoder; in brackets that one's figure and the 95 "
    "% interval of the difference (paired, 1,000 resamples). Posts are BRIGHTER's official test parts, with people's "
    "labels and thresholds of that language's dev part; the others have those that ship, for English or for the rest "
    "of the languages, by the language found in each text ([languages.md](languages.md)). Subtitles' labels were given "
    "to English lines and carried over. GoEmotions “by machine” is a machine translation of the official "
    "test, so that language alone differs. Dutch, French, Polish, Swedish and Ukrainian are untested: no labelled "
    "texts in them were at hand."
)


@dataclass(frozen=True)
class DataSet:
    """Texts of a language.

    Attributes:
        language: its code.
        kind: of the texts, for people.
        test: file beside the official folder; its dev part, or None where the model's own thresholds are used.
        label_map: None for the 28 labels.
    """

    language: str
    kind: str
    test: str
    dev: str | None = None
    label_map: str | None = None


def posts(language: str, code: str) -> DataSet:
    """Return the part of BRIGHTER in a language."""
    label_map = "brighter" if code == "eng" else "ekman"
    return DataSet(language, "posts", f"brighter/{code}-test.csv", f"brighter/{code}-dev.csv", label_map)


POSTS = {"en": "eng", "es": "esp", "pt": "ptbr", "ro": "ron", "de": "deu", "ru": "rus", "zh": "chn", "hi": "hin"}
SETS = (
    DataSet("en", "GoEmotions, official", "goemotions/test.tsv"),
    DataSet("ko", "GoEmotions, by machine", "translated/goemotions-ko-test.tsv"),
    DataSet("pt", "GoEmotions, by machine", "translated/goemotions-pt-test.tsv"),
    DataSet("ru", "GoEmotions, by machine", "translated/goemotions-ru-test.tsv"),
    *(posts(language, code) for language, code in POSTS.items()),
    DataSet("it", "subtitles", "italian/xed-it.tsv", None, "plutchik"),
    DataSet("it", "dialogue", "italian/xdailydialog-it-test.tsv", None, "dailydialog"),
    *(
        DataSet(code, "subtitles, noisy labels", f"xed/{code}.tsv", None, "plutchik")
        for code in ("de", "es", "pt", "tr")
    ),
)


@dataclass(frozen=True)
class Measured:
    """A model's figures on a data set, and how they differ from those of the model before."""

    language: str
    kind: str
    rows: int
    macro_f1: Difference
    micro_f1: Difference
    mean_average_precision: Difference
    roc_auc: float
    roc_auc_before: float


class Model:
    """A model and what it has said, so that no text is read twice."""

    def __init__(self, name: str) -> None:
        self.classifier = EmotionClassifier(name)
        self.said: dict[str, Scored] = {}

    def scored(self, data: LabelledTexts) -> Scored:
        """Return logits and languages of the data's texts."""
        if data.sha256 not in self.said:
            self.said[data.sha256] = self.classifier.score(data.texts)
        return self.said[data.sha256]

    def predictions(self, which: DataSet, folder: Path) -> Predictions:
        """Return what it says of a data set's labels that have positives."""
        labels = self.classifier.labels
        label_map = read_label_map(which.label_map, labels) if which.label_map else None
        data = read_labelled(folder / which.test, labels, label_map, absent_ok=True)
        scored = self.scored(data)
        found = predictions_of(scored.probabilities, self.classifier, data, label_map, languages=scored.languages)
        decisions = found.decisions[OWN]
        if which.dev is not None:
            dev = read_labelled(folder / which.dev, labels, label_map, absent_ok=True)
            on_dev = predictions_of(self.scored(dev).probabilities, self.classifier, dev, label_map)
            decisions = accepted(found.probabilities, tune(on_dev.probabilities, dev.targets, data.labels))
        there = np.flatnonzero(data.targets.any(0))
        names = tuple(data.labels[column] for column in there)
        return Predictions(names, data.targets[:, there], found.probabilities[:, there], {OWN: decisions[:, there]})


def measure(which: DataSet, folder: Path, models: Mapping[str, Model]) -> Measured:
    """Measure both models on a data set."""
    first, second = (model.predictions(which, folder) for model in models.values())
    overall = compare_predictions(first, second, OWN, resamples=RESAMPLES).overall
    auc = [float(np.nanmean(metrics.roc_auc(made.probabilities, made.targets))) for made in (first, second)]
    return Measured(
        which.language,
        which.kind,
        len(first.targets),
        overall.macro_f1,
        overall.micro_f1,
        overall.macro_average_precision,
        *(round(value, 4) for value in auc),
    )


def page(found: list[Measured]) -> str:
    """Return the page of the results."""

    def cell(figure: Difference) -> str:
        low, high = figure.low or 0, figure.high or 0
        return f"{figure.first:.3f} (before {figure.second:.3f}; {low:+.3f} to {high:+.3f})"

    rows = [
        [
            each.language,
            each.kind,
            f"{each.rows:,}",
            cell(each.macro_f1),
            cell(each.mean_average_precision),
            f"{each.roc_auc:.3f} ({each.roc_auc_before:.3f})",
        ]
        for each in found
    ]
    header = ["language", "texts", "rows", "macro F1", "mean average precision", "ROC AUC (before)"]
    return (
        "\n\n".join(
            [
                "# `multilingual`, language by language",
                "<!-- made by benchmarks/multilingual.py -->",
                ABOUT,
                Table("", header, rows).markdown(),
            ]
        )
        + "\n"
    )


def main() -> None:
    """Measure, and write results and page."""
    folder = harness.official_data(__doc__).parent
    models = {name: Model(path) for name, path in MODELS.items()}
    found = []
    for which in SETS:
        found.append(measure(which, folder, models))
        print(to_json(found[-1]), flush=True)
    results: dict[str, Any] = {"resamples": RESAMPLES, "sets": to_json(found)}
    harness.write("multilingual", results)
    (ROOT / "docs" / "multilingual.md").write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
