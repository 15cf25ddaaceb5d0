"""How models, a bag of words and two lexicons behave on the suite of short cases (``goemotions check``).

Writes ``benchmarks/results/behaviour/<system>.json`` for the systems named, all of them without a name, and then makes
``docs/behaviour.md`` from what is there (``benchmarks/pages.py``). Run from the repository:
``python benchmarks/behaviour.py --data DIR --lexicon-python ENV/bin/python [SYSTEM ...]``. The lexicons need
``pip install vaderSentiment NRCLex`` in an environment of their own, the bag of words the official data. Before a
shipped model is replaced, keep what is there: ``git mv compact.json compact-before.json``.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import harness
import numpy as np
import page_behaviour
import pages
import tfidf

from goemotions import EmotionClassifier
from goemotions.catalog import shipped
from goemotions.data.corpus import read_split
from goemotions.evaluation import page
from goemotions.evaluation.behaviour.cases import Suite, read_suite
from goemotions.evaluation.behaviour.judge import Answer, BehaviourReport, all_texts, check, judge_answers
from goemotions.evaluation.label_groups import read_label_map
from goemotions.labels import LABELS, SENTIMENT
from goemotions.predictions import reached

VADER_CUT = 0.05  # its authors' limit between neutral and either sentiment
LEXICONS = ("vader", "nrclex")
BAG = "tfidf"
MADE = {
    "vader": "compound score ≥ 0.05: every label of the sentiment group positive; ≤ -0.05: negative; else neutral",
    "nrclex": "the emotions with the highest count, each every label of its group in the map plutchik; else, with more "
    "positive or negative words, every label of that sentiment group; else neutral",
}


def lexicon_scores(python: Path, texts: list[str]) -> dict[str, Any]:
    """Return what ``lexicon_scores.py`` says, run by another environment's Python."""
    script = Path(__file__).with_name("lexicon_scores.py")
    done = subprocess.run([python, script], input=json.dumps(texts), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def vader_labels(compound: float) -> tuple[str, ...]:
    """Return the labels that a compound score stands for."""
    if abs(compound) < VADER_CUT:
        return ()
    return SENTIMENT["positive" if compound > 0 else "negative"]


def nrc_labels(counts: dict[str, int]) -> tuple[str, ...]:
    """Return the labels that counts of emotion words stand for."""
    groups = read_label_map("plutchik", LABELS).groups
    emotions = {name: count for name, count in counts.items() if name in groups}
    if emotions:
        most = max(emotions.values())
        return tuple(label for name, count in emotions.items() if count == most for label in groups[name])
    balance = counts.get("positive", 0) - counts.get("negative", 0)
    return SENTIMENT["positive" if balance > 0 else "negative"] if balance else ()


def lexicon_report(name: str, scores: dict[str, Any], suite: Suite) -> BehaviourReport:
    """Return the report of a lexicon, which has no probabilities."""
    labels = [vader_labels(score) if name == "vader" else nrc_labels(score) for score in scores[name]]
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
        scores = lexicon_scores(given.lexicon_python, all_texts(suite.cases))
        for name in lexicons:
            keep(lexicon_report(name, scores, suite), versions=scores["versions"], map=MADE[name])
    pages.write()


if __name__ == "__main__":
    main()
