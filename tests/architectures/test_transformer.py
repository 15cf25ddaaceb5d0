"""The ONNX architecture: a text's probabilities do not depend on its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from goemotions import EmotionClassifier
from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import find_model
from goemotions.data.corpus import Split
from goemotions.errors import ModelError
from goemotions.predictions import Scored

WORDS = "I you love hate this game so much thanks why not sorry congratulations wow 😀 ugh ! ?".split()


def in_batches(classifier: EmotionClassifier, texts: list[str], size: int, seed: int) -> np.ndarray:
    """Probabilities of texts scored in shuffled calls of ``size``, back in the texts' order."""
    order = np.random.default_rng(seed).permutation(len(texts))
    result = np.empty((len(texts), len(classifier.labels)), dtype=np.float32)
    for start in range(0, len(texts), size):
        part = order[start : start + size]
        result[part] = classifier.predict_proba([texts[i] for i in part])
    return result


def check_neighbours(classifier: EmotionClassifier, texts: list[str], allowed: float) -> None:
    alone = in_batches(classifier, texts, 1, seed=0)
    cuts = np.array(list(classifier.thresholds.values()), dtype=np.float32)
    clear = np.abs(alone - cuts) > allowed
    for size in (7, 64):
        together = in_batches(classifier, texts, size, seed=size)
        assert np.abs(together - alone).max() <= allowed
        assert np.array_equal((together >= cuts) & clear, (alone >= cuts) & clear)


def test_neighbours_do_not_matter(classifier: EmotionClassifier) -> None:
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.choice(WORDS, generator.integers(1, 60))) for _ in range(200)]
    check_neighbours(classifier, texts, allowed=1e-5)


def test_neighbours_do_not_matter_on_1500_test_rows(
    classifier: EmotionClassifier, official: Callable[[str], Split]
) -> None:
    check_neighbours(classifier, official("test").texts[:1500], allowed=1e-5)


def test_probabilities_are_the_sigmoid() -> None:
    logits = np.array([[-1e4, -3.0, 0.0, 3.0, 1e4]], dtype=np.float32)
    with np.errstate(all="raise", under="ignore"):
        probabilities = Scored(logits, np.zeros(1, bool)).probabilities
    assert probabilities.dtype == np.float32
    assert probabilities[0] == pytest.approx([0, 0.04742587, 0.5, 0.95257413, 1])


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(find_model("compact") / "tokenizer.json")


@settings(max_examples=50, deadline=None)
@given(words=st.integers(0, 60), max_length=st.integers(6, 20))
def test_windows_hold_every_token_in_order(words: int, max_length: int) -> None:
    tokenizer = TextTokenizer(find_model("compact") / "tokenizer.json")
    text = " ".join(str(n % 10) for n in range(words))
    whole = tokenizer.pieces([text], 10_000).ids[0][1:-1]
    pieces = tokenizer.pieces(["first", text], max_length, windows=True)
    assert not pieces.truncated.any()
    windows = pieces.ids[pieces.first[1] :]
    room = max_length - 2
    assert all(len(window) <= max_length for window in windows)
    assert windows[0][1:-1] == whole[:room]
    assert windows[-1][1:-1] == whole[-room:]
    assert len(windows) == max(1, -(-(len(whole) - room) // (room // 2)) + 1)


def test_cutting_keeps_the_special_tokens(tokenizer: TextTokenizer) -> None:
    pieces = tokenizer.pieces(["one two three four five six seven eight", "one two"], 6)
    assert pieces.truncated.tolist() == [True, False]
    assert len(pieces.ids[0]) == 6
    assert all(ids[0] == tokenizer.start and ids[-1] == tokenizer.end for ids in pieces.ids)


def test_special_tokens_in_a_text_are_text(tokenizer: TextTokenizer) -> None:
    ids = tokenizer.pieces(["a [SEP] b"], 100).ids[0]
    assert ids.count(tokenizer.end) == 1


def test_a_tokenizer_without_special_tokens_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    Tokenizer(WordLevel({"a": 0}, unk_token="a")).save(str(path))
    with pytest.raises(ModelError, match="one special token before and one after"):
        TextTokenizer(path)
