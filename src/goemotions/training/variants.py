"""Other ways to write a training text, which leave its emotions as they are: people type less tidily than a corpus.

Names stand where the corpus has a mask, letters are mistyped or repeated, common words are shortened, and a user name,
an address or quotes stand around a text. Whom a text is about is exchanged: he for she, a nationality, a name or a
dialect's word for another, which must not change what a model says (counterfactual data augmentation: Lu et al.,
*Gender Bias in Neural Natural Language Processing*, 2018). The words are in a table, ``corpus/variants.tsv``, written
for this project.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from goemotions.errors import DataError

MASK = "[NAME]"  # what the corpus has in the place of a person's name
KINDS = ("name", "short", "other")
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")  # a word with its apostrophes
VOWELS = "aeiouy"
LEAST_LETTERS = 4  # of a word that is mistyped
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

# How often a text that gets a variant gets each change; several may meet.
NAMED, MISTYPED, SHORTENED, LENGTHENED, WITHOUT_APOSTROPHES, WRAPPED = 0.9, 0.4, 0.4, 0.15, 0.2, 0.15
EXCHANGED = 0.6
WORDS_MISTYPED, WORDS_SHORTENED = 0.2, 0.6  # of the words that can be


@dataclass(frozen=True)
class Words:
    """The table's words.

    Attributes:
        names: first names.
        short: common words and phrases, in lower case, each with shorter ways to write it.
        others: words, in lower case, each with all that may stand in its place, itself among them.
    """

    names: tuple[str, ...]
    short: dict[str, tuple[str, ...]]
    others: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_words(path: Path) -> Words:
    """Read a table of a kind, a word and its other forms, tabs between; lines that begin with # are comments.

    Raises:
        DataError: a line that is of another form, or no name at all.
    """
    names: list[str] = []
    short: dict[str, tuple[str, ...]] = {}
    others: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        kind, word, *forms = line.split("\t")
        if kind not in KINDS or not word or (kind != "name" and not all(forms or [""])):
            raise DataError(f"{path}, line {number}: expected one of {', '.join(KINDS)}, a word, and its other forms")
        if kind == "name":
            names.append(word)
        elif kind == "other":
            for each in (word, *forms):
                others.setdefault(each.lower(), (word, *forms))
        else:
            short[word] = tuple(forms)
    if not names:
        raise DataError(f"{path} has no names: lines `name`, a tab, a first name")
    return Words(tuple(names), short, others)


def vary(texts: Sequence[str], words: Words, share: float, generator: np.random.Generator) -> list[str]:
    """Return the texts, a share of them written in another way."""
    chosen = generator.random(len(texts)) < share
    return [variant(text, words, generator) if other else text for text, other in zip(texts, chosen, strict=True)]


def variant(text: str, words: Words, generator: np.random.Generator) -> str:
    """Return another way to write a text."""
    draw = generator.random(7)
    if draw[6] < EXCHANGED:
        text = exchange(text, words, generator)
    if draw[0] < NAMED:
        text = re.sub(re.escape(MASK), lambda _: str(generator.choice(words.names)), text)
    if draw[1] < SHORTENED:
        text = shorten(text, words, generator)
    if draw[2] < WITHOUT_APOSTROPHES:
        text = WORD.sub(lambda found: re.sub("['\u2019]", "", found[0]), text)
    if draw[3] < LENGTHENED:
        text = lengthen(text, generator)
    if draw[4] < MISTYPED:
        text = WORD.sub(lambda found: mistype(found[0], generator), text)
    if draw[5] < WRAPPED:
        text = wrap(text, words, generator)
    return text


def exchange(text: str, words: Words, generator: np.random.Generator) -> str:
    """Return the text with words of the table exchanged, all that belong together at once, capitals as they were."""
    turn = int(generator.integers(1, 1000))  # the same for all, so that he and his become she and her

    def other(found: re.Match[str]) -> str:
        word = found[0]
        group = words.others.get(word.lower())
        if group is None or (group[0][0].isupper() and not word[0].isupper()):  # of names, Will but not will
            return word
        place = [each.lower() for each in group].index(word.lower())
        new = group[(place + turn) % len(group)]
        if word.isupper() and len(word) > 1:
            return new.upper()
        return new[0].upper() + new[1:] if word[0].isupper() else new

    return WORD.sub(other, text)


def shorten(text: str, words: Words, generator: np.random.Generator) -> str:
    """Return the text with some of its common words and phrases written shorter."""
    if not words.short:
        return text
    longest_first = sorted(words.short, key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)

    def other(found: re.Match[str]) -> str:
        return (
            str(generator.choice(words.short[found[0].lower()])) if generator.random() < WORDS_SHORTENED else found[0]
        )

    return pattern.sub(other, text)


def lengthen(text: str, generator: np.random.Generator) -> str:
    """Return the text with one word's last vowel, or last letter, repeated."""
    found = [match for match in WORD.finditer(text) if match[0].isascii() and "'" not in match[0]]
    if not found:
        return text
    match = found[generator.integers(len(found))]
    word = match[0]
    place = max((word.lower().rfind(vowel) for vowel in VOWELS), default=-1)
    place = place if place >= 0 and generator.random() < 0.7 else len(word) - 1
    longer = word[:place] + word[place] * int(generator.integers(3, 7)) + word[place + 1 :]
    return text[: match.start()] + longer + text[match.end() :]


def mistype(word: str, generator: np.random.Generator) -> str:
    """Return a word, of some length, with two letters exchanged, one left out, twice, or beside it on the keyboard."""
    if len(word) < LEAST_LETTERS or not word.isascii() or generator.random() >= WORDS_MISTYPED:
        return word
    place, way = int(generator.integers(len(word) - 1)), generator.integers(4)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    if way == 0:
        return before + after[0] + letter + after[1:]
    if way == 1:
        return before + after
    if way == 2:
        return before + letter * 2 + after
    return before + beside(letter, generator) + after


def beside(letter: str, generator: np.random.Generator) -> str:
    """Return a letter next to one on the keyboard; others as they are."""
    for row in KEYBOARD:
        place = row.find(letter.lower())
        if place >= 0:
            return row[max(0, min(len(row) - 1, place + int(generator.choice([-1, 1]))))]
    return letter


def wrap(text: str, words: Words, generator: np.random.Generator) -> str:
    """Return the text behind a user name, before an address, or in quotes."""
    way, number = generator.integers(3), int(generator.integers(1, 1000))
    if way == 0:
        return f"@{str(generator.choice(words.names)).lower()}{number} {text}"
    return f"{text} https://example.com/{number}" if way == 1 else f'"{text}"'
