"""Texts to token ids: special tokens, cutting or windows for what is longer than an encoder reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from goemotions.architectures.tokenizer_file import check_tokenizer
from goemotions.errors import ModelError
from goemotions.long_texts import PREFIX, first_tokens, valid_unicode, window_starts

MOST_CHARACTERS = 1_000_000
"""Tokenised together: each takes up to 170 bytes meanwhile."""


class Pieces(NamedTuple):
    """Token sequences of n texts, in the order of the texts.

    Attributes:
        ids: p >= n sequences with their special tokens, each at most the maximum length.
        first: int64 [n], where each text's sequences begin in ``ids``.
        truncated: bool [n], True where a text's end is in no sequence.
    """

    ids: list[list[int]]
    first: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]


@contextmanager
def tokenizer_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn whatever ``tokenizers`` raises into one error, its panics too, which are no ``Exception``.

    Raises:
        ModelError: the file, and what was said.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelError(f"{path} {doing}: {str(error).strip()[:300] or type(error).__name__}") from error


class TextTokenizer:
    """A ``tokenizer.json`` whose sequences begin and end with one special token, as BERT's and RoBERTa's do."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            ModelError: a file that is refused (see :mod:`goemotions.architectures.tokenizer_file`), that ``tokenizers``
                cannot read, or with other special tokens.
        """
        self._path = path
        with tokenizer_errors(path, "is not a usable tokenizer"):
            self._facts = check_tokenizer(path)
            self._tokenizer = Tokenizer.from_file(str(path))
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            special = self._tokenizer.encode("").ids
        if len(special) != 2:
            raise ModelError(
                f"{path}: expected one special token before and one after a text, got {len(special)} in all"
            )
        self.start, self.end = special
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text

    def to_json(self) -> str:
        """The content of an equivalent ``tokenizer.json``."""
        self._tokenizer.encode_special_tokens = False
        content = json.loads(self._tokenizer.to_str())
        self._tokenizer.encode_special_tokens = True
        if content["model"]["type"] == "WordPiece":  # of several names of a piece `tokenizers` writes one
            content["model"]["vocab"] = json.loads(self._path.read_text(encoding="utf-8"))["model"]["vocab"]
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    def pieces(self, texts: Sequence[str], max_length: int, windows: bool = False) -> Pieces:
        """Tokenise ``texts``.

        Args:
            max_length: of a sequence, special tokens included.
            windows: give a longer text as several sequences, each sharing half of its tokens with the next, instead
                of its beginning alone.
        """
        room = max_length - 2
        ids: list[list[int]] = []
        first = np.empty(len(texts), dtype=np.int64)
        truncated = np.zeros(len(texts), dtype=np.bool_)
        for row, tokens in enumerate(self._tokens(texts, None if windows else room)):
            first[row] = len(ids)
            truncated[row] = len(tokens) > room and not windows
            starts = window_starts(len(tokens), room) if windows else [0]
            ids += [[self.start, *tokens[start : start + room], self.end] for start in starts]
        return Pieces(ids, first, truncated)

    def _tokens(self, texts: Sequence[str], room: int | None) -> Iterator[list[int]]:
        """Yield each text's tokens; of a long text at least the first ``room`` + 1, if that is given."""
        short: list[str] = []
        characters = 0
        for text in texts:
            characters += len(text)
            if short and (len(text) > PREFIX or characters > MOST_CHARACTERS):
                yield from self._encode(short)
                short, characters = [], len(text)
            if len(text) > PREFIX:
                yield self._long(valid_unicode(text), room)
            else:
                short.append(text)
        yield from self._encode(short)

    def _long(self, text: str, room: int | None) -> list[int]:
        """The tokens of one text, read a part at a time where words are tokenised one by one."""
        if self._facts.boundary is None:
            return self._one(text) if room is None else first_tokens(self._one, text, room)
        tokens: list[int] = []
        for part in parts_of(text, self._facts.boundary):
            if len(part) <= PREFIX:
                tokens += self._one(part)
            elif self._is_unknown(part[:PREFIX]):
                tokens += self._one(part[:PREFIX])  # more of it would be the same one token
            else:
                tokens += self._one(part) if room is None else first_tokens(self._one, part, room)
            if room is not None and len(tokens) > room:
                break
        return tokens

    def _is_unknown(self, word: str) -> bool:
        """Return True if this beginning of a word is one unknown token for its length alone."""
        if self._facts.most_word is None:
            return False
        with tokenizer_errors(self._path, "fails on a text"):
            normalizer = self._tokenizer.normalizer
            words = (word if normalizer is None else normalizer.normalize_str(word)).split()
        return len(words) == 1 and len(words[0]) > self._facts.most_word and len(self._one(word)) == 1

    def _one(self, text: str) -> list[int]:
        return self._encode([text])[0]

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        with tokenizer_errors(self._path, "fails on a text"):
            try:
                encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
            except (TypeError, UnicodeEncodeError):  # for a str that no UTF-8 can hold
                encoded = self._tokenizer.encode_batch_fast(list(map(valid_unicode, texts)), add_special_tokens=False)
            return [encoding.ids for encoding in encoded]


def parts_of(text: str, boundary: re.Pattern[str]) -> Iterator[str]:
    """Yield a text in parts that begin at boundaries, of at most :data:`PREFIX` characters where it has enough."""
    start = 0
    while start < len(text):
        places = [match.start() for match in boundary.finditer(text, start + 1, start + PREFIX + 1)]
        if start + PREFIX >= len(text):
            end = len(text)
        elif places:
            end = places[-1]
        else:
            match = boundary.search(text, start + PREFIX)
            end = match.start() if match else len(text)
        yield text[start:end]
        start = end
