"""Calibration: fitted on one sample, better on another; applied by the classifier; measured as it should be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import CARD_TEXTS
from figures import numbers
from sklearn.metrics import brier_score_loss

from goemotions import LABELS, EmotionClassifier
from goemotions.calibration import METHODS, Calibration
from goemotions.errors import ModelError
from goemotions.evaluation.calibration_error import brier, calibration_error, calibration_figures, reliability_curve
from goemotions.evaluation.figures import CalibrationFigure
from goemotions.evaluation.fit_calibration import fit

EXACT = 1e-12
NAMES = ("common", "rare", "never")


def sample(seed: int, rows: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Logits three times as sure as they should be, and off by one; and truth."""
    generator = np.random.default_rng(seed)
    honest = generator.normal([-1.0, -3.5, -3.0], 1.2, (rows, 3))
    targets = (generator.random((rows, 3)) < 1 / (1 + np.exp(-honest))).astype(np.uint8)
    targets[:, 2] = 0
    return (3 * honest + 1).astype(np.float32), targets


def error_of_common(p: np.ndarray, targets: np.ndarray) -> CalibrationFigure:
    """Return the calibration error of the label "common"."""
    return calibration_figures(p, targets, NAMES, resamples=400).labels["common"].error


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


@pytest.mark.parametrize("method", METHODS)
def test_it_helps_on_other_data(method: str) -> None:
    made = fit(method, *sample(0), NAMES)
    logits, targets = sample(1)
    calibrated = made.apply(logits, NAMES)
    assert calibrated.dtype == np.float32
    before, after = (numbers(error_of_common(sigmoid(x), targets)) for x in (logits, calibrated))
    assert after.value < 0.6 * before.value
    assert after.high < before.low
    if method != "temperature":
        assert after.value < 0.03
        assert after.low < 0.015
    for column in range(3):  # the order of texts is kept
        order = np.argsort(logits[:, column])
        assert (np.diff(calibrated[order, column]) >= 0).all()
    again = Calibration.from_dict(json.loads(json.dumps(made.as_dict())), NAMES)
    assert np.array_equal(again.apply(logits, NAMES), calibrated)


def test_platt_finds_the_line() -> None:
    made = fit("platt", *sample(0, 40_000), NAMES)
    (x0, y0), (x1, y1) = made.knots["common"]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(1 / 3, abs=0.02)
    assert made.apply(np.array([[1, 1, 1]], np.float32), NAMES)[0, 0] == pytest.approx(0, abs=0.06)
    assert made.knots["never"] == [(-1.0, -1.0), (1.0, 1.0)]


def test_a_few_positives_prove_no_certainty() -> None:
    logits = np.linspace(-3, 3, 60, dtype=np.float32)[:, None]
    targets = (logits > 2.5).astype(np.uint8)
    for method in ("platt", "isotonic"):
        p = sigmoid(fit(method, logits, targets, ["a"]).apply(np.array([[50.0]], np.float32), ["a"]))
        assert p < 1 or method == "platt"
    assert sigmoid(fit("isotonic", logits, targets, ["a"]).apply(logits, ["a"])).max() <= 0.9991


def test_the_classifier_applies_it_before_thresholds(model_copy: Path, classifier: EmotionClassifier) -> None:
    path = model_copy / "config.json"
    config = json.loads(path.read_text())
    config["calibration"] = {"method": "platt", "knots": {label: [[-1, -2], [1, 0]] for label in LABELS}}
    path.write_text(json.dumps(config))
    calibrated = EmotionClassifier(model_copy)
    logits = classifier.score(CARD_TEXTS).logits
    assert calibrated.score(CARD_TEXTS).logits == pytest.approx(logits - 1, abs=1e-5)
    p = calibrated.predict_proba(CARD_TEXTS)
    assert p == pytest.approx(sigmoid(logits - 1), abs=1e-6)
    for row, found in zip(p, calibrated.predict(CARD_TEXTS), strict=True):
        assert set(found) == {
            label for label, value in zip(LABELS, row, strict=True) if value >= np.float32(calibrated.thresholds[label])
        }
    calibrated.save(model_copy.parent / "saved")
    assert np.array_equal(EmotionClassifier(model_copy.parent / "saved").predict_proba(CARD_TEXTS), p)


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "magic", "knots": {}},
        {"method": "platt"},
        {"method": "platt", "knots": {}},
        {"method": "platt", "knots": {label: [[1, 0], [0, 1]] for label in LABELS}},
        {"method": "platt", "knots": {label: [[0, 1], [1, 0]] for label in LABELS}},
        [1],
    ],
)
def test_a_damaged_calibration_is_an_error(model_copy: Path, wrong: object) -> None:
    path = model_copy / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"calibration": wrong}))
    with pytest.raises(ModelError, match="calibration"):
        EmotionClassifier(model_copy)


def test_curve_and_error_by_hand() -> None:
    p = np.array([0.05, 0.2, 0.2, 0.8, 0.8], np.float32)
    y = np.array([1, 0, 1, 1, 1], np.uint8)
    (only,) = reliability_curve(p, y)  # too few for two bins; 0.05 does not count
    assert only.predicted == pytest.approx(0.5)
    assert (only.observed, only.count) == (0.75, 4)
    assert calibration_error([only]) == pytest.approx(0.25)
    assert np.isnan(calibration_error(reliability_curve(p * 0, y)))
    many = reliability_curve(np.tile(p[1:], 50), np.tile(y[1:], 50))
    assert sum(point.count for point in many) == 200
    assert max(point.count for point in many) - min(point.count for point in many) <= 1


def test_interval_of_the_error() -> None:
    """It holds 0 where probabilities are right, which plain percentiles never do; and noise falls with the rows."""
    noise = []
    for rows in (1000, 9000):
        logits, targets = sample(5, rows)
        found = [error_of_common(sigmoid(x), targets) for x in ((logits - 1) / 3, logits)]
        (right, wrong), of_chance = map(numbers, found), [error.noise for error in found]
        assert of_chance[0] is not None
        assert of_chance[1] is not None
        assert (right.low, right.value > 0) == (0, True)
        assert right.value < 1.7 * of_chance[0]
        assert 0 < wrong.low < wrong.value <= wrong.high
        assert of_chance[1] < wrong.low
        noise.append(of_chance[0])
    assert noise[0] / noise[1] == pytest.approx(3, rel=0.3)


def test_calibration_of_nothing() -> None:
    found = calibration_figures(np.full((30, 1), 0.01), np.zeros((30, 1), np.uint8), ["a"], resamples=50)
    assert found.error == CalibrationFigure(None, None, None, None)
    assert found.labels["a"].brier_skill.value is None  # it is nowhere
    assert found.brier.value == pytest.approx(1e-4, abs=EXACT)


def test_curve_and_estimate_agree() -> None:
    logits, targets = sample(6, 700)
    p = sigmoid(logits)
    found = calibration_figures(p, targets, NAMES, resamples=50)
    assert found.error.value == pytest.approx(calibration_error(reliability_curve(p, targets)), abs=EXACT)
    everything = calibration_error(reliability_curve(p, targets, 0.0))
    assert found.error_of_all.value == pytest.approx(everything, abs=EXACT)
    for column, name in enumerate(NAMES):
        ours, (score, skill) = found.labels[name], (values[column] for values in brier(p, targets))
        curve = reliability_curve(p[:, column], targets[:, column])
        assert ours.error.value == pytest.approx(calibration_error(curve), abs=EXACT)
        assert ours.brier.value == pytest.approx(score, abs=EXACT)
        assert numbers(ours.brier).low < score < numbers(ours.brier).high
        if name != "never":
            assert ours.brier_skill.value == pytest.approx(skill, abs=EXACT)
            assert numbers(ours.brier_skill).low < skill < numbers(ours.brier_skill).high


def test_brier_as_scikit_learn() -> None:
    logits, targets = sample(3, 500)
    p = sigmoid(logits)
    score, skill = brier(p, targets)
    for column in range(3):
        assert score[column] == pytest.approx(brier_score_loss(targets[:, column], p[:, column]), abs=1e-12)
    assert skill[0] < 1
    assert np.isnan(skill[2])  # it is nowhere
    assert brier(np.tile(targets.mean(0), (500, 1)), targets)[1][:2] == pytest.approx([0, 0], abs=1e-12)
    with pytest.raises(ValueError, match="did you mean 'platt'"):
        fit("plat", logits, targets, NAMES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "centre", "scale", "least"),
    [
        (5427, -3, 1.0, 0.93),
        (5427, -3, 1.3, 0.86),
        (5427, -3, 2.0, 0.86),
        (5427, -1, 1.3, 0.86),
        (1000, -2, 1.0, 0.93),
        (1000, -2, 1.5, 0.86),
    ],
)
def test_coverage_of_the_error(rows: int, centre: float, scale: float, least: float) -> None:
    """Log odds about ``centre``, made ``scale`` times as sure as they should be. 400 draws, 300 resamples. Printed."""
    generator = np.random.default_rng(0)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        honest = generator.normal(centre, 1.2, (count, 1))
        return sigmoid(scale * honest), (generator.random((count, 1)) < sigmoid(honest)).astype(np.uint8)

    truth = calibration_error(reliability_curve(*drawn(4_000_000)))
    held, values = [], []
    for _ in range(400):
        found = calibration_figures(*drawn(rows), ["a"], 300, int(generator.integers(2**31))).error
        value, low, high = numbers(found)
        held.append(low <= truth + 2e-3 and truth <= high)  # of 0 a large sample leaves 0.001
        values.append(value)
    print(f"truth {truth:.4f}, mean figure {np.mean(values):.4f}, held by {np.mean(held):.3f}")
    assert np.mean(held) >= least
