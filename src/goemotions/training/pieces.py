"""New pieces for a WordPiece base: emoji, emoticons, contractions and words that it would take to pieces.

A base such as ``bert-base-uncased`` knows six emoji; each other one is its unknown piece, and takes the word with it
that it is stuck to. Here symbols are split from words before WordPiece, in ``tokenizer.json`` itself, and new pieces
take the places that the vocabulary leaves unused, so the model does not grow. A piece begins as the mean of the pieces
of the words that say what it means.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from goemotions.data.checks import raise_together
from goemotions.errors import DataError

UNUSED = re.compile(r"\[unused\d+\]")
OTHER_SYMBOL = "🔣"  # "input symbols" in Unicode: the piece of every symbol that has none of its own
CONTRACTION = re.compile(r"[a-z]+'")
LEAST_COUNT = 5  # of a word in the texts that becomes a piece
# Skin tones, joiners, variants and the frame of a keycap: they vary a symbol and are no symbols themselves.
VARIANTS = r"[\x{1F3FB}-\x{1F3FF}\x{200D}\x{FE00}-\x{FE0F}\x{20E3}\x{E0020}-\x{E007F}]"
SYMBOLS = (
    r"\p{S}\x{2190}-\x{21FF}\x{2300}-\x{23FF}\x{2460}-\x{24FF}\x{25A0}-\x{27BF}\x{2900}-\x{297F}\x{2B00}-\x{2BFF}"
    r"\x{1F000}-\x{1FAFF}\x{203C}\x{2049}\x{2139}\x{3030}\x{303D}\x{3297}\x{3299}"
)
"""Symbols, and the blocks where new ones will be: the inside of a class of the regular expressions of `tokenizers`."""
PUNCTUATION = r"[\p{P}$+<=>\^`|~]"  # as BertPreTokenizer has it
LETTER = r"[\p{L}\p{N}]"


@dataclass(frozen=True)
class NewPiece:
    """A piece with its place in the vocabulary and the old pieces of what it means."""

    text: str
    id: int
    meaning: tuple[int, ...]


@dataclass(frozen=True)
class Extension:
    """A tokenizer with new pieces.

    Attributes:
        content: of its ``tokenizer.json``.
    """

    content: str
    pieces: Sequence[NewPiece]

    def start_embeddings(self, embedding: nn.Embedding) -> None:
        """Set each new piece's vector to the mean of its meaning's, as long as these are on average."""
        with torch.no_grad():
            old = embedding.weight.detach().clone()
            for piece in self.pieces:
                parts = old[list(piece.meaning)]
                mean = parts.mean(0)
                embedding.weight[piece.id] = mean * (parts.norm(dim=1).mean() / mean.norm().clamp_min(1e-6))


def read_meanings(paths: Sequence[Path]) -> dict[str, str]:
    """Return what pieces mean, from tables of two columns with a header: piece, meaning.

    Raises:
        DataError: a file that is missing or a line that has another form; all of them.
    """
    meanings: dict[str, str] = {}
    problems = []
    for path in paths:
        if not path.is_file():
            problems.append(f"no file {path}: expected a table of pieces and their meanings")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], 2):
            piece, tab, meaning = line.partition("\t")
            if not (piece.strip() and tab and meaning.strip()):
                problems.append(f"{path}, line {number}: expected a piece, a tab and its meaning, got {line[:60]!r}")
            meanings[re.sub("[\ufe0e\ufe0f]", "", piece)] = meaning
    raise_together(problems)
    return meanings


def extend(base: Path, meanings: Mapping[str, str], texts: Sequence[str], frequent_words: int) -> Extension:
    """Return the tokenizer of ``base`` with new pieces.

    Args:
        meanings: of each new piece, in words.
        texts: whose commonest words of several pieces become one piece each, ``frequent_words`` at most.

    Raises:
        DataError: a base that is no uncased WordPiece of BERT's, or has no room.
    """
    path = base / "tokenizer.json"
    tokenizer, raw = Tokenizer.from_file(str(path)), json.loads(path.read_text(encoding="utf-8"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if raw["model"].get("type") != "WordPiece" or raw["pre_tokenizer"] != {"type": "BertPreTokenizer"}:
        raise DataError(
            f"pieces: expected a base with BERT's WordPiece, got {raw['model'].get('type')}: leave them out"
        )
    vocabulary: dict[str, int] = raw["model"]["vocab"]
    # Sequences that are joined to one picture are read as the pictures in them.
    new = {piece: meaning for piece, meaning in meanings.items() if piece not in vocabulary and "\u200d" not in piece}
    new |= {word: word for word in common_words(tokenizer, texts, frequent_words) if word not in new}
    new.setdefault(OTHER_SYMBOL, "symbol")
    free = [name for name in vocabulary if UNUSED.fullmatch(name)]
    if len(new) > len(free):
        raise DataError(f"pieces: the base has room for {len(free)} new pieces, got {len(new)}: name fewer")
    pieces = []
    for (text, meaning), name in zip(new.items(), free, strict=False):
        parts = tokenizer.encode(meaning, add_special_tokens=False).ids
        pieces.append(NewPiece(text, vocabulary[name], tuple(parts)))
        vocabulary[text] = vocabulary.pop(name)
    raw["model"]["vocab"] = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    raw["normalizer"] = normalizer(
        {*"".join(new), *vocabulary}, any(map(CONTRACTION.match, new)), steps_of(raw["normalizer"])
    )
    raw["pre_tokenizer"] = splitter([*meanings])
    return Extension(json.dumps(raw, ensure_ascii=False), pieces)


def common_words(tokenizer: Tokenizer, texts: Sequence[str], most: int) -> list[str]:
    """Return the words that would save most pieces of ``texts`` if they were pieces."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-z]{3,20}", text.lower()))
    often = [word for word, count in counts.items() if count >= LEAST_COUNT]
    encoded = tokenizer.encode_batch(often, add_special_tokens=False) if most else []
    saved = {word: counts[word] * (len(pieces.ids) - 1) for word, pieces in zip(often, encoded, strict=False)}
    return sorted((word for word in saved if saved[word]), key=lambda word: (-saved[word], word))[:most]


def normalizer(known: Collection[str], contractions: bool, own: Sequence[object]) -> dict[str, object]:
    """Return the base's normalisers behind ours: variants go, symbols not ``known`` are one.

    Args:
        contractions: make all apostrophes one, as pieces with an apostrophe need it.
    """
    kept = "".join(code(text) for text in sorted(known) if len(text) == 1 and ord(text) > 127)
    apostrophes = [(r"[\x{2018}\x{2019}]", "'")] if contractions else []
    steps = [(VARIANTS, ""), *apostrophes, (f"[[{SYMBOLS}]&&[^\\x00-\\x7F{kept}]]", OTHER_SYMBOL)]
    replacements = [{"type": "Replace", "pattern": {"Regex": regex}, "content": text} for regex, text in steps]
    return {"type": "Sequence", "normalizers": [*replacements, *own]}


def steps_of(own: Any) -> Sequence[object]:
    """Return the normalisers that a tokenizer's normaliser consists of."""
    steps: Sequence[object] = own["normalizers"] if own["type"] == "Sequence" else [own]
    return steps


def splitter(pieces: Sequence[str]) -> dict[str, object]:
    """Return a splitter as BERT's that leaves ``pieces`` with punctuation whole and takes symbols from words."""
    whole = sorted((piece for piece in pieces if not piece.isalnum()), key=lambda piece: (-len(piece), piece))
    marks = [guarded(piece) for piece in whole if not piece[0].isalpha()]
    words = [guarded(piece) for piece in whole if piece[0].isalpha()]
    # Most places of a text are neither: a look at the next characters is cheaper than to try every piece.
    starts = "".join(code(start) for start in sorted({piece[0] for piece in whole if not piece[0].isalpha()}))
    pattern = "|".join(
        [
            *([f"(?=[{starts}])(?:{'|'.join(marks)})"] if marks else []),
            *([f"(?<!{LETTER})(?=\\p{{L}}+[\\p{{P}}\\p{{S}}])(?:{'|'.join(words)})"] if words else []),
            f"[[{SYMBOLS}]&&[^\\x00-\\x7F]]",
            PUNCTUATION,
        ]
    )
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, split]}


def guarded(piece: str) -> str:
    """Return an expression for a piece that is no part of a longer word, number or address."""
    first, last = piece[0], piece[-1]
    before = f"(?<!{LETTER})" if first.isalpha() else r"(?<!\p{N})" if last.isdigit() else ""
    after = f"(?!{LETTER})" if last.isalpha() else r"(?!\p{N})" if last.isdigit() else "(?!/)" if last == "/" else ""
    return before + "".join(map(code, piece)) + after


def code(character: str) -> str:
    """Return a character as an expression of the regular expressions of `tokenizers`."""
    return f"\\x{{{ord(character):X}}}"
