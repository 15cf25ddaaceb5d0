"""Time of a whole evaluation: 10,000 resamples of every figure, all plots, page, Markdown and JSON.

Run from the repository: ``python benchmarks/evaluation_speed.py --data DIR``, on the official test split with the
default model. Its own inference is timed apart. Everything is done once, in a new process, imports included.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import harness

from goemotions import EmotionClassifier


def main() -> None:
    data_folder = harness.official_data(__doc__)
    classifier = EmotionClassifier()
    start = time.perf_counter()
    from goemotions.evaluation import page
    from goemotions.evaluation.bootstrap import RESAMPLES
    from goemotions.evaluation.datasets import read_labelled
    from goemotions.evaluation.evaluate import evaluate

    data = read_labelled(data_folder / "test.tsv", classifier.labels)
    imported = time.perf_counter()
    scored = classifier.score(data.texts)
    inferred = time.perf_counter()
    report = evaluate(classifier, data, scored=scored)
    measured = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        page.write(report, Path(folder) / "report")
    written = time.perf_counter()
    seconds = {
        "imports_and_reading": imported - start,
        "inference": inferred - imported,
        "figures": measured - inferred,
        "plots_and_writing": written - measured,
        "beside_inference": written - inferred + imported - start,
    }
    figures = {name: round(value, 2) for name, value in seconds.items()}
    harness.write("evaluation_speed", {"rows": len(data), "resamples": RESAMPLES, "seconds": figures})


if __name__ == "__main__":
    main()
