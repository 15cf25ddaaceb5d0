"""Regular expressions of ``tokenizer.json`` (Oniguruma's) in the syntax of JavaScript, to the same effect."""

from __future__ import annotations

import re

from goemotions.browser.characters import class_of, escaped

GROUP = re.compile(r"\((?:\?(?::|=|!|<=|<!))?|[)|]")
QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")
CODE = re.compile(r"\\x\{([0-9A-Fa-f]+)\}|\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})")
NAMED_CLASS = re.compile(r"\\[pP]\{\^?\w+\}|\\[sSdDwW]|\.")
SAME_AGAIN = re.compile(r"\\[1-9](?!\d)")  # what a group has matched
MARK = re.compile(r"\\([^\w\s])")
CONTROLS = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\f": "\f"}
ELSEWHERE = frozenset("^$*+?{}[]\\")
"""Signs with a meaning of their own where they are not one of the parts above."""


def to_javascript(pattern: str) -> str:
    """Return a pattern for the flags ``gu``. Classes are written out, character by character.

    Raises:
        ValueError: a part whose effect is not known to be the same.
    """
    made: list[str] = []
    position = 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest[0] == "[":
            part = _class(rest)
            found = class_of(part)
        else:
            part, found = _part(rest, bool(made))
        made.append(found)
        position += len(part)
    return "".join(made)


def _part(rest: str, inside: bool) -> tuple[str, str]:
    """Return the first part of a pattern, no class in brackets, and what it is in JavaScript."""
    quantifier = QUANTIFIER.match(rest) if inside else None
    if quantifier and rest[quantifier.end() : quantifier.end() + 1] in ("+", "*", "?"):
        raise ValueError(f"a quantifier on a quantifier: {rest[:20]!r}")
    group = GROUP.match(rest)
    if group and group[0] == "(" and rest[1:2] == "?":
        raise ValueError(f"a group of another kind: {rest[:20]!r}")
    if same := quantifier or group:
        return same[0], same[0]
    if again := SAME_AGAIN.match(rest):
        return again[0], again[0]
    if named := NAMED_CLASS.match(rest):
        return named[0], class_of(named[0])
    return _sign(rest)


def _sign(rest: str) -> tuple[str, str]:
    """Return the sign at the beginning, as it is written, and what it is in JavaScript."""
    if code := CODE.match(rest):
        return code[0], escaped(int(code[1] or code[2] or code[3], 16))
    if mark := MARK.match(rest):
        return mark[0], escaped(ord(mark[1]))
    if rest[:2] in CONTROLS:
        return rest[:2], escaped(ord(CONTROLS[rest[:2]]))
    if rest[0] in ELSEWHERE:
        raise ValueError(f"a sign whose meaning is not known here: {rest[:20]!r}")
    return rest[0], escaped(ord(rest[0]))


def _class(rest: str) -> str:
    """Return the class in brackets at the beginning, classes within it included."""
    depth = position = 0
    while position < len(rest):
        if rest[position] == "\\":
            position += 1
        elif rest[position] == "[":
            depth += 1
        elif rest[position] == "]":
            depth -= 1
            if not depth:
                return rest[: position + 1]
        position += 1
    raise ValueError(f"a class that does not end: {rest[:20]!r}")
