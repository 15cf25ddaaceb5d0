"""Texts to token ids: special tokens, cutting or windows for what is longer than an encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from goemotions.errors import ModelError


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


class TextTokenizer:
    """A ``tokenizer.json`` whose sequences begin and end with one special token, as BERT's and RoBERTa's do."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            ModelError: a file that ``tokenizers`` cannot read, or other special tokens.
        """
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception for whatever is wrong with the file
            raise ModelError(f"{path} is not a usable tokenizer: {error}") from error
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
        content: str = self._tokenizer.to_str()
        self._tokenizer.encode_special_tokens = True
        return content

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
        for row, tokens in enumerate(self._encode(texts)):
            first[row] = len(ids)
            if len(tokens) > room and windows:
                starts = [*range(0, len(tokens) - room, room // 2), len(tokens) - room]
                ids += [[self.start, *tokens[start : start + room], self.end] for start in starts]
            else:
                truncated[row] = len(tokens) > room
                ids.append([self.start, *tokens[:room], self.end])
        return Pieces(ids, first, truncated)

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        try:
            encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        except (TypeError, UnicodeEncodeError):
            # A str may hold lone surrogates, which no UTF-8 can: replace those, keep pairs.
            valid = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
            encoded = self._tokenizer.encode_batch_fast(valid, add_special_tokens=False)
        return [encoding.ids for encoding in encoded]
