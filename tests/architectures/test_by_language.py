"""The model ``auto``: English texts to compact, others to multilingual, text by text, as each would answer alone."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from environments import Environment

from goemotions import EmotionClassifier
from goemotions.catalog import MODELS, find_model
from goemotions.checkpoint import read_config
from goemotions.errors import ModelError
from goemotions.predictions import PredictOptions

ENGLISH = ["Thank you so much for all that you did!", "This is absolutely outrageous and I'm furious."]
OTHERS = [
    "Grazie mille, sei stata davvero gentilissima!",
    "Vielen Dank für alles, ich freue mich sehr.",
    "정말 고맙습니다",
]


@pytest.fixture(scope="module")
def auto() -> EmotionClassifier:
    return EmotionClassifier("auto")


@pytest.fixture(scope="module")
def multilingual() -> EmotionClassifier:
    return EmotionClassifier("multilingual")


def test_each_text_is_answered_as_by_the_model_of_its_language(
    auto: EmotionClassifier, classifier: EmotionClassifier, multilingual: EmotionClassifier
) -> None:
    mixed = [ENGLISH[0], OTHERS[0], OTHERS[1], ENGLISH[1], OTHERS[2]]
    expected = [
        classifier.predict(ENGLISH[:1]), multilingual.predict(OTHERS[:1]), multilingual.predict(OTHERS[1:2]),
        classifier.predict(ENGLISH[1:]), multilingual.predict(OTHERS[2:]),
    ]  # fmt: skip
    assert auto.predict(mixed) == [one for each in expected for one in each]
    assert [each.language for each in auto.predictions(mixed)] == ["en", "it", "de", "en", "ko"]
    overlapped = auto.compute(auto.prepare(mixed))
    assert np.abs(overlapped.probabilities - auto.predict_proba(mixed)).max() < 1e-6
    assert overlapped.tags == ["en", "it", "de", "en", "ko"]


def test_thresholds_are_those_of_the_model_that_answers(
    auto: EmotionClassifier, classifier: EmotionClassifier, multilingual: EmotionClassifier
) -> None:
    assert auto.thresholds.of("en") == classifier.thresholds
    assert auto.thresholds.of("en").beside == classifier.thresholds.beside
    assert auto.thresholds.of("it") == multilingual.thresholds.of("it") != multilingual.thresholds
    assert auto.thresholds.of("und") == classifier.thresholds
    assert auto.predict(ENGLISH + OTHERS, threshold=0.99) == [
        *classifier.predict(ENGLISH, threshold=0.99), *multilingual.predict(OTHERS, threshold=0.99),
    ]  # fmt: skip
    only = auto.predict(ENGLISH + OTHERS, threshold={"gratitude": 1.0})
    assert "gratitude" not in {label for emotions in only for label in emotions}
    again: EmotionClassifier = pickle.loads(pickle.dumps(auto))
    assert again.predict(ENGLISH + OTHERS) == auto.predict(ENGLISH + OTHERS)


def test_texts_that_are_unsure_go_with_most_of_the_others(auto: EmotionClassifier) -> None:
    assert [each.language for each in auto.predictions([*OTHERS[:1], "Super!", "😂", ""])] == ["it"] * 4
    assert [each.language for each in auto.predictions([*ENGLISH, OTHERS[0], "Super!"])] == ["en", "en", "it", "en"]
    assert [each.language for each in auto.predictions(["😂", ""])] == ["und", "und"]
    assert auto.predict([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "<s> Thank you that you came </s>",
        "ⴰⵣⵓⵍ ⴰⵎⴷⴷⴰⴽⵍ",
        "Ich bin so happy, danke you all!",
        "שלום תודה רבה",
        "I love this фильм, 정말 최고, grazie!",
        "\u202eשלום\u202c thank you \u200f",  # noqa: RUF001
        "я" * 1_000_000,
        "é" * 1_000_000,
        "😂" * 100_000,
        "\ud800",
    ],
)
def test_awkward_texts_have_an_answer(auto: EmotionClassifier, multilingual: EmotionClassifier, text: str) -> None:
    for model in (auto, multilingual):
        assert np.isfinite(model.score([text]).probabilities).all()


def test_special_tokens_in_a_text_are_text(auto: EmotionClassifier) -> None:
    """The models read them as the signs they are: three more make three tokens or more, not the end of the text."""
    for name in ("compact", "auto"):
        model = EmotionClassifier(name)
        prepared = model.prepare(["Thank you that you came", "Thank you that you came </s></s></s>"])
        if isinstance(prepared.rows, list):
            assert len(prepared.rows[1]) >= len(prepared.rows[0]) + 3


def test_no_piece_of_a_text_is_a_special_token(classifier: EmotionClassifier, multilingual: EmotionClassifier) -> None:
    for model in (classifier, multilingual):
        special = json.loads((model.directory / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
        rows = model.prepare([f"Thank {token['content']} you" for token in special]).rows
        assert len(rows) == len(special) == 5
        ids = {token["id"] for token in special}
        for row in rows:
            assert isinstance(row, list)
            assert ids & set(row) == {row[0], row[-1]}
            assert len(row) >= 2 + 2 + 3


def test_a_language_that_is_not_read_is_said_once(classifier: EmotionClassifier, auto: EmotionClassifier) -> None:
    with pytest.warns(
        UserWarning, match="3 of 5 texts seem to be in languages that the model compact does not"
    ) as said:
        classifier.predict(ENGLISH + OTHERS)
    assert len(said) == 1
    assert said[0].filename == __file__
    with pytest.warns(UserWarning, match=r"2 of 3 texts .*\(2 Georgian\)"):
        auto.predict_proba(["დიდი მადლობა", "ძალიან კარგი", ENGLISH[0]])


def test_states_are_of_one_model(auto: EmotionClassifier) -> None:
    with pytest.raises(ModelError, match="use one of them"):
        auto.states(ENGLISH)


def test_without_the_identifier_all_texts_have_the_common_thresholds(tmp_path: Path) -> None:
    """The model still answers, and says so once."""
    code = (
        "from goemotions import EmotionClassifier\n"
        f"model = EmotionClassifier({str(find_model('multilingual'))!r})\n"
        "found = model.predictions(['Grazie mille a tutti!'])[0]\n"
        "print(found.language, found.thresholds, *found.emotions)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=Environment().variables(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.stdout == "None all gratitude\n", done.stderr
    assert done.stderr.count("multilingual decides every text by its thresholds for en: telling") == 1
    assert "[languages]" in done.stderr


def test_options_that_it_has_no_use_for() -> None:
    with pytest.raises(ModelError, match="auto is several models, each as it is: leave out encoder"):
        EmotionClassifier("auto", encoder="use-v4")


def test_directories_that_name_no_shipped_models(tmp_path: Path) -> None:
    whole = json.loads((MODELS / "auto" / "config.json").read_text(encoding="utf-8"))
    for models, message in (
        ({"en": "compact"}, "models must name shipped models"),
        ({"en": "compact", "rest": "auto"}, "'auto' is not shipped"),
        ({"rest": "org/name"}, "'org/name' is not shipped"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(whole | {"models": models}))
        with pytest.raises(ModelError, match=message):
            read_config(tmp_path)


def test_what_is_missing_is_named(cli: Run, tmp_path: Path) -> None:
    done = cli("predict", "--model", "auto", "Thank you!", env=Environment().variables(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: the model multilingual is a package of its own: pip install ")


def test_thresholds_of_a_language(model_copy: Path) -> None:
    path = model_copy / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["thresholds_by_language"] = {"it": {"thresholds": {"neutral": 0.99}}}
    path.write_text(json.dumps(config), encoding="utf-8")
    model = EmotionClassifier(model_copy)
    texts = ["Il treno parte alle otto di sera dalla stazione.", "The train leaves at eight from the station."]
    assert model.thresholds.of("it")["neutral"] == 0.99
    assert model.thresholds.of("it")["joy"] == model.thresholds.of("en")["joy"]
    found = model.predictions(texts)
    assert ["neutral" in each.emotions for each in found] == [False, True]
    assert "neutral" in model.predictions(texts, PredictOptions(threshold={"neutral": 0.1}))[0].emotions
    model.save(model_copy.with_name("saved"))
    assert EmotionClassifier(model_copy.with_name("saved")).thresholds.of("it")["neutral"] == 0.99
    EmotionClassifier(model_copy, threshold=0.3).save(model_copy.with_name("one"))
    assert EmotionClassifier(model_copy.with_name("one")).thresholds.of("it")["neutral"] == 0.3
    for wrong, message in (
        ({"xx": {}}, "languages that are not told apart: xx"),
        ({"it": {"thresholds": {"jy": 0.5}}}, "thresholds_by_language of it: thresholds for labels the model does not"),
        ({"it": {"thresholds": {"joy": 2}}}, "threshold of joy must be from 0 to 1"),
        ({"it": 3}, "of it must be an object"),
    ):
        path.write_text(json.dumps(config | {"thresholds_by_language": wrong}), encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            read_config(model_copy)
