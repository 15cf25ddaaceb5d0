"""Quality of every shipped model: the official test split, other languages and other kinds of text.

Writes ``docs/reports/<model>.html`` (with ``.md`` and ``.json``) of the official test, and for all data sets what the
pages need into ``benchmarks/results/quality/<model>.json``; ``benchmarks/pages.py`` then makes README's tables and the
pages under ``docs``. Run from the repository: ``python benchmarks/quality.py --data DIR``, where DIR holds the official
TSV files and beside DIR are the folders ``italian``, ``translated`` and ``ood``.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import harness

from goemotions import EmotionClassifier
from goemotions.catalog import shipped
from goemotions.evaluation import page
from goemotions.evaluation.bootstrap import RESAMPLES
from goemotions.evaluation.datasets import read_labelled
from goemotions.evaluation.evaluate import OWN, evaluate, predictions_of
from goemotions.evaluation.label_groups import read_label_map
from goemotions.evaluation.measure import measure
from goemotions.evaluation.model_card import interval

OFFICIAL = "goemotions-test"
SETS = {  # name: file beside the official folder, and label map
    OFFICIAL: ("goemotions/test.tsv", None),
    "xed-it": ("italian/xed-it.tsv", "plutchik"),
    "xdailydialog-it": ("italian/xdailydialog-it-test.tsv", "dailydialog"),
    "goemotions-ru": ("translated/goemotions-ru-test.tsv", None),
    "goemotions-ko": ("translated/goemotions-ko-test.tsv", None),
    "brighter-en": ("ood/brighter-eng.csv", "brighter"),
}
MAPPED = ("plutchik", "dailydialog", "brighter")
KEPT = ("data", "marks", "resamples", "seed", "undefined", "unreliable", "slices")
REPORTS = Path(__file__).parent.parent / "docs" / "reports"


def short(report: dict[str, Any]) -> dict[str, Any]:
    """What the pages need of a report."""
    figures = report["figures"]["labels"]
    return {key: report[key] for key in KEPT} | {
        "rows_seen": report["seen"]["rows"],
        "calibration_error": report["calibration"]["error"],
        "figures": {"support": figures["support"], "at": figures["at"], "ranking": figures["ranking"]},
    }


def on_same_labels(classifier: EmotionClassifier, official: Path) -> dict[str, Any]:
    """The English test rolled up by each label map, to set figures of other corpora beside."""
    data = read_labelled(official, classifier.labels)
    predictions = predictions_of(classifier.score(data.texts).probabilities, classifier, data)
    found = {}
    for name in MAPPED:
        groups = read_label_map(name, classifier.labels).groups
        found[name] = measure(predictions.grouped(groups))["labels"] | {"rows": len(data)}
    return found


def main() -> None:
    folder = harness.official_data(__doc__).parent
    for model in shipped().models:
        classifier = EmotionClassifier(model)
        found: dict[str, Any] = {}
        for name, (file, map_name) in SETS.items():
            start = time.perf_counter()
            label_map = read_label_map(map_name, classifier.labels) if map_name else None
            data = read_labelled(folder / file, classifier.labels, label_map)
            classifier.score(data.texts)
            inference = time.perf_counter() - start
            report = evaluate(classifier, data, label_map=label_map, resamples=RESAMPLES)
            if name == OFFICIAL:
                page.write(report, REPORTS / model)
            found[name] = short(report)
            beside = time.perf_counter() - start - 2 * inference  # it was scored twice
            macro = report["figures"]["labels"]["at"][OWN]["overall"]["macro_f1"]
            print(f"{model} {name}: macro F1 {interval(macro)}; {inference:.1f} s inference, {beside:.1f} s beside it")
        found["english_on_maps"] = on_same_labels(classifier, folder / SETS[OFFICIAL][0])
        content = {"machine": harness.describe(), "model": model, "sets": found}
        path = harness.RESULTS / "quality" / f"{model}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(page.to_json(json.loads(json.dumps(content))), encoding="utf-8")


if __name__ == "__main__":
    main()
