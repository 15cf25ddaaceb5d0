"""Write what ``goemotions estimate`` knows of texts like those of ``compact``'s training, when the model is replaced.

    python benchmarks/familiarity.py --data DIR

DIR holds the official ``train.tsv`` and ``test.tsv``.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
from harness import official_data

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split
from goemotions.estimation.familiarity import FILE, familiar_text, measure_familiar

MODEL, ROWS = "compact", 6000

if __name__ == "__main__":
    folder = official_data(__doc__)
    train = read_split(folder / "train.tsv").texts
    chosen = np.random.default_rng(0).permutation(len(train))[:ROWS]
    classifier = EmotionClassifier(MODEL)
    familiar = measure_familiar(classifier, [train[row] for row in chosen], read_split(folder / "test.tsv").texts)
    Path(str(resources.files("goemotions.estimation"))).joinpath(FILE).write_text(
        familiar_text({classifier.config.name: familiar}), encoding="utf-8"
    )
    print(f"usual {familiar.usual}, most {familiar.most}")
