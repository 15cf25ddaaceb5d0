"""Cells with labels as people and programs write them: 0 and 1 in many words, lists in many brackets."""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
import unicodedata
from collections.abc import Sequence
from itertools import product
from typing import Any

NO_VALUE = ("nan", "<na>")  # as pandas writes an empty cell
TRUE, FALSE = ("1", "true"), ("", "0", "false")
TRUE_WORDS = (
    "x yes y t ja j wahr oui vrai sí si sì verdadero vero sim verdadeiro waar tak prawda да истина evet doğru sant "
    "はい 是 ✓ ✔ ☑ ✅ 1,0"
)
FALSE_WORDS = (
    "no n f nein falsch non faux falso não nao nee onwaar nie fałsz нет ложь "
    "hayır yanlış nej falskt いいえ 否 ☐ ✗ ✘ ❌ 0,0"  # noqa: RUF001 (a Turkish letter)
)
WORDS = dict.fromkeys(FALSE_WORDS.split(), False) | dict.fromkeys(TRUE_WORDS.split(), True)
"""Words that spreadsheets and people write in place of 0 and 1, in lower case."""
DECIMALS = re.compile(r"[01][.,]0+")
BRACKETS = {"[": "]", "(": ")", "{": "}"}
MOST_LABELS = 500  # that are looked through for two in one
MOST_BETWEEN = 5  # characters between two names that one separator cannot be longer than


def read_flag(cell: Any) -> tuple[str, bool | None]:
    """Return a cell as plain lower case, and whether it means 1; None for what is neither 1 nor 0."""
    word = "" if cell is None else unicodedata.normalize("NFC", str(cell)).strip().lower()
    word = word.removesuffix("\N{VARIATION SELECTOR-16}")  # which makes a mark an emoji
    if word in NO_VALUE:
        word = ""
    if DECIMALS.fullmatch(word):
        return word, word.startswith("1")
    if word in FALSE or word in TRUE:
        return word, word in TRUE
    return word, WORDS.get(word)


def as_list(cell: Any) -> Any:
    """Return a label cell as a list, or as a str with names; text that is a list, as a program writes one, is read."""
    if cell is None:
        return []
    if isinstance(cell, str):
        return _from_text(cell)
    if isinstance(cell, bool):
        return str(cell).upper()  # as a spreadsheet shows it and a CSV of it has it
    return [_whole(part) for part in (cell if isinstance(cell, list) else [cell]) if not _missing(part)]


def _whole(label: Any) -> Any:
    """Return a label; a whole number that a column with gaps made a float is one again."""
    return int(label) if isinstance(label, float) and label.is_integer() else label


def _missing(label: Any) -> bool:
    return label is None or (isinstance(label, float) and math.isnan(label))


def _from_text(cell: str) -> Any:
    """Return the list that a text is, in JSON, Python's or numpy's form; else names, without brackets around all."""
    text = cell.strip()
    if len(text) < 2 or BRACKETS.get(text[0]) != text[-1]:
        return cell
    inner = text[1:-1]
    if text[0] == "[":
        for read in (json.loads, _python_list):
            try:
                return list(read(text))
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                continue
        return cell if any(mark in inner for mark in "[]") else inner
    try:  # a set or a tuple: in the order that is written, so that the same file gives the same labels
        found = _python_list(f"[{inner}]")
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return cell
    return found if all(isinstance(label, str) for label in found) else cell


def _python_list(text: str) -> list[Any]:
    """Return a list literal; texts with nothing between them, as numpy writes an array, are not joined to one.

    Raises:
        ValueError, SyntaxError, TypeError, RecursionError, MemoryError: it is none.
    """
    found = list(ast.literal_eval(text))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except tokenize.TokenError:
        return found
    strings = [ast.literal_eval(token.string) for token in tokens if token.type == tokenize.STRING]
    return strings if len(strings) > len(found) and all(isinstance(one, str) for one in found) else found


def names_in(cell: str, separator: str) -> list[str]:
    """Return the names in a cell: between separators, and on lines of their own."""
    parts = (part for line in cell.splitlines() for part in line.split(separator))
    return [name for part in parts if (name := part.strip())]


def two_in_one(labels: Sequence[str]) -> tuple[str, str, str, str] | None:
    """Return a label that is two others, and these: ``a/b``, ``a``, ``/``, ``b``, the third as a separator; or None."""
    known = [label for label in labels if any(character.isalpha() for character in label)]
    if len(known) > MOST_LABELS:
        return None
    for whole in known:
        begins = [label for label in known if whole.startswith(label) and whole != label]
        ends = [label for label in known if whole.endswith(label) and whole != label]
        for first, second in product(begins, ends):
            between = whole[len(first) : len(whole) - len(second)]
            if 0 < len(between) <= MOST_BETWEEN:
                if not any(character.isalnum() for character in between):
                    return whole, first, between.strip() or " ", second
                if between[0] == between[-1] == " ":  # a word, such as "and"
                    return whole, first, between, second
    return None
