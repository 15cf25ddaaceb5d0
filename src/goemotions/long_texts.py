"""Texts longer than a model reads: valid Unicode, as much of them as is needed, windows over the rest."""

from __future__ import annotations

from collections.abc import Callable

PREFIX = 8192
"""Characters tokenised at first: more than 512 tokens of nearly any language."""


def valid_unicode(text: str) -> str:
    """Return ``text`` with lone surrogates, which no UTF-8 holds, replaced; surrogate pairs become their character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def window_starts(length: int, room: int) -> list[int]:
    """Return where windows of ``room`` units begin that cover ``length`` units, each sharing half with the next."""
    return [*range(0, length - room, room // 2), length - room] if length > room else [0]


def first_tokens(encode: Callable[[str], list[int]], text: str, room: int) -> list[int]:
    """Return a text's tokens, of a long text at least the first ``room`` + 1, without reading all of it.

    Args:
        encode: gives the tokens of a text.
    """
    size = PREFIX
    while True:
        tokens = encode(text[:size])
        # Where a text is cut its last tokens may be others than in the whole: read well beyond what is kept.
        if size >= len(text) or len(tokens) >= 2 * room + 2:
            return tokens
        size *= 4
