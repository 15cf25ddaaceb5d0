import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from goemotions.predictions import Thresholds, accepted, reached
from goemotions.thresholds import resolve, tune, tune_beside

OWN = {"joy": 0.3, "grief": 0.1, "neutral": 0.5}


def test_resolve() -> None:
    assert resolve(None, OWN) == OWN
    assert resolve(0, OWN) == dict.fromkeys(OWN, 0.0)
    assert resolve({"grief": 1}, OWN) == OWN | {"grief": 1.0}
    assert list(resolve({"neutral": 0.2}, OWN)) == list(OWN)


@pytest.mark.parametrize("wrong", [-0.1, 1.01, float("nan"), float("inf"), {"joy": 2}])
def test_out_of_range(wrong: float) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        resolve(wrong, OWN)


@pytest.mark.parametrize("wrong", ["0.5", True, [0.5], {"joy": None}])
def test_not_a_number(wrong: float) -> None:
    with pytest.raises(TypeError, match="must be a number from 0 to 1"):
        resolve(wrong, OWN)


def test_unknown_label_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown label 'greif'; did you mean 'grief'"):
        resolve({"greif": 0.5}, OWN)


def test_a_probability_equal_to_its_threshold_is_accepted() -> None:
    # 0.35 in float32 is below 0.35 in float64.
    assert reached(np.array([[0.35]], dtype=np.float32), [0.35]).all()


RULE = Thresholds({"joy": 0.3, "neutral": 0.5}, {"neutral": 0.8})
ROWS = np.array([[0.4, 0.6], [0.2, 0.6], [0.4, 0.9], [0.1, 0.1]], dtype=np.float32)


def test_a_label_beside_another_may_need_more() -> None:
    assert accepted(ROWS, RULE).tolist() == [[True, False], [False, True], [True, True], [False, False]]
    assert accepted(ROWS, dict(RULE))[0].tolist() == [True, True]


def test_thresholds_that_are_set_are_not_held_back() -> None:
    assert resolve(None, RULE).beside == {"neutral": 0.8}
    assert resolve({"joy": 0.1}, RULE).beside == {"neutral": 0.8}
    assert resolve({"neutral": 0.5}, RULE).beside == resolve(0.5, RULE).beside == {}
    assert resolve(resolve({"joy": 0.1}, RULE), RULE).beside == {"neutral": 0.8}  # resolved twice


def test_the_rule_survives_copies() -> None:
    for copied in (pickle.loads(pickle.dumps(RULE)), copy.deepcopy(RULE)):
        assert (copied, copied.beside) == (RULE, RULE.beside)


def test_the_rule_is_tuned_to_have_most_rows_right() -> None:
    targets = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=np.uint8)
    found = tune_beside(ROWS, targets, {"joy": 0.3, "neutral": 0.5})
    assert 0.6 < found.beside["neutral"] <= 0.9
    assert (accepted(ROWS, found) == targets).all()
    assert tune_beside(ROWS, targets, {"joy": 0.3, "other": 0.5}).beside == {}
    both = np.array([[1, 1], [0, 1], [1, 1], [0, 0]], dtype=np.uint8)
    assert tune_beside(ROWS, both, {"joy": 0.3, "neutral": 0.5}).beside == {}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40))
def test_tune_finds_the_best_f1(rows: list[tuple[int, bool]]) -> None:
    probabilities = np.array([[p / 20] for p, _ in rows], dtype=np.float32)
    targets = np.array([[y] for _, y in rows], dtype=np.uint8)
    cut = tune(probabilities, targets, ["joy"], smoothing=0)["joy"]

    def f1(threshold: float) -> float:
        return float(f1_score(targets, reached(probabilities, [threshold]), zero_division=0))

    if not targets.any():
        assert cut == 0.5
    else:
        assert f1(cut) == pytest.approx(max(f1(t / 40) for t in range(41)))


def test_smoothing_steadies_thresholds() -> None:
    """Tuned on random halves, a smoothed threshold moves less than the exact maximum of F1."""
    generator = np.random.default_rng(0)
    truth = np.concatenate([np.ones(60), np.zeros(2000)]).astype(np.uint8)
    log_odds = np.concatenate([generator.normal(-1, 0.6, 60), generator.normal(-4, 0.9, 2000)])
    scores = (1 / (1 + np.exp(-log_odds))).astype(np.float32)[:, None]
    halves = [generator.permutation(len(truth)) % 2 == 0 for _ in range(40)]

    def spread(smoothing: float) -> float:
        cuts = [tune(scores[half], truth[half, None], ["joy"], smoothing)["joy"] for half in halves]
        return float(np.std(cuts))

    assert spread(0.3) < 0.8 * spread(0)
    assert 0.1 < tune(scores, truth[:, None], ["joy"])["joy"] < 0.3
    assert tune(scores, truth[:, None] * 0, ["joy"])["joy"] == 0.5
