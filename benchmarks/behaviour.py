"""How models, a bag of words and two lexicons behave on the suite of short cases (``goemotions check``).

Writes ``benchmarks/results/behaviour/<system>.json`` for the systems named, all of them without a name, and then makes
``docs/behaviour.md`` from what is there (``benchmarks/pages.py``). Run from the repository:
``python benchmarks/behaviour.py --data DIR --lexicon-python ENV/bin/python [SYSTEM ...]``. The lexicons need
``pip install vaderSentiment NRCLex`` in an environment of their own, the bag of words the official data. Before a
shipped model is replaced, keep what is there: ``git mv compact.json compact-before.json``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import harness
import numpy as np
import page_behaviour
import pages
import tfidf
from lexicons import MADE, labels_of, lexicon_scores

from goemotions import EmotionClassifier
from goemotions.catalog import shipped
from goemotions.data.corpus import read_split
from goemotions.evaluation import page
from goemotions.evaluation.behaviour.cases import Suite, read_suite
from goemotions.evaluation.behaviour.judge import Answer, BehaviourReport, all_texts, check, judge_answers
from goemotions.labels import LABELS
from goemotions.predictions import reached

LEXICONS = ("vader", "nrclex")
BAG = "tfidf"


def lexicon_report(name: str, scores: dict[str, Any], suite: Suite) -> BehaviourReport:
    """Return the report of a lexicon, which has no probabilities."""
    labels = [labels_of(name, score) for score in scores[name]]
    return judge_answers(name, suite, [Answer(found, None) for found in labels])


def bag_report(data: Path, suite: Suite) -> tuple[BehaviourReport, dict[str, Any]]:
    """Return the report of the bag of words, and its quality on the official test."""
    from sklearn.metrics import f1_score

    bag = tfidf.fit(data, LABELS)
    test = read_split(data / "test.tsv")
    decided = reached(bag.predict_proba(test.texts), bag.thresholds)
    quality = {
        f"{average}_f1": round(float(f1_score(test.targets, decided, average=average, zero_division=0)), 4)
        for average in ("macro", "micro")
    }
    probabilities = bag.predict_proba(all_texts(suite.cases))
    given = reached(probabilities, bag.thresholds)
    answers = [
        Answer(tuple(LABELS[i] for i in np.flatnonzero(row)), p) for row, p in zip(given, probabilities, strict=True)
    ]
    return judge_answers(BAG, suite, answers), quality


def keep(report: BehaviourReport, **about: Any) -> None:
    """Write a report's figures; of the cases that failed only the ids and the labels given."""
    failed = {verdict.id: [list(verdict.given), list(verdict.given_other or ())] for verdict in report.failed}
    path = page_behaviour.FOLDER / f"{report.model}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "machine": harness.machine_description(),
        "about": about,
        "report": replace(report, failed=()),
        "failed": failed,
    }
    path.write_text(page.json_text(found), encoding="utf-8")
    print(f"{report.model}: {report.overall.passed} of {report.overall.cases} passed", flush=True)


def main() -> None:
    parser = harness.parser(__doc__)
    systems = [*shipped().models, BAG, *LEXICONS]
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=f"of {', '.join(systems)}; default: all")
    parser.add_argument("--lexicon-python", type=Path, help="Python of an environment with vaderSentiment and NRCLex")
    given = parser.parse_args()
    chosen = given.systems or systems
    if unknown := set(chosen) - set(systems):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(systems)}")
    lexicons = [name for name in chosen if name in LEXICONS]
    if lexicons and given.lexicon_python is None:
        parser.error(f"{' and '.join(lexicons)} need --lexicon-python")
    suite = read_suite()
    for name in chosen:
        if name in shipped().models:
            keep(check(EmotionClassifier(name), name, suite))
        elif name == BAG:
            report, quality = bag_report(harness.data_of(parser, given), suite)
            keep(report, **quality)
    if lexicons:
        scores = lexicon_scores(given.lexicon_python, all_texts(suite.cases), lexicons)
        for name in lexicons:
            keep(lexicon_report(name, scores, suite), versions=scores["versions"], map=MADE[name])
    pages.write()


if __name__ == "__main__":
    main()
