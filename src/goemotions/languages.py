"""The language of a text: by its letters, by common words, and by py3langid where the extra ``languages`` is there.

Only letters count; addresses and names behind an @ are left out. Languages are chosen among those that texts are likely
to be in, so that short ones are not taken for a rare relative: Galician and Catalan are told as their larger
neighbours, Norwegian as Danish, Bulgarian as Russian, Marathi as Hindi.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from goemotions.common_words import COMMON, ENGLISH, HINTS, UKRAINIAN
from goemotions.errors import MissingExtraError, counted_of

Languages = npt.NDArray[np.str_]
"""BCP 47 tags of n texts."""

UNKNOWN, OTHER = "und", "mis"
"""A text without letters; and one in letters that are of no language here."""

CONFIDENCE = 0.55
"""Least probability of a language that is not taken for a guess; it and the next three: chosen on dev texts alone
(``benchmarks/languages.py``)."""

MORE_ENGLISH, MORE_BY_WORD, LESS_RARE = 0.75, 1.0, 0.5
"""What is added to the log probability of English, and of a language by each common word of it, and what is taken from
that of a :data:`RARE` one."""

LETTERS = 10
"""Fewer Latin letters, in different words, make the language a guess: "hi" is a word of many."""

READ = 400
"""Characters that are looked at: more change nothing."""

IDENTIFIED = tuple("cs da de en es fi fr hu id it nl pl pt ro sv tr vi".split())
"""Languages in Latin letters, which py3langid chooses among; others are known by their letters."""
RARE = frozenset("cs da fi hu id vi".split())
"""Those of them that no shipped model reads, and that are never a guess: "lol" would be Hungarian."""

BY_LETTERS: Mapping[str, Mapping[str, str]] = {
    "ARABIC": {"ur": "ٹڈڑےںہ", "fa": "پچژگکی", "ar": ""},
    "CYRILLIC": {"kk": "әғқңұһ", "be": "ў", "sr": "ђјљњћџ", "uk": "іїєґ", "ru": ""},
}
"""Scripts of several languages, and letters that tell them apart: the first language that has one of a text's, else the
last."""

SCRIPTS: Mapping[str, str] = dict(
    pair.split("=")
    for pair in (
        "ARMENIAN=hy BENGALI=bn CJK=zh DEVANAGARI=hi ETHIOPIC=am GEORGIAN=ka GREEK=el GUJARATI=gu GURMUKHI=pa "
        "HANGUL=ko HEBREW=he HIRAGANA=ja KANNADA=kn KATAKANA=ja KHMER=km LAO=lo MALAYALAM=ml MYANMAR=my ORIYA=or "
        "SINHALA=si TAMIL=ta TELUGU=te THAI=th TIBETAN=bo"
    ).split()
)
"""The first word of a letter's Unicode name to the language that is mostly written with it."""

NAMES: Mapping[str, str] = {
    **{"am": "Amharic", "ar": "Arabic", "be": "Belarusian", "bn": "Bengali", "bo": "Tibetan", "cs": "Czech"},
    **{"da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian"},
    **{"fi": "Finnish", "kk": "Kazakh", "sr": "Serbian"},
    **{"fr": "French", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "hy": "Armenian"},
    **{"id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "km": "Khmer", "kn": "Kannada"},
    **{"ko": "Korean", "lo": "Lao", "ml": "Malayalam", "my": "Burmese", "nl": "Dutch", "or": "Odia"},
    **{"pa": "Punjabi", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "si": "Sinhala"},
    **{"sv": "Swedish", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian"},
    **{"ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese", OTHER: "another language", UNKNOWN: "unknown"},
}

NO_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|@\w+|<\|?\w+\|?>|&\w+;")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
REST = "rest"
"""The key, in a model made of several and among thresholds, for all languages that are not named."""
AUTO = "auto"  # the shipped model that is made of several
ADVICE = "; the model auto gives each text to a model of its language"
UNREAD_SHARE = 0.01
"""The share of a call's texts in languages that the model does not read from which that is said: of English texts one
in a thousand is taken for another language."""


class Found(NamedTuple):
    """Languages that n texts seem to be in.

    Attributes:
        tags: :data:`UNKNOWN` for a text without letters.
        sure: bool [n], False for a guess.
    """

    tags: Languages
    sure: npt.NDArray[np.bool_]


@cache  # looking for it takes as long as reading three texts
def installed() -> bool:
    """Return True if languages can be identified."""
    return find_spec("py3langid") is not None


def identify(texts: Sequence[str], guesses: bool = True) -> Found:
    """Return the language of each text; of a longer one, of its beginning.

    Without the extra ``languages``, texts in Latin letters without common words are :data:`UNKNOWN`.

    Args:
        guesses: False where only those of which it is sure count: short texts are then not looked at for long.
    """
    identified = installed()
    found = [language_of(text, identified, guesses) for text in texts]
    return Found(np.array([tag for tag, _ in found], "<U3"), np.array([sure for _, sure in found], np.bool_))


def language_of(text: str, identified: bool, guesses: bool = True) -> tuple[str, bool]:
    """Return a text's language, and False for a guess.

    Args:
        identified: py3langid is there for texts in Latin letters.
        guesses: False to say :data:`UNKNOWN` of texts that are too short for more than a guess.
    """
    words = NO_LANGUAGE.sub(" ", text[: 4 * READ].replace("\u2019", "'")).strip()[:READ]
    if not words.isascii() and any(map(str.isalpha, words)):
        by_letters = language_of_letters(words)
        if by_letters is not None:
            return by_letters, not is_face(words)
    found = WORD.findall(words.lower())
    if not found:
        return UNKNOWN, False
    known = set(found) & ENGLISH
    if len(known) > 1 and sum(word in known for word in found) * 5 >= len(found):
        return "en", True
    if not identified:
        return language_of_words(set(found), len(known))
    long_enough = sum(map(len, set(found))) >= LETTERS
    if not (long_enough or guesses):
        return UNKNOWN, False
    return likeliest(weights_of(words, set(found)), long_enough)


def likeliest(weights: Mapping[str, float], long_enough: bool) -> tuple[str, bool]:
    """Return the language of the highest weight, and whether it is sure; a guess is never a :data:`RARE` one."""
    tag = max(weights, key=lambda name: weights[name])
    if long_enough and weights[tag] >= CONFIDENCE * sum(weights.values()):
        return tag, True
    return max((name for name in weights if name not in RARE), key=lambda name: weights[name]), False


def weights_of(text: str, words: Collection[str]) -> dict[str, float]:
    """Return how likely each of :data:`IDENTIFIED` is: what py3langid says, corrected by common words.

    py3langid alone takes English names, slang and short forms for other languages.

    Args:
        text: in Latin letters.
        words: its different words, in small letters.
    """
    weights = {}
    for tag, probability in identifier().rank(text):
        more = MORE_BY_WORD * len(HINTS[tag].intersection(words))
        more += MORE_ENGLISH * (tag == "en") - LESS_RARE * (tag in RARE)
        weights[str(tag)] = probability * math.exp(more)
    return weights


def is_face(text: str) -> bool:
    """Return whether one or two letters stand among many signs, as in an emoticon or a formula."""
    return (letters := sum(map(str.isalpha, text))) < 3 and 4 * letters < len("".join(text.split()))


def language_of_letters(text: str) -> str | None:
    """Return the language that most of a text's letters say; None for Latin ones, which do not."""
    scripts = Counter(script_of(character) for character in text if character.isalpha())
    if scripts["CJK"] and scripts["HIRAGANA"] + scripts["KATAKANA"]:
        scripts["HIRAGANA"] += scripts.pop("CJK")
    script = max(scripts, key=lambda name: scripts[name])
    if script == "LATIN":
        return None
    if script in BY_LETTERS:
        there, among = set(text.lower()), BY_LETTERS[script]
        tag = next((tag for tag, letters in among.items() if there & set(letters)), list(among)[-1])
        return "uk" if tag == "ru" and not there & set("ыэёъ") and has_ukrainian(text) else tag
    return SCRIPTS.get(script, OTHER)


def has_ukrainian(text: str) -> bool:
    """Return whether a word stands in a text that is Ukrainian and not Russian."""
    return not UKRAINIAN.isdisjoint(WORD.findall(text.lower()))


def language_of_words(words: Collection[str], english: int) -> tuple[str, bool]:
    """Return the language that two common words or more say, if English has fewer; else :data:`UNKNOWN`, a guess.

    Args:
        words: the different words of a text, in small letters.
        english: how many of them are common in English.
    """
    counts = {tag: len(common.intersection(words)) for tag, common in COMMON.items()}
    tag = max(counts, key=lambda name: counts[name])
    return (tag, True) if counts[tag] > max(1, english) else (UNKNOWN, False)


@cache
def script_of(letter: str) -> str:
    """Return the first word of a letter's Unicode name, such as LATIN."""
    return unicodedata.name(letter, UNKNOWN).split()[0]


@cache
def identifier() -> Any:
    """Return py3langid's identifier, which takes half a second of a core and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    loaded = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    loaded.set_languages(IDENTIFIED)
    return loaded


def usual(found: Found) -> str:
    """Return the language of more than half of the texts of which it is sure; :data:`UNKNOWN` if there is none."""
    tags = Counter(found.tags[found.sure].tolist()).most_common(1)
    return str(tags[0][0]) if tags and tags[0][1] * 2 > found.sure.sum() else UNKNOWN


def settled(found: Found, majority: str = UNKNOWN) -> Languages:
    """Return each text's language, where it is a guess the majority's.

    Args:
        majority: the language that most texts are in; :data:`UNKNOWN` keeps the guesses.
    """
    return found.tags if majority == UNKNOWN else np.where(found.sure, found.tags, majority)


def languages_of(texts: Sequence[str], guesses: bool = False) -> Languages:
    """Return the language of each text, for a guess that of most texts.

    Args:
        guesses: keep a guess where most texts are in no one language; else it is :data:`UNKNOWN`.
    """
    found = identify(texts, guesses)
    majority = usual(found)
    kept = settled(found, majority)
    return kept if guesses or majority != UNKNOWN else np.where(found.sure, kept, UNKNOWN)


def missing() -> MissingExtraError:
    """Return the error that says how languages can be told apart."""
    return MissingExtraError("telling languages apart", "languages")


def require() -> None:
    """Check that languages can be told apart.

    Raises:
        MissingExtraError: py3langid is not installed.
    """
    if not installed():
        raise missing()


def unread(languages: Iterable[str | None], read: Collection[str]) -> Counter[str]:
    """Return how many texts are in each language that is not read; none where it is not known what is read."""
    return Counter(tag for tag in languages if read and tag is not None and tag not in (UNKNOWN, *read))


def unread_note(counts: Mapping[str | None, int], read: Collection[str], model: str) -> str | None:
    """Return what is said before an answer of texts that a model does not read; arguments as :func:`unread_texts`."""
    seen = unread_texts(counts, read, model)
    return f"{seen}: what it says of them means little{'' if model == AUTO else ADVICE}" if seen else None


def unread_texts(
    counts: Mapping[str | None, int], read: Collection[str], model: str, share: float = UNREAD_SHARE
) -> str | None:
    """Return how many texts are in languages that a model does not read, in words; None if they are few or none.

    Args:
        counts: texts by language, all of a call or file; None for those whose language was not told.
        read: the languages that the model reads; empty where that is not known.
        share: of all texts, up to which they are few.
    """
    others = Counter({tag: counts[tag] for tag in unread(counts, read)})
    texts = sum(counts.values())
    if others.total() <= share * texts:
        return None
    most = ", ".join(f"{count:,} {NAMES.get(tag, tag)}" for tag, count in others.most_common(3))
    said = f"in languages that the model {model} does not read ({most})"
    return counted_of(others.total(), texts, "text", f"seems to be {said}", f"seem to be {said}")
