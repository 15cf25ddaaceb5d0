"""Other spellings of common words, which a WordPiece tokenizer reads as the words themselves.

"angyr" is two pieces that no text has taught anything; as a second name of the piece "angry" it has the same vector,
and a text with it the same answer as the text without the error. Nothing is trained and the model does not grow. A
letter that stands three times or more in a row is read as twice, so that "sooooo" is another spelling of "so".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from goemotions.architectures.tokenizer_file import REPEATED
from goemotions.data.checks import raise_together
from goemotions.errors import DataError, counted
from goemotions.training.pieces import steps_of


def read_spellings(path: Path) -> dict[str, str]:
    """Return the word that each other spelling stands for.

    Args:
        path: a table of a word and, behind a tab, its other spellings with spaces between; lines that begin with # are
            comments.

    Raises:
        DataError: lines of another form, or a spelling of two words; all of them.
    """
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition("\t")
        spellings = rest.split()
        if not word or not spellings:
            problems.append(f"{path}, line {number}: expected a word, a tab and its other spellings, got {line[:60]!r}")
        problems += [
            f"{path}, line {number}: {spelling!r} stands for {found[spelling]!r} already"
            for spelling in spellings
            if found.setdefault(spelling, word) != word
        ]
    raise_together(problems)
    return found


def with_spellings(content: str, spellings: Mapping[str, str]) -> str:
    """Return a ``tokenizer.json`` that reads other spellings as the words that they stand for.

    Args:
        content: of a ``tokenizer.json`` whose model is BERT's uncased WordPiece.
        spellings: in lower case, each with its word; one that is a piece is so no longer.

    Raises:
        DataError: another kind of tokenizer, or words that are no pieces.
    """
    raw = json.loads(content)
    if raw["model"].get("type") != "WordPiece":
        raise DataError(f"spellings: expected a base with WordPiece, got {raw['model'].get('type')}: leave them out")
    pieces: dict[str, int] = raw["model"]["vocab"]
    unknown = sorted({word for word in spellings.values() if word not in pieces})
    if unknown:
        raise DataError(
            f"spellings: {counted(len(unknown), 'word')} without a piece, such as {unknown[0]!r}: leave them out"
        )
    raw["model"]["vocab"] = pieces | {spelling: pieces[word] for spelling, word in sorted(spellings.items())}
    shorter = {"type": "Replace", "pattern": {"Regex": REPEATED}, "content": ""}
    raw["normalizer"] = {"type": "Sequence", "normalizers": [*steps_of(raw["normalizer"]), shorter]}
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
