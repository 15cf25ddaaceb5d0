"""Ground that a fit works on: rows, their base model, its features and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.data.duplicates import duplicate_groups
from goemotions.data.tables import assume
from goemotions.evaluation.label_groups import read_label_map
from goemotions.fitting.base import Answers, answers_to, base_facts, features_of, load_base
from goemotions.fitting.learner import Learner
from goemotions.fitting.rows import LabelledRows
from goemotions.languages import languages_of, unread_texts

Advance = Callable[[str, float], None]
FEW_UNREAD = 0.1  # of the rows; of a few dozen short ones, one or two are taken for another language by mistake


def nothing(what: str, share: float) -> None:
    """Pass over progress."""


@dataclass(frozen=True)
class Ground:
    """Rows and their base.

    Attributes:
        base: its name or folder, and its fingerprint, as ``config.json`` has them.
        alike: int64 [n], equal for rows of nearly the same text.
    """

    rows: LabelledRows
    model: EmotionClassifier
    base: Mapping[str, str]
    answers: Answers
    learner: Learner
    alike: npt.NDArray[np.int64]


def warn_of_languages(rows: LabelledRows, model: EmotionClassifier) -> None:
    """Warn of rows in languages that the base does not read."""
    counts = Counter(languages_of(rows.texts)) if model.languages else Counter()
    if seen := unread_texts(counts, model.languages, model.config.name, FEW_UNREAD):
        assume(f"{rows.source}: {seen}: a base that reads them, such as multilingual, learns more from such rows")


def lay_ground(
    rows: LabelledRows, base: str | Path, label_map: str | None, threads: int | None, advance: Advance
) -> Ground:
    """Load the base and compute the features of the rows.

    Raises:
        ModelError, DataError: a base or label map that is not there or does not fit.
    """
    model = load_base(base, threads)
    warn_of_languages(rows, model)
    groups: Mapping[str, Sequence[str]] = read_label_map(label_map, model.labels).groups if label_map else {}
    answers = answers_to(model, rows.labels, groups)
    features = features_of(model, rows.texts, lambda share: advance("reading texts", share))
    learner = Learner(features, answers.shifts(model), answers.groups, rows.targets)
    return Ground(rows, model, base_facts(model, base), answers, learner, duplicate_groups(rows.texts))
