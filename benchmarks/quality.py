"""Quality of every shipped model: the official test split, other languages and other kinds of text.

Writes ``docs/reports/<model>.html`` (with ``.md`` and ``.json``) of the official test, and for all data sets what the
pages need into ``benchmarks/results/quality/<model>.json``; then README's tables and the pages under ``docs`` are made
from these (``benchmarks/pages.py``). Run from the repository: ``python benchmarks/quality.py --data DIR [MODEL ...]``,
where DIR holds the official TSV files and beside DIR are the folders ``italian``, ``translated`` and ``ood``. Models
not named keep the results that they have. ``--store`` also writes a model's figures and card into its own directory.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import harness
import numpy as np
import pages

from goemotions import EmotionClassifier
from goemotions.catalog import shipped
from goemotions.evaluation import page
from goemotions.evaluation.bootstrap import rounded
from goemotions.evaluation.datasets import read_labelled
from goemotions.evaluation.evaluate import OWN, evaluate, predictions_of
from goemotions.evaluation.formatting import format_figure
from goemotions.evaluation.label_groups import read_label_map
from goemotions.evaluation.measure import Predictions, measure
from goemotions.evaluation.model_card import store
from goemotions.thresholds import accepted, tune

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


def measured(model: str, folder: Path, write_store: bool) -> dict[str, Any]:
    """Everything of one model, by data set; the report page of the official test is written on the way."""
    classifier = EmotionClassifier(model)
    found: dict[str, Any] = {}
    for name, (file, map_name) in SETS.items():
        label_map = read_label_map(map_name, classifier.labels) if map_name else None
        data = read_labelled(folder / file, classifier.labels, label_map)
        start = time.perf_counter()
        scored = classifier.score(data.texts)
        inference = time.perf_counter() - start
        report = evaluate(classifier, data, label_map=label_map, scored=scored)
        report["model"]["name"] = model  # one of the published layout is named after its base
        if name == OFFICIAL:
            page.write(report, REPORTS / model)
            found["english_on_maps"] = on_maps(predictions_of(scored.probabilities, classifier, data))
            if write_store:
                store(report, classifier.directory)
        found[name] = short(report)
        if name != OFFICIAL:
            made = tuned_on_halves(predictions_of(scored.probabilities, classifier, data, label_map))
            found[name]["figures"]["at"][pages.HALVES] = measure(made)["labels"]["at"][pages.HALVES]
        macro = report["figures"]["labels"]["at"][OWN]["overall"]["macro_f1"]
        print(f"{model} {name}: macro F1 {format_figure(macro)}; {inference:.1f} s inference", flush=True)
    return found


def tuned_on_halves(predictions: Predictions) -> Predictions:
    """Decisions at thresholds tuned on the other half of the rows: what labelled texts of this kind would change."""
    first = np.random.default_rng(0).permutation(len(predictions)) % 2 == 0
    made = np.empty(predictions.targets.shape, bool)
    for half in (first, ~first):
        tuned = tune(predictions.probabilities[~half], predictions.targets[~half], predictions.labels)
        made[half] = accepted(predictions.probabilities[half], list(tuned.values()))
    return Predictions(predictions.labels, predictions.targets, predictions.probabilities, {pages.HALVES: made})


def on_maps(predictions: Predictions) -> dict[str, Any]:
    """The English test rolled up by each label map, to set figures of other corpora beside."""
    groups = {name: read_label_map(name, predictions.labels).groups for name in MAPPED}
    return {
        name: measure(predictions.grouped(group))["labels"] | {"rows": len(predictions)}
        for name, group in groups.items()
    }


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="shipped models; default: all")
    parser.add_argument("--store", action="store_true", help="also write figures and card into the model's directory")
    given = parser.parse_args()
    folder = harness.data_of(parser, given).parent
    unknown = set(given.models) - set(shipped().models)
    if unknown:
        parser.error(f"no shipped model {', '.join(unknown)}; there are: {', '.join(shipped().models)}")
    for model in given.models or shipped().models:
        start = time.perf_counter()
        sets = rounded(measured(model, folder, given.store))
        path = harness.RESULTS / "quality" / f"{model}.json"
        path.parent.mkdir(exist_ok=True)
        content = {"machine": harness.describe(), "model": model, "sets": sets}
        path.write_text(page.to_json(json.loads(json.dumps(content))), encoding="utf-8")
        print(f"{model}: {time.perf_counter() - start:.0f} s in all", flush=True)
    pages.write()


if __name__ == "__main__":
    main()
