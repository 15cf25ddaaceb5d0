"""Write what ``goemotions estimate`` knows of texts like those of ``compact``'s training, when the model is replaced.

    python benchmarks/at_home.py --data DIR

DIR holds the official ``train.tsv`` and ``test.tsv``.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
from harness import official_data

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split
from goemotions.estimation.familiarity import FILE, homes_text, measure_home

MODEL, ROWS = "compact", 6000

if __name__ == "__main__":
    folder = official_data(__doc__)
    train = read_split(folder / "train.tsv").texts
    chosen = np.random.default_rng(0).permutation(len(train))[:ROWS]
    classifier = EmotionClassifier(MODEL)
    home = measure_home(classifier, [train[row] for row in chosen], read_split(folder / "test.tsv").texts)
    Path(str(resources.files("goemotions.estimation"))).joinpath(FILE).write_text(
        homes_text({classifier.config.name: home}), encoding="utf-8"
    )
    print(f"usual {home.usual}, most {home.most}")
