"""Measure the quality of every shipped model: the official test split, other languages and other kinds of text.

Writes ``docs/reports/<model>.html`` (with ``.md`` and ``.json``) of the official test, and for all data sets what the
pages need into ``benchmarks/results/quality/<model>.json``; then README's tables and the pages under ``docs`` are made
from these (``benchmarks/pages.py``). Run from the repository: ``python benchmarks/quality.py --data DIR [MODEL ...]``,
where DIR holds the official TSV files and beside DIR are the folders ``italian``, ``translated`` and ``brighter``.
Models not named keep the results that they have. ``--store`` also writes a model's figures and card into its own
directory.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import harness
import numpy as np
import pages
from page_parts import HALVES, MappedFigures, Results, ShortReport

from goemotions import EmotionClassifier
from goemotions.catalog import shipped
from goemotions.evaluation import page
from goemotions.evaluation.datasets import read_labelled
from goemotions.evaluation.evaluate import evaluate, predictions_of
from goemotions.evaluation.figures import rounded
from goemotions.evaluation.formatting import format_figure
from goemotions.evaluation.label_groups import read_label_map
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.model_card import store
from goemotions.evaluation.report import Report
from goemotions.predictions import accepted
from goemotions.thresholds import tune

OFFICIAL = "goemotions-test"
SETS = {  # name: file beside the official folder, and label map
    OFFICIAL: ("goemotions/test.tsv", None),
    "xed-it": ("italian/xed-it.tsv", "plutchik"),
    "xdailydialog-it": ("italian/xdailydialog-it-test.tsv", "dailydialog"),
    "goemotions-ru": ("translated/goemotions-ru-test.tsv", None),
    "goemotions-ko": ("translated/goemotions-ko-test.tsv", None),
    "brighter-en": ("brighter/eng-test.csv", "brighter"),
}
MAPPED = ("plutchik", "dailydialog", "brighter")
REPORTS = Path(__file__).parent.parent / "docs" / "reports"


def short(report: Report) -> ShortReport:
    """Return what the pages need of a report."""
    return ShortReport(
        data=report.data,
        marks=report.marks,
        resamples=report.resamples,
        seed=report.seed,
        undefined=report.undefined,
        unreliable=report.unreliable,
        slices=report.slices,
        rows_seen=report.seen.rows,
        calibration_error=report.calibration.error,
        figures=report.of_labels,
    )


def measure_model(model: str, folder: Path, write_store: bool) -> Results:
    """Measure a model on every data set; the report page of the official test is written on the way."""
    classifier = EmotionClassifier(model)
    found: dict[str, ShortReport] = {}
    english: dict[str, MappedFigures] = {}
    for name, (file, map_name) in SETS.items():
        label_map = read_label_map(map_name, classifier.labels) if map_name else None
        data = read_labelled(folder / file, classifier.labels, label_map)
        start = time.perf_counter()
        scored = classifier.score(data.texts)
        inference = time.perf_counter() - start
        report = evaluate(classifier, data, label_map=label_map, scored=scored)
        # One of the published layout is named after its base.
        report = replace(report, model=replace(report.model, name=model))
        predictions = predictions_of(scored.probabilities, classifier, data, label_map, languages=scored.languages)
        found[name] = short(report)
        if name == OFFICIAL:
            page.write(report, REPORTS / model)
            english = on_maps(predictions)
            if write_store:
                store(report, classifier.directory)
        else:
            found[name] = with_halves(found[name], predictions)
        macro = format_figure(report.of_labels.own.overall.macro_f1)
        print(f"{model} {name}: macro F1 {macro}; {inference:.1f} s inference", flush=True)
    return Results(english, found)


def with_halves(report: ShortReport, predictions: Predictions) -> ShortReport:
    """Return a report with the figures at thresholds tuned on the other half of its rows."""
    halves = measure_predictions(tuned_on_halves(predictions)).labels.at[HALVES]
    return replace(report, figures=replace(report.figures, at={**report.figures.at, HALVES: halves}))


def tuned_on_halves(predictions: Predictions) -> Predictions:
    """Return decisions at thresholds tuned on the other half of the rows: what labelled texts of the kind allow."""
    first = np.random.default_rng(0).permutation(len(predictions)) % 2 == 0
    made = np.empty(predictions.targets.shape, bool)
    for half in (first, ~first):
        tuned = tune(predictions.probabilities[~half], predictions.targets[~half], predictions.labels)
        made[half] = accepted(predictions.probabilities[half], tuned)
    return Predictions(predictions.labels, predictions.targets, predictions.probabilities, {HALVES: made})


def on_maps(predictions: Predictions) -> dict[str, MappedFigures]:
    """Return the English test rolled up by each label map, to set figures of other corpora beside."""
    found = {}
    for name in MAPPED:
        figures = measure_predictions(predictions.grouped(read_label_map(name, predictions.labels).groups)).labels
        found[name] = MappedFigures(figures.support, figures.at, figures.ranking, len(predictions))
    return found


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
        measured = rounded(measure_model(model, folder, given.store))
        path = harness.RESULTS / "quality" / f"{model}.json"
        path.parent.mkdir(exist_ok=True)
        content = {"machine": harness.machine_description(), "model": model, "sets": measured.to_json()}
        path.write_text(page.json_text(content), encoding="utf-8")
        print(f"{model}: {time.perf_counter() - start:.0f} s in all", flush=True)
    pages.write()


if __name__ == "__main__":
    main()
