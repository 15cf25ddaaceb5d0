"""What each word adds: exactly what the model says without it, alone as in a batch, for every kind of model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import USE_HEAD
from own_rows import own_rows

from goemotions import EmotionClassifier, Explanation, fit
from goemotions.explaining import leave_out
from goemotions.explaining.words import without
from goemotions.predictions import Scored

TEXTS = [
    "Thank you so much, you made my day!",
    "I'm not happy with this at all!",
    "thanks❤️",
    "",
    "so 😡😡😡",
    "No.",
    " \n",
    "I can't wait to see you!",
]


def check_exact(classifier: EmotionClassifier, text: str, explained: Explanation) -> None:
    """Check that each effect is what the label's log odds lose without the word, and each phrase's too."""
    spans = explained.positions
    parts = [(span.start, span.end) for span in spans]
    parts += [(spans[phrase.first].start, spans[phrase.last].end) for phrase in explained.phrases]
    logits = classifier.score([text, *(without(text, *part) for part in parts)]).logits
    lost = logits[0] - logits[1:]
    for column, label in enumerate(classifier.labels):
        found = explained.effects[label] + [phrase.effects[label] for phrase in explained.phrases]
        assert found == pytest.approx(lost[:, column].tolist(), abs=1e-5)


def test_an_effect_is_what_the_log_odds_lose_without_the_word(classifier: EmotionClassifier) -> None:
    for text, explained in zip(TEXTS, classifier.explain(TEXTS), strict=True):
        assert list(explained.effects) == list(classifier.labels)
        assert [text[start:end] for start, end in explained.positions] == list(explained.words)
        assert not explained.truncated
        check_exact(classifier, text, explained)


def test_a_text_alone_and_among_others_is_explained_alike(classifier: EmotionClassifier) -> None:
    together = classifier.explain(TEXTS * 2)
    assert together[: len(TEXTS)] == together[len(TEXTS) :]
    for text, beside in zip(TEXTS, together, strict=False):
        alone = classifier.explain([text])[0]
        assert alone.words == beside.words
        assert [(p.first, p.last) for p in alone.phrases] == [(p.first, p.last) for p in beside.phrases]
        for label in classifier.labels:
            assert alone.effects[label] == pytest.approx(beside.effects[label], abs=1e-5)


def test_words_speak_for_and_against_emoji_and_negations_too(classifier: EmotionClassifier) -> None:
    thanks, negated, heart, empty, angry, _, blank, _ = classifier.explain(TEXTS)
    assert thanks.strongest("gratitude", 1)[0].text == "Thank"
    effects = dict(zip(negated.words, negated.effects["joy"], strict=True))
    assert effects["not"] < -1 < 0 < effects["happy"]
    assert [(phrase.text, phrase.first, phrase.last) for phrase in negated.phrases] == [("not happy", 1, 2)]
    assert negated.strongest("disappointment", 1)[0].text == "not happy"
    assert heart.words == ("thanks", "❤️")
    assert heart.effects["love"][1] > 0.5
    assert angry.effects["anger"][1] > 2
    assert empty.words == blank.words == ()
    assert empty.effects["joy"] == []


def test_a_text_longer_than_the_model_reads(classifier: EmotionClassifier) -> None:
    """Leaving a word out of what is read brings in no word from beyond."""
    text = "I am so grateful. " + "the bus came again, " * 60 + "I hate all of it!"
    explained = classifier.explain([text, "Thank you!"])[0]
    assert explained.truncated
    end = explained.positions[-1].end
    shorter = text[:end]
    assert not classifier.score([shorter]).truncated[0]
    assert classifier.score([text[: end + len(" came again")]]).truncated[0]
    assert "hate" not in explained.words
    assert explained.effects["gratitude"][3] > 1
    check_exact(classifier, shorter, explained)
    one_word = classifier.explain(["ab" * 5000])[0]
    assert len(one_word.words) == 1


def test_labels_can_be_chosen(classifier: EmotionClassifier) -> None:
    explained = classifier.explain(TEXTS, labels=["joy", "anger", "joy"])[1]
    assert list(explained.effects) == ["joy", "anger"]
    assert explained.effects["joy"] == classifier.explain(TEXTS[1:2])[0].effects["joy"]
    assert [list(phrase.effects) for phrase in explained.phrases] == [["joy", "anger"]]  # of "not happy"


def test_wrong_labels_and_texts_are_named(classifier: EmotionClassifier) -> None:
    with pytest.raises(ValueError, match=r"no label 'Joyful', 'x'; did you mean 'joy'\?; it has admiration, "):
        classifier.explain(TEXTS, labels=["Joyful", "anger", "x"])
    with pytest.raises(TypeError, match=r"labels must be a list of str, got a bare str: put it in a list, \['joy'\]"):
        classifier.explain(TEXTS, labels="joy")
    with pytest.raises(TypeError, match="got 3 among them"):
        classifier.explain(TEXTS, labels=[3])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="bare str"):
        classifier.explain("Thanks")
    assert classifier.explain([]) == []


def test_variants_are_scored_many_at_a_time_and_the_same_one_once(classifier: EmotionClassifier) -> None:
    asked: list[list[str]] = []

    def score(texts: list[str]) -> Scored:
        asked.append(texts)
        return classifier.score(texts)

    leave_out.explain(score, [f"I am number {number} here" for number in range(50)] * 3, classifier.labels, None)
    texts, variants = asked[0], asked[1]
    assert len(texts) == 50
    assert len(variants) == len(set(variants)) == 50 * 4 + 1
    assert len(asked) <= 3


def test_memory_is_bounded_by_blocks(monkeypatch: pytest.MonkeyPatch, classifier: EmotionClassifier) -> None:
    whole = classifier.explain(TEXTS)
    monkeypatch.setattr(leave_out, "VARIANTS", 10)
    assert [len(block) for block in leave_out.blocks(TEXTS)] == [1, 2, 5]
    parts = classifier.explain(TEXTS)
    for one, other in zip(whole, parts, strict=True):
        assert one.words == other.words
        assert np.allclose(one.effects["joy"], other.effects["joy"], atol=1e-5)


def test_models_of_ones_own_labels_and_models_on_embeddings_are_explained_too(tmp_path: Path) -> None:
    texts, labels = own_rows(60)
    fitted = fit(texts, labels)
    explained = fitted.explain(texts[:3])
    assert list(explained[0].effects) == list(fitted.labels)
    for text, found in zip(texts[:3], explained, strict=True):
        check_exact(fitted, text, found)
    head = EmotionClassifier(USE_HEAD)
    text = "Grazie mille, non sono arrabbiato!"
    check_exact(head, text, head.explain([text])[0])


def test_json_has_four_decimals_and_the_labels_asked_for(classifier: EmotionClassifier) -> None:
    explained = classifier.explain(TEXTS[1:2])[0]
    made = explained.as_json(["joy"])
    assert made["words"][1] == {"word": "not", "start": 4, "end": 7}
    assert made["effects"] == {"joy": [round(effect, 4) for effect in explained.effects["joy"]]}
    assert made["phrases"] == [
        {
            "phrase": "not happy",
            "first": 1,
            "last": 2,
            "effects": {"joy": round(explained.phrases[0].effects["joy"], 4)},
        }
    ]


def test_what_a_notebook_shows_is_short(classifier: EmotionClassifier) -> None:
    """It was all numbers of all labels, thousands of characters."""
    shown = repr(classifier.explain(["Thanks, that was great but sad", "Thanks", ""]))
    assert "<Explanation of 6 words: gratitude (Thanks, that was great +" in shown
    assert "sadness (sad +" in shown
    assert "<Explanation of 1 word: gratitude (Thanks +" in shown
    assert shown.endswith("<Explanation of no words>]")
