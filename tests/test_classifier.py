"""The public behaviour of EmotionClassifier, on the bundled model."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest
from conftest import CARD_TEXTS

from goemotions import LABELS, EmotionClassifier
from goemotions.errors import ModelError, TruncatedTextWarning

STRANGE = [
    "",
    " \t\n",
    "😀😭",
    "\x00",
    "\ud800 lone surrogate",
    "ﷺ नमस्ते 你好",
    "[SEP] [PAD]",
    "a" * 500,
    "e\u0301" * 40,
]


def test_the_cards_sentences(classifier: EmotionClassifier) -> None:
    amazed, furious, nervous = classifier.predict(CARD_TEXTS)
    assert "surprise" in amazed or "admiration" in amazed
    assert next(iter(furious)) in ("anger", "annoyance")
    assert {"nervousness", "fear"} & set(nervous)


def test_attributes(classifier: EmotionClassifier) -> None:
    assert classifier.labels == LABELS
    assert classifier.device == "cpu"
    assert classifier.threshold == 0.5
    assert list(classifier.thresholds) == list(LABELS)
    assert set(classifier.unreliable_labels) >= {"grief", "relief", "pride", "nervousness"}


def test_one_dict_a_text_highest_first_four_decimals(classifier: EmotionClassifier) -> None:
    results = classifier.predict(iter(CARD_TEXTS), threshold=0)
    probabilities = classifier.predict_proba(CARD_TEXTS)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (3, 28)
    for result, row in zip(results, probabilities, strict=True):
        assert len(result) == 28
        assert list(result.values()) == sorted(result.values(), reverse=True)
        assert all(type(score) is float and score == round(score, 4) for score in result.values())
        assert result == {label: round(float(p), 4) for label, p in zip(LABELS, row, strict=True)}


def test_thresholds(classifier: EmotionClassifier) -> None:
    probabilities = dict(zip(LABELS, classifier.predict_proba(CARD_TEXTS[:1])[0], strict=True))
    own = {label for label in LABELS if probabilities[label] >= classifier.thresholds[label]}
    assert set(classifier.predict(CARD_TEXTS[:1])[0]) == own
    assert set(classifier.predict(CARD_TEXTS[:1], threshold=0.2)[0]) == {
        k for k, p in probabilities.items() if p >= 0.2
    }
    assert set(classifier.predict(CARD_TEXTS[:1], threshold={"grief": 0})[0]) == own | {"grief"}
    assert classifier.predict(CARD_TEXTS[:1], threshold=1.0) == [{}]


def test_the_threshold_is_compared_before_rounding(classifier: EmotionClassifier) -> None:
    probability = float(classifier.predict_proba(CARD_TEXTS[:1])[0].max())
    assert classifier.predict(CARD_TEXTS[:1], threshold=probability) != [{}]
    assert classifier.predict(CARD_TEXTS[:1], threshold=np.nextafter(np.float32(probability), np.float32(1))) == [{}]


def test_thresholds_given_at_construction() -> None:
    clf = EmotionClassifier(threshold=0)
    assert clf.threshold == 0
    assert len(clf.predict(["hello"])[0]) == 28
    assert EmotionClassifier(threshold={"joy": 0.9}).thresholds["joy"] == 0.9


def test_top_k_and_reliable_only(classifier: EmotionClassifier) -> None:
    assert [len(found) for found in classifier.predict(CARD_TEXTS, threshold=0, top_k=2)] == [2, 2, 2]
    reliable = classifier.predict(CARD_TEXTS, threshold=0, reliable_only=True)
    assert all(set(found) == set(LABELS) - set(classifier.unreliable_labels) for found in reliable)
    with pytest.raises(ValueError, match="top_k"):
        classifier.predict(CARD_TEXTS, top_k=0)
    with pytest.raises(TypeError, match=r"top_k must be a whole number of at least 1, got '2' \(str\)"):
        classifier.predict(CARD_TEXTS, top_k="2")  # type: ignore[arg-type]


def test_no_texts(classifier: EmotionClassifier) -> None:
    assert classifier.predict([]) == []
    assert classifier.predict_proba([]).shape == (0, 28)


@pytest.mark.parametrize("text", STRANGE)
def test_any_str_is_valid(classifier: EmotionClassifier, text: str) -> None:
    assert np.isfinite(classifier.score([text]).logits).all()


def test_a_blank_text_has_no_emotions(classifier: EmotionClassifier) -> None:
    """Fault 5: an empty text was neutral at some doors and without emotions at others."""
    assert classifier.predict(["", " \n\u3000", "thanks!"], threshold=0)[:2] == [{}, {}]
    assert classifier.predict_proba([""]).shape == (1, 28)


@pytest.mark.parametrize(
    "frame",
    [pandas.DataFrame({"text": ["a"]}), pyarrow.table({"text": ["a"]}), {"text": ["a"]}],
    ids=["pandas", "pyarrow", "dict"],
)
def test_a_frame_is_an_error_that_names_the_column(classifier: EmotionClassifier, frame: Any) -> None:
    """Fault 5: the names of a frame's columns were scored."""
    with pytest.raises(TypeError, match=r'give one of its columns, frame\["text"\], or let annotate\('):
        classifier.predict(frame)


def test_a_column_of_a_frame_is_read(classifier: EmotionClassifier) -> None:
    column = pandas.DataFrame({"text": ["thanks!", "hello"]})["text"]
    assert classifier.predict(column) == classifier.predict(["thanks!", "hello"])
    for missing in (None, float("nan"), pandas.NA):
        with pytest.raises(TypeError, match=r"texts\[1\] must be a str.*leave missing values out"):
            classifier.predict(pandas.Series(["a", missing], dtype=object))


def test_a_bare_str_is_an_error(classifier: EmotionClassifier) -> None:
    with pytest.raises(TypeError, match=r"bare str: put it in a list"):
        classifier.predict("hello")


@pytest.mark.parametrize("wrong", [None, 3, 0.5, b"bytes", ["nested"], float("nan")])
def test_an_element_that_is_no_str_is_named(classifier: EmotionClassifier, wrong: object) -> None:
    with pytest.raises(TypeError, match=r"texts\[1\] must be a str"):
        classifier.predict(["fine", wrong])  # type: ignore[list-item]


@pytest.mark.parametrize("wrong", [None, 7])
def test_not_a_list(classifier: EmotionClassifier, wrong: object) -> None:
    with pytest.raises(TypeError, match="must be a list of str"):
        classifier.predict(wrong)  # type: ignore[arg-type]


def test_unknown_parameters_are_errors(classifier: EmotionClassifier) -> None:
    with pytest.raises(TypeError):
        classifier.predict(["a"], return_all_scores=True)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="long_text"):
        classifier.predict(["a"], long_text="truncate")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="device must be"):
        EmotionClassifier(device="cuda")
    with pytest.raises(ValueError, match="threads must be at least 1"):
        EmotionClassifier(threads=0)


def test_long_texts_are_cut_and_counted(classifier: EmotionClassifier) -> None:
    long = "The weather is the same as yesterday. " * 60 + "I am so grateful, thank you so much!"
    with pytest.warns(TruncatedTextWarning, match="1 of 2 texts"):
        cut = classifier.predict([long, "short"])[0]
    assert "gratitude" not in cut
    assert classifier.score([long, "short"]).truncated.tolist() == [True, False]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "gratitude" in classifier.predict([long, "short"], long_text="windows")[0]
    assert not classifier.score([long], long_text="windows").truncated.any()


def test_a_megabyte_of_text(classifier: EmotionClassifier) -> None:
    text = "I love this. " * 80_000
    assert len(text) > 1_000_000
    assert classifier.score([text]).truncated.all()
    short = classifier.predict_proba(["I love this. " * 40], long_text="windows")
    # A part of it: each window takes as long as a text.
    assert np.abs(classifier.predict_proba([text[:30_000]], long_text="windows") - short).max() < 0.1


def test_windows_do_not_change_short_texts(classifier: EmotionClassifier) -> None:
    assert np.array_equal(
        classifier.predict_proba(CARD_TEXTS), classifier.predict_proba(CARD_TEXTS, long_text="windows")
    )


def test_several_threads_at_once(classifier: EmotionClassifier) -> None:
    texts = [f"{text} {number}" for number in range(40) for text in CARD_TEXTS]
    expected = classifier.predict(texts)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: classifier.predict(texts), range(16)):
            assert got == expected


def test_threads_and_batch_size_do_not_change_results(classifier: EmotionClassifier) -> None:
    expected = classifier.predict_proba(CARD_TEXTS)
    other = EmotionClassifier(threads=1, batch_size=1).predict_proba(CARD_TEXTS)
    assert np.abs(other - expected).max() <= 1e-5


def test_save_and_load(classifier: EmotionClassifier, tmp_path: Path) -> None:
    changed = EmotionClassifier(threshold={"joy": 0.77})
    changed.save(tmp_path / "saved")
    changed.save(tmp_path / "saved")  # again, over the first
    loaded = EmotionClassifier(tmp_path / "saved")
    assert loaded.thresholds == classifier.thresholds | {"joy": 0.77}
    assert np.array_equal(loaded.predict_proba(CARD_TEXTS), classifier.predict_proba(CARD_TEXTS))
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_a_set_is_an_error_for_its_order_is_that_of_no_answers(classifier: EmotionClassifier) -> None:
    with pytest.raises(TypeError, match="got a set, which has no order for answers"):
        classifier.predict({"thanks!", "hello"})


def test_arrow_arrays_are_read(classifier: EmotionClassifier) -> None:
    assert classifier.predict(pyarrow.array(["thanks!"])) == classifier.predict(["thanks!"])
