"""USE v4 (Cer et al., 2018), or any other text encoder that is a TensorFlow SavedModel: from TF-Hub or a local folder.

USE v4 is a deep averaging network: it averages the vectors of all words. Its card speaks of 1 to 512 tokens; how it
splits words, and whether it cuts by itself, cannot be seen from outside. So that ``truncated`` is exact the cut is made
here: a text's first 512 words are read, a word being what stands between white space, and each 64 characters of a
longer one counting as a word. This goes for every encoder here.

A SavedModel is a program that TensorFlow runs: use those whose source you trust.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.encoders.base import Encoded, EncodedWindows, fingerprint_files
from goemotions.encoders.tf_import import (
    import_tensorflow,
    import_tensorflow_hub,
    one_line,
    require,
    require_tensorflow_hub,
)
from goemotions.errors import EncoderError
from goemotions.long_texts import valid_unicode, window_starts

USE_V4 = "https://tfhub.dev/google/universal-sentence-encoder/4"
WORD = re.compile(r"\S{1,64}")
BATCH = 256  # texts embedded together

Function = Callable[[Any], Any]


class TensorFlowEncoder:
    """Text to ``dim`` numbers by a SavedModel that takes strings [n] and gives floats [n, dim].

    See :class:`goemotions.encoders.base.Encoder`. The SavedModel is called itself, or by its signature
    ``serving_default``.
    """

    max_length = 512
    """Words read of a text."""

    def __init__(self, source: str | Path, *, id: str, dim: int = 512, threads: int | None = None) -> None:
        """Checks what can be checked at once; fetching waits for the fingerprint or a text, loading for a text.

        Args:
            source: the handle of a TF-Hub model, kept in the folder TFHUB_CACHE_DIR (else a temporary one), or the
                folder of a SavedModel, for which tensorflow-hub is not needed.
            id: its name in the ``config.json`` of models.
            dim: the width its embeddings must have.
            threads: that compute, if this is the first use of TensorFlow in the process; None for one per core.

        Raises:
            MissingExtraError: the extra ``tfhub`` is not installed.
            EncoderError: a folder that is no whole SavedModel, or ``pkg_resources`` is missing.
        """
        self.id = id
        self.dim = dim
        self.revision = source if isinstance(source, str) else "local folder"
        self._source = source
        self._threads = threads
        self._lock = threading.RLock()
        self._function: Function | None = None
        if isinstance(source, str):
            require_tensorflow_hub(f"the encoder {id}")
        else:
            if reason := damage(source):
                raise EncoderError(f"{source} is no whole SavedModel: {reason}")
            require("an encoder from a SavedModel", "tensorflow")

    @cached_property
    def fingerprint(self) -> str:
        """See :class:`goemotions.encoders.base.Encoder`. The files: graph, variables and assets."""
        files = [path for path in self._folder.rglob("*") if path.is_file()]
        names = [path.relative_to(self._folder).as_posix() for path in files]
        parts = ("saved_model.pb", "variables/", "assets/")  # saved_model.pb or .pbtxt
        return fingerprint_files(self._folder, [name for name in names if name.startswith(parts)])

    def encode(self, texts: Sequence[str]) -> Encoded:
        """See :class:`goemotions.encoders.base.Encoder`."""
        valid = [valid_unicode(text) for text in texts]
        read = [first_words(text, self.max_length) for text in valid]
        truncated = np.array([len(cut) < len(text) for cut, text in zip(read, valid, strict=True)], dtype=np.bool_)
        return Encoded(self._embed(read), truncated)

    def encode_windows(self, texts: Sequence[str]) -> EncodedWindows:
        """See :class:`goemotions.encoders.base.Encoder`."""
        first = np.empty(len(texts), dtype=np.int64)
        pieces: list[str] = []
        for row, text in enumerate(texts):
            first[row] = len(pieces)
            pieces += word_windows(valid_unicode(text), self.max_length)
        return EncodedWindows(self._embed(pieces), first)

    def _embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        embeddings = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            rows = slice(start, start + BATCH)
            embeddings[rows] = self._load()([text.encode() for text in texts[rows]])
        bad = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
        if len(bad):
            raise EncoderError(f"the encoder {self.revision} gives NaN or infinity for {texts[bad[0]]!r:.80}")
        return embeddings

    @cached_property
    def _folder(self) -> Path:
        with self._lock:
            return self._source if isinstance(self._source, Path) else fetch(self._source, self._threads)

    def _load(self) -> Function:
        with self._lock:
            if self._function is None:
                self._function = load(self._folder, self.dim, self._threads)
            return self._function


def first_words(text: str, count: int) -> str:
    """``text`` up to the end of its word number ``count``; all of it if there are no more words."""
    words = list(islice(WORD.finditer(text), count + 1))
    return text[: words[count - 1].end()] if len(words) > count else text


def word_windows(text: str, count: int) -> list[str]:
    """``text`` in overlapping windows of ``count`` words; itself alone if it has no more."""
    words = [word.span() for word in WORD.finditer(text)]
    if len(words) <= count:
        return [text]
    return [text[words[start][0] : words[start + count - 1][1]] for start in window_starts(len(words), count)]


def damage(folder: Path) -> str:
    """Return what ``folder`` lacks of a SavedModel; empty for a whole one."""
    if not folder.is_dir():
        return "it is not a folder"
    if not any((folder / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        return "it contains neither saved_model.pb nor saved_model.pbtxt"
    variables = folder / "variables"
    if not (variables / "variables.index").is_file():
        return "it lacks variables/variables.index"
    shards = list(variables.glob("variables.data-*-of-*"))
    if not shards or len(shards) != int(shards[0].name.rpartition("-")[2]):
        return "it lacks variables/variables.data-…"
    return ""


def load(folder: Path, dim: int, threads: int | None = None) -> Function:
    """The function from a list of UTF-8 bytes to floats [n, dim] in the SavedModel ``folder``, tried out.

    Raises:
        EncoderError: it cannot be loaded, takes something else, or gives something else.
    """
    tf = import_tensorflow(threads)
    try:
        model = tf.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises whatever comes: OSError, IndexError, its own errors
        raise EncoderError(
            f"{folder} cannot be loaded as a SavedModel ({one_line(error)}): if it is damaged, delete that folder and "
            "fetch the model again"
        ) from error
    function = _function(folder, model)

    def embed(texts: Sequence[bytes]) -> Any:
        return _single(function(tf.constant(texts, dtype=tf.string))).numpy()

    try:
        shape = embed([b"", b"a probe"]).shape
    except Exception as error:
        raise EncoderError(f"the SavedModel {folder} does not embed a list of strings: {one_line(error)}") from error
    if shape != (2, dim):
        raise EncoderError(f"the SavedModel {folder} must give [n, {dim}] for n texts, got {list(shape)} for 2")
    return embed


def _function(folder: Path, model: Any) -> Function:
    if callable(model):
        return model  # type: ignore[no-any-return]
    signature = model.signatures.get("serving_default")
    inputs = list(signature.structured_input_signature[1]) if signature is not None else []
    if len(inputs) != 1:
        raise EncoderError(f"the SavedModel {folder} has no function of one input: it is not a text encoder")
    return lambda texts: signature(**{inputs[0]: texts})


def _single(output: Any) -> Any:
    if not isinstance(output, Mapping):
        return output
    if len(output) == 1:
        return next(iter(output.values()))
    return output["outputs" if "outputs" in output else "default"]


def fetch(handle: str, threads: int | None = None) -> Path:
    """The local folder of a TF-Hub model, from TF-Hub's cache or from the hub.

    A cache entry that is not whole, as cleaners of temporary folders leave them, is deleted and fetched again.

    Raises:
        EncoderError: the hub cannot be reached, or gives no SavedModel.
    """
    import_tensorflow(threads)
    import_tensorflow_hub()
    from tensorflow_hub import resolver

    # The same name as TF-Hub's own: see HttpCompressedFileResolver in tensorflow_hub.
    entry = Path(resolver.tfhub_cache_dir(use_temp=True)) / hashlib.sha1(handle.encode()).hexdigest()
    if not entry.is_symlink() and entry.is_dir() and damage(entry):
        try:
            shutil.rmtree(entry)
        except OSError as error:
            raise EncoderError(
                f"{entry} is no whole SavedModel ({damage(entry)}) and could not be deleted ({error}): delete it"
            ) from error
    folder = _resolve(handle, entry)
    if reason := damage(folder):
        raise EncoderError(f"{handle} gave no whole SavedModel in {folder}: {reason}; delete that folder")
    return folder


def _resolve(handle: str, entry: Path) -> Path:
    import tensorflow as tf
    import tensorflow_hub

    lock = entry.with_name(f"{entry.name}.lock")
    if lock.exists():
        warnings.warn(
            f"waiting for another process to fetch {handle}, as {lock} says; if there is none, delete that file",
            stacklevel=2,
        )
    try:
        return Path(tensorflow_hub.resolve(handle))
    except (OSError, EOFError, ValueError, http.client.HTTPException, tf.errors.OpError) as error:
        raise EncoderError(
            f"{handle} is not in TF-Hub's cache ({entry.parent}) and could not be fetched ({one_line(error)}). Where "
            f"there is a connection: mkdir FOLDER && curl -L '{handle}?tf-hub-format=compressed' | tar xz -C FOLDER; "
            "then give it as encoder=FOLDER (--encoder FOLDER), or bring the cache and name it in TFHUB_CACHE_DIR"
        ) from error


def make_encoder(threads: int | None) -> TensorFlowEncoder:
    """Return USE v4 from TF-Hub; errors as of :class:`TensorFlowEncoder`."""
    return TensorFlowEncoder(USE_V4, id="use-v4", threads=threads)
