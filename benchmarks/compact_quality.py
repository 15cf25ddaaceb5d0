"""Quality of the bundled model on the official test split, at the thresholds that ship with it (tuned on dev).

Run from the repository: ``python benchmarks/compact_quality.py --data DIR``, where DIR holds the official TSV files.
"""

from __future__ import annotations

from typing import Any

import harness
import numpy as np

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split, seen_in
from goemotions.evaluation.metrics import evaluate


def main() -> None:
    data = harness.official_data(__doc__)
    classifier = EmotionClassifier()
    train, test = read_split(data / "train.tsv"), read_split(data / "test.tsv")
    probabilities = classifier.score(test.texts).probabilities
    fresh = ~seen_in(test, train)
    own = list(classifier.thresholds.values())

    def figures(rows: Any, cuts: list[float]) -> dict[str, Any]:
        result = evaluate(probabilities[rows], test.targets[rows], cuts, classifier.labels).as_dict()
        result.pop("labels")
        return result

    everything = np.ones(len(test), dtype=bool)
    size = sum(file.stat().st_size for file in classifier.directory.iterdir())
    harness.write(
        "compact_quality",
        {
            "model_mb": round(size / 1e6, 2),
            "test": figures(everything, own),
            "test_without_train_duplicates": figures(fresh, own),
            "test_at_0.5": figures(everything, [0.5] * len(own)),
        },
    )


if __name__ == "__main__":
    main()
