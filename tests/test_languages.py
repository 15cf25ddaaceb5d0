"""The language of texts: told by letters, by common words, by py3langid; guesses, and what has no language."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from environments import Environment

from goemotions import EmotionClassifier
from goemotions.languages import NAMES, OTHER, RARE, UNKNOWN, Found, identify, languages_of, settled, unread_note, usual

SENTENCES = {
    "en": "I can't believe that you did this for me, thank you!",
    "de": "Ich freue mich sehr über dieses schöne Geschenk.",
    "es": "No puedo creer lo que has hecho por mí, muchas gracias.",
    "fr": "Je suis vraiment désolé de ce qui s'est passé hier.",
    "hi": "मुझे यह बहुत पसंद आया",
    "it": "Non riesco a credere a quello che è successo ieri sera.",
    "ko": "정말 고맙습니다",
    "nl": "Ik ben zo blij dat jullie vandaag gekomen zijn.",
    "pl": "Bardzo się cieszę, że przyszedłeś dzisiaj do nas.",
    "pt": "Não acredito que você fez isso por mim, muito obrigado.",
    "ro": "Îmi pare foarte rău pentru ce s-a întâmplat ieri.",
    "ru": "Я очень рад, что ты пришёл!",
    "sv": "Jag är så glad att ni kunde komma hit idag.",
    "tr": "Bugün geldiğiniz için çok mutluyum, teşekkür ederim.",
    "uk": "Дуже дякую, що прийшли сьогодні!",
    "zh": "我今天非常高兴",
    "ja": "今日はとても嬉しいです",
    "fa": "خیلی خوشحالم که امروز آمدید",
    "ur": "مجھے بہت خوشی ہوئی کہ آپ آئے",
    "ar": "أنا سعيد جدا لأنك جئت اليوم",
    "he": "אני כל כך שמח שבאת היום",
    "el": "Είμαι πολύ χαρούμενος σήμερα",
    "fi": "Olen niin iloinen, että tulitte tänään käymään.",
    "ka": "დიდი მადლობა",
    "sr": "Хвала вам, љубави моја",
}


def test_sentences() -> None:
    found = identify(list(SENTENCES.values()))
    assert dict(zip(SENTENCES, found.tags.tolist(), strict=True)) == {tag: tag for tag in SENTENCES}
    assert found.sure.all()
    assert set(SENTENCES) <= set(NAMES)


@pytest.mark.parametrize(
    "text",
    ["", " \n", "😂😂", "12.50 €", "https://example.org/the/and/you", "@the_and_you", "…", "\u200e\u200f", "\ud800"],
)
def test_no_letters_have_no_language(text: str) -> None:
    assert (identify([text]).tags.tolist(), identify([text]).sure.tolist()) == ([UNKNOWN], [False])


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", OTHER),
        ("спасибо", "ru"),
        ("شكرا", "ar"),
        ("Щиро дякую за допомогу!", "uk"),  # without a letter that Russian does not have
        ("Дякую, вы лучшие", "ru"),  # with one that Ukrainian does not have
    ],
)
def test_letters_that_are_not_latin_are_never_taken_for_english(text: str, tag: str) -> None:
    assert identify([text]).tags.tolist() == [tag]
    assert identify([text]).sure.all()


@pytest.mark.parametrize("text", ["ok", "no", "hi", "haha", "Super!", "Mmm", "Grazie!", "word " * 300])
def test_guesses(text: str) -> None:
    assert not identify([text]).sure[0]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Ich bin so happy, this is the best Tag meines Lebens, danke euch allen!", "de"),
        ("我爱你 so much, thank you that you are here", "en"),
        ("今天真的很开心 thanks 大家都来了 love", "zh"),
        ("שלום, thank you, תודה רבה לכולם", "he"),
        ("Ⅳ <s> I think that this is good </s>", "en"),
    ],
)
def test_mixed_texts_have_the_language_of_most_of_their_letters(text: str, tag: str) -> None:
    assert identify([text]).tags.tolist() == [tag]


@pytest.mark.parametrize("character", ["a", "я", "ж", "你", "ب", "\u0301", " ", "😀", "<s>"])
def test_a_megabyte_of_one_character_takes_no_time(character: str) -> None:
    assert identify([character * 1_000_000]).tags.shape == (1,)


def test_guesses_go_with_the_majority() -> None:
    found = Found(np.array(["it", "it", "en", "pt", UNKNOWN]), np.array([True, True, True, False, False]))
    assert usual(found) == "it"
    assert settled(found, "it").tolist() == ["it", "it", "en", "it", "it"]
    unsure = Found(found.tags, np.zeros(5, bool))
    assert usual(unsure) == UNKNOWN
    assert settled(unsure, UNKNOWN).tolist() == found.tags.tolist()
    assert languages_of(["hi", "Grazie!"]).tolist() == [UNKNOWN, UNKNOWN]
    assert UNKNOWN not in languages_of(["hi", "Grazie!"], guesses=True)
    assert usual(identify([])) == UNKNOWN
    assert usual(Found(np.array(["it", "en"]), np.ones(2, bool))) == UNKNOWN  # neither is most of them


def test_a_text_too_short_to_tell_is_not_looked_at_where_guesses_do_not_count() -> None:
    """The identifier, half a second of a core to load, was asked about "hi" and its answer thrown away."""
    texts = [*SENTENCES.values(), "hi", "Grazie!", "ok ok ok ok ok", "", "tack så"]
    every, sure = identify(texts), identify(texts, guesses=False)
    assert sure.sure.tolist() == every.sure.tolist()
    assert np.where(every.sure, every.tags, UNKNOWN).tolist()[: len(SENTENCES)] == sure.tags.tolist()[: len(SENTENCES)]
    assert sure.tags.tolist()[-5:] == [UNKNOWN] * 5
    code = (
        "import sys\n"
        "from goemotions import EmotionClassifier\n"
        "EmotionClassifier().predict(['hi', 'Grazie!'])\n"
        "print('py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "text", ["lol", "hi", "omg", "WOW", "yay", "Damn", "so sad", "What a legend", "Michael Jackson", "luv u"]
)
def test_what_anyone_writes_in_english_is_english(text: str) -> None:
    """They were said to be Hungarian, Czech or Polish, and the model auto gave them to another model than compact."""
    assert identify([text]).tags.tolist() == ["en"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Grazie mille", "it"),
        ("Danke", "de"),
        ("merci", "fr"),
        ("gracias", "es"),
        ("dziękuję", "pl"),
        ("teşekkürler", "tr"),
    ],
)
def test_a_word_of_another_language_is_not(text: str, tag: str) -> None:
    assert identify([text]).tags.tolist() == [tag]


def test_a_guess_is_a_language_that_some_model_reads() -> None:
    short = identify(["hi", "ok", "aha", "Kiva", "jó", "Moc", "xyz", "mm hm", "Nem"])
    assert not short.sure.any()
    assert not RARE.intersection(short.tags.tolist())
    assert RARE.isdisjoint(EmotionClassifier("multilingual").languages)
    assert identify(["Kiitos paljon avusta, olen niin iloinen"]).tags.tolist() == ["fi"]


def test_few_or_unknown_texts_are_not_worth_a_note() -> None:
    note = unread_note({"en": 70, "it": 25, "ka": 5, UNKNOWN: 10}, ["en"], "compact")
    assert note is not None
    assert note.startswith(
        "30 of 110 texts seem to be in languages that the model compact does not read (25 Italian, 5 Georgian)"
    )
    few: list[tuple[dict[str | None, int], list[str]]] = [
        ({"en": 999, "it": 1}, ["en"]),
        ({UNKNOWN: 5}, ["en"]),
        ({None: 5}, ["en"]),
        ({"it": 5}, []),
        ({}, ["en"]),
    ]
    for counts, read in few:
        assert unread_note(counts, read, "compact") is None


def test_without_the_extra_letters_and_common_words_tell_languages(tmp_path: Path) -> None:
    """On the base install a German text was neutral without a word of warning."""
    known = [SENTENCES[tag] for tag in ("de", "en", "es", "fr", "ja", "nl", "pt", "ro", "ru", "sv", "tr")]
    code = (
        "import sys, warnings\n"
        "from goemotions import EmotionClassifier\n"
        "from goemotions.languages import identify, installed\n"
        f"print(installed(), *identify({[*known, 'Super!', 'lol same here dude']!a}).tags)\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        f"    EmotionClassifier().predict([{SENTENCES['de']!a}])\n"
        "print(*(warning.message for warning in caught))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=Environment().variables(tmp_path), capture_output=True, text=True, check=True
    )
    tags, warning = done.stdout.splitlines()
    assert tags == "False de en es fr ja nl pt ro ru sv tr und und"
    assert warning.startswith("1 of 1 text seems to be in languages that the model compact does not read (1 German)")


def test_a_face_of_signs_and_a_formula_are_no_language() -> None:
    """English posts with them were said to be Japanese or Greek."""
    faces = ["\u00af\\_(\u30c4)_/\u00af", "(\u00b4\uff65\u03c9\uff65`)", "\u03c0 = 3.14"]
    assert not identify(faces).sure.any()
    english = ["I have no idea what to do about it"] * 4
    assert languages_of([*english, *faces]).tolist() == ["en"] * 7
    assert languages_of(["\u597d\uff01", "\u0434\u0430", "\u092e\u0948\u0902"]).tolist() == ["zh", "ru", "hi"]
