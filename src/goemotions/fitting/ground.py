"""Ground that a fit works on: rows, their base model, its features and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.classifier import EmotionClassifier
from goemotions.data.duplicates import duplicate_groups
from goemotions.evaluation.label_groups import read_label_map
from goemotions.fitting.base import Answers, answers_to, base_facts, features_of, load_base
from goemotions.fitting.learner import Learner
from goemotions.fitting.rows import LabelledRows

Advance = Callable[[str, float], None]


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


def lay_ground(
    rows: LabelledRows, base: str | Path, label_map: str | None, threads: int | None, advance: Advance
) -> Ground:
    """Load the base and compute the features of the rows.

    Raises:
        ModelError, DataError: a base or label map that is not there or does not fit.
    """
    model = load_base(base, threads)
    groups: Mapping[str, Sequence[str]] = read_label_map(label_map, model.labels).groups if label_map else {}
    answers = answers_to(model, rows.labels, groups)
    features = features_of(model, rows.texts, lambda share: advance("reading texts", share))
    learner = Learner(features, answers.shifts(model), answers.groups, rows.targets)
    return Ground(rows, model, base_facts(model, base), answers, learner, duplicate_groups(rows.texts))
