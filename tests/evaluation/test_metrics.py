import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from goemotions.evaluation.metrics import evaluate, macro_f1, mean_average_precision

LABELS = ["a", "b", "c", "never"]


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    targets = (generator.random((400, 4)) < [0.5, 0.2, 0.05, 0]).astype(np.uint8)
    probabilities = np.clip(targets * 0.3 + generator.random((400, 4)) * 0.7, 0, 1).astype(np.float32)
    probabilities[:, 3] = 0
    return probabilities, targets


def test_as_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, targets = drawn
    cuts = [0.5, 0.4, 0.6, 0.5]
    predicted = probabilities >= np.array(cuts, dtype=np.float32)
    result = evaluate(probabilities, targets, cuts, LABELS, resamples=200)
    for average in ("macro", "micro"):
        expected = f1_score(targets, predicted, average=average, zero_division=0)
        assert getattr(result, f"{average}_f1").value == pytest.approx(expected)
    assert macro_f1(probabilities, targets, cuts) == pytest.approx(result.macro_f1.value)
    for name, score in (("precision", precision_score), ("recall", recall_score)):
        expected = score(targets, predicted, average=None, zero_division=0)
        assert [result.labels[label][name] for label in LABELS] == pytest.approx(expected, abs=5e-5)
    assert [result.labels[label]["support"] for label in LABELS] == targets.sum(0).tolist()


def test_intervals_hold_the_figure_and_narrow_with_rows(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, targets = drawn
    cuts = [0.5] * 4
    few = evaluate(probabilities[:100], targets[:100], cuts, LABELS, resamples=1000)
    many = evaluate(np.tile(probabilities, (9, 1)), np.tile(targets, (9, 1)), cuts, LABELS, resamples=1000)
    for result in (few, many):
        assert result.macro_f1.low <= result.macro_f1.value <= result.macro_f1.high
    assert many.macro_f1.high - many.macro_f1.low < (few.macro_f1.high - few.macro_f1.low) / 2


def test_interval_agrees_with_a_plain_bootstrap(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, targets = drawn
    cuts = [0.5] * 4
    predicted = probabilities >= np.float32(0.5)
    generator = np.random.default_rng(1)
    samples = []
    for _ in range(1000):
        rows = generator.integers(0, 400, 400)
        samples.append(f1_score(targets[rows], predicted[rows], average="macro", zero_division=0))
    low, high = np.percentile(samples, [2.5, 97.5])
    estimate = evaluate(probabilities, targets, cuts, LABELS, resamples=4000).macro_f1
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.01)


def test_average_precision_as_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, targets = drawn
    coarse = np.round(probabilities, 1)  # with ties
    for scores in (probabilities, coarse):
        expected = average_precision_score(targets[:, :3], scores[:, :3], average="macro")
        assert mean_average_precision(scores[:, :3], targets[:, :3]) == pytest.approx(expected)
    assert mean_average_precision(probabilities[:, 3:], targets[:, 3:]) == 0
