"""The words of a text and where they stand: words of any script, emoji, emoticons, and signs such as ``!``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A part of a text: ``text[start:end]``."""

    start: int
    end: int


EMOTICON = re.compile(
    r"(?<!\w)(?:[:;=][-'^o~,]{0,2}[)(\]\[DdPpOoSsXx3|/\\*@$}{]+|[xX]D+|</?3+|[DOo0T;^][_.-]+[OoT;^0D]|D[:;=])(?!\w)"
)

WITHIN = re.compile(r"(?<=[^\W_])['\u2019\u2011-](?=[^\W_])|(?<=\d)[.,:](?=\d)|[@#](?=\w)")
"""Signs that belong to a word: don't, well-known, 3.5, #blessed."""

WRITTEN_TOGETHER = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts without spaces between words: each of their characters is taken as a word."""

EXTENDING = ((0xFE00, 0xFE0F), (0x1F3FB, 0x1F3FF), (0x20E3, 0x20E3), (0xE0020, 0xE007F))
"""Characters that change the emoji before them."""

FLAGS = (0x1F1E6, 0x1F1FF)
SYMBOLS = ((0x2190, 0x2BFF), (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3299), (0x1F000, 0x1FAFF))
JOINER = "\u200d"

SPEAKING = frozenset("!?%&\u00a1\u00bf\u061f\u203c\u2047\u2048\u2049\u2026\uff01\uff1f")
"""Punctuation that is a word of its own; a single other mark is not."""

SILENT = frozenset("`^~|<>=")
"""Symbols that are treated as punctuation."""

LETTER, MARK, CHARACTER, EMOJI, EXTENDS, JOINS, FLAG, SIGN, FACE, SPACE = "lmcexjfsF "

WORD = re.compile(r"F+|f{1,2}|ex*(?:jex*)*|cm*|l[lm]*|[sxjm]+")
ROW = re.compile(r"(.)\1*")


class Kinds(dict[str, str]):
    """The kind of each character, found when it is first asked for."""

    def __missing__(self, character: str) -> str:
        self[character] = found = kind_of(character)
        return found


def kind_of(character: str) -> str:
    """Return the kind of a character, one of the letters in :data:`WORD`."""
    code, category = ord(character), unicodedata.category(character)

    def within(ranges: Iterable[tuple[int, int]]) -> bool:
        return any(first <= code <= last for first, last in ranges)

    is_letter = category[0] in "LN" or character == "_"
    kinds = (
        (SPACE, character.isspace()),
        (JOINS, character == JOINER),
        (FLAG, within([FLAGS])),
        (EXTENDS, within(EXTENDING)),
        (EMOJI, category[0] == "S" and within(SYMBOLS)),
        (MARK, category[0] == "M"),
        (CHARACTER, is_letter and within(WRITTEN_TOGETHER)),
        (LETTER, is_letter),
    )
    return next((kind for kind, found in kinds if found), SIGN)


KINDS = Kinds()


def words_of(text: str) -> list[Span]:
    """Return where the words of a text stand, in order; a text that is not blank has one at least.

    An emoji with all that belongs to it is a word, and so is a row of the same one. A run of signs is a word if it says
    something: ``!``, ``?``, ``...`` and ``:)`` do; single commas, full stops, quotation marks and brackets do not.
    """
    kinds = "".join(map(KINDS.__getitem__, text))
    for pattern, kind in ((WITHIN, LETTER), (EMOTICON, FACE)):
        for match in pattern.finditer(text):
            kinds = f"{kinds[: match.start()]}{kind * len(match[0])}{kinds[match.end() :]}"
    found: list[Span] = []
    for match in WORD.finditer(kinds):
        span = Span(*match.span())
        if match[0][0] in (SIGN, EXTENDS, JOINS, MARK):
            trimmed = speaking_part(text, span)
            found += [trimmed] if trimmed else []
        elif (
            match[0][0] in (EMOJI, FLAG)
            and found
            and found[-1].end == span.start
            and is_row_of(text[found[-1].start : found[-1].end], text[span.start : span.end])
        ):
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    if not found and text.strip():
        start = len(text) - len(text.lstrip())
        found.append(Span(start, start + len(text.strip())))
    return found


def is_row_of(text: str, part: str) -> bool:
    """Return whether a text is one part, or the same part several times."""
    return len(text) % len(part) == 0 and text == part * (len(text) // len(part))


def speaking_part(text: str, span: Span) -> Span | None:
    """Return what of a run of signs is a word, without punctuation around it; None if nothing is."""
    rows = [match for match in ROW.finditer(text, span.start, span.end) if len(match[0]) > 1 or speaks(match[0])]
    return Span(rows[0].start(), rows[-1].end()) if rows else None


def speaks(sign: str) -> bool:
    """Return whether a sign, alone, is a word."""
    return sign in SPEAKING or (unicodedata.category(sign)[0] not in "PCM" and sign not in SILENT)


def without(text: str, start: int, end: int) -> str:
    """Return a text without a part of it, and without the space that this would leave double.

    Words that would run together get a space between them.
    """
    before, after = text[:start], text[end:]
    if not before or before[-1].isspace():
        return before + after.lstrip() if after[:1].isspace() else before + after
    if after and KINDS[before[-1]] == LETTER and KINDS[after[0]] == LETTER:
        return f"{before} {after}"
    return before + after
