"""A bag of words: TF-IDF of one and two neighbouring words or symbols, and a logistic regression per label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import read_split
from goemotions.thresholds import tune

TOKENS = r"\w+|[^\w\s]"
C = 3.0


@dataclass(frozen=True)
class BagOfWords:
    """A fitted model; its labels are the 28, its thresholds are tuned on dev."""

    vectorizer: Any
    regressions: list[Any]
    thresholds: list[float]

    def predict_proba(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Return the probability of every label, float32 [n, 28]."""
        features = self.vectorizer.transform(texts)
        columns = [regression.predict_proba(features)[:, 1] for regression in self.regressions]
        return np.stack(columns, axis=1).astype(np.float32)


def fit(folder: Path, labels: tuple[str, ...]) -> BagOfWords:
    """Return the model fitted to train, with thresholds from dev, of the folder with the official files."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    train, dev = read_split(folder / "train.tsv"), read_split(folder / "dev.tsv")
    vectorizer = TfidfVectorizer(token_pattern=TOKENS, ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    features = vectorizer.fit_transform(train.texts)
    regressions = [
        LogisticRegression(C=C, solver="liblinear").fit(features, train.targets[:, column])
        for column in range(len(labels))
    ]
    untuned = BagOfWords(vectorizer, regressions, [])
    thresholds = tune(untuned.predict_proba(dev.texts), dev.targets, labels)
    return BagOfWords(vectorizer, regressions, list(thresholds.values()))
