"""The measured whole: groups, subsets, and input that cannot be measured."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from goemotions.evaluation.figures import Figure
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.unreliable import MAX_WIDTH, MIN_POSITIVES, reason, unreliable_labels

LABELS = ("joy", "love", "anger")


def made(rows: int = 300) -> Predictions:
    generator = np.random.default_rng(0)
    targets = (generator.random((rows, 3)) < [0.4, 0.2, 0.1]).astype(np.uint8)
    probabilities = (0.35 * targets + 0.65 * generator.random((rows, 3))).astype(np.float32)
    return Predictions(
        LABELS, targets, probabilities, {"own": probabilities >= [0.4, 0.5, 0.6], "0.5": probabilities >= 0.5}
    )


def test_groups_and_subsets() -> None:
    predictions = made()
    chosen = np.arange(300) < 120
    groups = {"good": ("joy", "love"), "bad": ("anger",)}
    found = measure_predictions(predictions, {"sentiment": groups}, {"first": chosen}, resamples=200)
    good = predictions.targets[:, :2].any(1)
    for name, decided in predictions.decisions.items():
        value = found.groups["sentiment"].at[name].labels["good"].f1.value
        assert value == pytest.approx(f1_score(good, decided[:, :2].any(1)), abs=1e-6)
    assert found.groups["sentiment"].support == {"good": int(good.sum()), "bad": int(predictions.targets[:, 2].sum())}
    part = found.subsets["first"]
    assert part.rows == 120
    expected = f1_score(predictions.targets[chosen], predictions.decisions["own"][chosen], average="macro")
    assert part.macro_f1.value == pytest.approx(expected, abs=1e-6)
    assert part.macro_f1.low is not None
    assert part.macro_f1.high is not None
    assert part.macro_f1.high - part.macro_f1.low > 0.02
    assert found.labels.undefined_labels() == []
    same = measure_predictions(predictions, {"sentiment": groups}, {"first": chosen}, resamples=200)
    assert same == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": np.zeros((299, 3), np.uint8)}, r"probabilities has shape \(300, 3\), expected \(299, 3\)"),
        ({"labels": ("joy",)}, "a column per label"),
        (
            {"probabilities": np.full((300, 3), np.nan, np.float32)},
            "from 0 to 1, got nan for row 1, label joy, and 899",
        ),
        ({"probabilities": np.full((300, 3), -2, np.float32)}, "from 0 to 1, got -2"),
        ({"targets": np.full((300, 3), 2, np.uint8)}, "targets must be 0 or 1"),
    ],
)
def test_what_cannot_be_measured(change: dict[str, object], message: str) -> None:
    fields = {name: getattr(made(), name) for name in ("labels", "targets", "probabilities", "decisions")}
    with pytest.raises(ValueError, match=message):
        Predictions(**(fields | change))
    with pytest.raises(ValueError, match="no rows"):
        Predictions(LABELS, np.zeros((0, 3), np.uint8), np.zeros((0, 3), np.float32), {})


def test_reliability_is_of_support_and_width() -> None:
    narrow, wide = (Figure(0.5, 0.5 - w, 0.5 + w) for w in (0.05, 0.11))
    assert reason(MIN_POSITIVES, narrow) == ""
    assert reason(MIN_POSITIVES - 1, narrow) == "99 positives, fewer than 100"
    assert reason(500, wide) == "F1 is known only to within 0.39 to 0.61"
    assert "no interval" in reason(0, Figure(None))
    assert pytest.approx(0.2) == MAX_WIDTH
    found = measure_predictions(made(), resamples=300).labels
    assert set(unreliable_labels(found)) >= {"love", "anger"}  # about 60 and 30 positives
