"""``tokenizer.json``, looked into before ``tokenizers`` reads it: what would take all memory, where to cut a text."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goemotions.fields import shown

GROWTH = {
    "BertNormalizer": 6,
    "ByteLevel": 2,
    "Lowercase": 3,
    "NFC": 3,
    "NFD": 4,
    "NFKC": 11,
    "NFKD": 11,
    "Nmt": 1,
    "Prepend": 1,
    "Strip": 1,
    "StripAccents": 1,
}
"""How many times the bytes of a text a normaliser can make of it, at most: Unicode Technical Report 36 has them."""

MOST_GROWTH = 2000
MOST_PREPENDED = 100
MOST_WORD = 1000  # of WordPiece, whose time grows with the square of a word
MOST_BYTES = 256_000_000

LOCAL = {"BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "StripAccents"}
"""Normalisers that make the same of a text's parts as of the whole, where it is cut before white space."""

ONE_CLASS = re.compile(r"\[(?:\[(?:[^\[\]\\\s]|\\[^sSWD\s])*\]|[^\[\]\\\s]|\\[^sSWD\s])+\]")
"""A class of Oniguruma's, classes within it included, none of which names white space or what is no letter or digit."""

REPEATED = r"([a-z])\1{0,60}(?=\1\1(?!\1))"
"""A letter's repetitions before the last two, as :mod:`goemotions.training.spellings` has it taken out.

At most 61 of them: for a run of millions an expression without a limit takes memory for each letter, and hundreds of
letters are no word of anybody's.
"""

SPACES = r"[ \t\n\r]"
WORDS = {
    "BertPreTokenizer": r"[ \t\n\r!-/:-@\[-`{-~]",
    "Whitespace": SPACES,
    "WhitespaceSplit": SPACES,
}
"""Splitters into words that are tokenised one by one, and the characters before which a word always ends."""


@dataclass(frozen=True)
class TokenizerFacts:
    """Facts of a checked file.

    Attributes:
        boundary: matches a character before which a text can be cut without changing its tokens; None where none can.
        most_word: characters of a word beyond which it is one unknown token; None where there is no such limit.
    """

    boundary: re.Pattern[str] | None
    most_word: int | None


def check_tokenizer(path: Path) -> TokenizerFacts:
    """Check a file.

    Raises:
        ValueError: what is refused or damaged, for people.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it has {path.stat().st_size:,} bytes, expected at most {MOST_BYTES:,}")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("model"), dict):
        raise ValueError("expected a JSON object with a model in it")
    factor = growth(raw.get("normalizer"))
    if factor > MOST_GROWTH:
        raise ValueError(f"its normalizer can make a text {factor:,} times as long, expected at most {MOST_GROWTH:,}")
    most_word = raw["model"].get("max_input_chars_per_word")
    if most_word is not None and (not isinstance(most_word, int) or not 0 <= most_word <= MOST_WORD):
        raise ValueError(f"model.max_input_chars_per_word must be from 0 to {MOST_WORD}, got {shown(most_word)}")
    return TokenizerFacts(boundary(raw), most_word)


def growth(normalizer: Any) -> int:
    """Return how many times its bytes a text can become.

    Raises:
        ValueError: a normaliser that is not known, or is damaged.
    """
    if normalizer is None:
        return 1
    kind = normalizer.get("type") if isinstance(normalizer, dict) else None
    if kind == "Sequence":
        whole = 1
        for part in _parts(normalizer, "normalizers"):
            whole *= growth(part)
            if whole > MOST_GROWTH:
                break
        return whole
    if kind == "Replace":
        return max(1, len(str(normalizer.get("content")).encode(errors="replace")))
    if kind == "Precompiled":
        return _longest_replacement(normalizer.get("precompiled_charsmap"))
    if not isinstance(kind, str) or kind not in GROWTH:
        raise ValueError(f"its normalizer is {shown(kind)}, expected one of {', '.join(sorted(GROWTH))}")
    if kind == "Prepend" and len(str(normalizer.get("prepend"))) > MOST_PREPENDED:
        raise ValueError(f"its normalizer prepends more than {MOST_PREPENDED} characters")
    return GROWTH[kind]


def _parts(sequence: Any, key: str) -> list[Any]:
    parts = sequence.get(key)
    if not isinstance(parts, list):
        raise ValueError(f"its {key} must be a list, got {shown(parts)}")
    return parts


def _longest_replacement(charsmap: Any) -> int:
    """Bytes of the longest text in SentencePiece's table: a size, so many bytes of a trie, texts between zero bytes."""
    try:
        content = base64.b64decode(charsmap, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("its precompiled_charsmap is not base64") from None
    size = int.from_bytes(content[:4], "little")
    if len(content) < 8 or size % 4 or size + 4 > len(content):
        raise ValueError(f"its precompiled_charsmap has {len(content)} bytes, {size + 4:,} are said to be in it")
    return max(1, *map(len, content[4 + size :].split(b"\0")))


def boundary(raw: Mapping[str, Any]) -> re.Pattern[str] | None:
    """Return what matches a character before which any text can be cut; None where there may be none."""
    normalizer, splitter = raw.get("normalizer"), raw.get("pre_tokenizer")
    normalizers = _parts(normalizer, "normalizers") if _kind(normalizer) == "Sequence" else [normalizer]
    if any(part is not None and not _is_local(part) for part in normalizers):
        return None
    splitters = _parts(splitter, "pretokenizers") if _kind(splitter) == "Sequence" else [splitter]
    characters = WORDS.get(_kind(splitters[0]) or "") if splitters else None
    if characters is None:
        return None
    pattern = re.compile(characters)
    added = [token for token in raw.get("added_tokens") or [] if isinstance(token, dict)]
    if any(pattern.search(str(token.get("content")), 1) for token in added if not token.get("special")):
        return None
    return pattern


def _is_local(normalizer: Any) -> bool:
    """Return True if a normaliser makes the same of a text's parts, cut before white space, as of the whole.

    A replacement does if it looks at one character at a time, its expression being one class without white space in it,
    or at one letter's repetitions.
    """
    if _kind(normalizer) != "Replace":
        return _kind(normalizer) in LOCAL
    pattern = normalizer.get("pattern")
    regex = pattern.get("Regex") if isinstance(pattern, dict) else None
    return isinstance(regex, str) and (regex == REPEATED or ONE_CLASS.fullmatch(regex) is not None)


def _kind(part: Any) -> str | None:
    kind = part.get("type") if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else None
