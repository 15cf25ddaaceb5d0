"""Sets and maps of characters as the library has them, written so that every browser has the same.

What a letter, a symbol or a space is depends on the version of Unicode, which browsers, Python and ``tokenizers`` each
have of their own. So ``tokenizers`` is asked about every character, and the answers are written out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from tokenizers import Regex, normalizers

SURROGATES = range(0xD800, 0xE000)
LAST_ASSIGNED = 0x32400
TAGS = range(0xE0000, 0xE1000)
PRIVATE = 0xF0000
CODES = (*range(SURROGATES.start), *range(SURROGATES.stop, LAST_ASSIGNED + 1), *TAGS, TAGS.stop, PRIVATE)
"""Characters that are asked about."""

SIGNS = "".join(map(chr, CODES))
BLOCKS = {LAST_ASSIGNED: TAGS.start - 1, TAGS.stop: PRIVATE - 1, PRIVATE: 0x10FFFF}
"""Those that answer for more than themselves, and the last one each answers for: all are unassigned, or all private."""

SEPARATOR = "\u01c1"
"""A letter that no normaliser changes, and that joins nothing."""


def as_class(codes: Iterable[int]) -> str:
    """Return a class of JavaScript's regular expressions, with the flag ``u``, of some of :data:`CODES`, in order."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = BLOCKS.get(code, code)
        else:
            ranges.append([code, BLOCKS.get(code, code)])
    return f"[{''.join(f'{escaped(a)}-{escaped(b)}' if a < b else escaped(a) for a, b in ranges)}]"


def escaped(code: int) -> str:
    """Return a character of a regular expression that stands for itself."""
    return f"\\u{{{code:x}}}"


@cache
def class_of(pattern: str) -> str:
    """Return the class of the characters that a pattern of one character matches, in the syntax of ``tokenizers``."""
    kept = set(normalizers.Replace(Regex(pattern), "").normalize_str(SIGNS))
    return as_class(ord(sign) for sign in SIGNS if sign not in kept)


def normalised(normalizer: normalizers.Normalizer) -> list[str]:
    """Return what a normaliser makes of each of :data:`CODES` alone.

    Raises:
        ValueError: it makes something else of the character that separates them.
    """
    made = normalizer.normalize_str(SEPARATOR.join(SIGNS)).split(SEPARATOR)
    own = SIGNS.index(SEPARATOR)
    made[own : own + 2] = [SEPARATOR]
    if len(made) != len(CODES):
        raise ValueError("its normalizer changes a letter that none should")
    return made


def divided(split: Callable[[str], Sequence[tuple[str, tuple[int, int]]]]) -> tuple[str, str]:
    """Return the classes of characters that a splitter leaves out, and of those that stand alone.

    Args:
        split: gives the parts of a text and where they stand.
    """
    text = SEPARATOR + SEPARATOR.join(SIGNS) + SEPARATOR
    kept = bytearray(len(text))
    alone = []
    for _, (start, end) in split(text):
        kept[start:end] = b"\1" * (end - start)
        if end - start == 1 and start % 2:
            alone.append(CODES[start // 2])
    left_out = [code for index, code in enumerate(CODES) if not kept[2 * index + 1]]
    return as_class(left_out), as_class(alone)
