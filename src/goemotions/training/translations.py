"""Translated texts to learn from: they have the targets of their English, as far as they say the same.

Two kinds: the corpus's train split in another language, row for row, and aligned lines whose English side the bundled
model ``compact`` answers. Machines translate roughly and alignments slip: a multilingual base, before any training,
says how near a translation is to its English, by the cosine of its mean states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from goemotions.architectures.tokens import TextTokenizer
from goemotions.classifier import EmotionClassifier
from goemotions.data.corpus import Split
from goemotions.errors import DataError
from goemotions.files import sha256
from goemotions.precision import fast_precision
from goemotions.progress import Progress
from goemotions.training.encoder import MeanPooledEncoder, pad
from goemotions.training.loop import autocast
from goemotions.training.text_recipe import Source
from goemotions.training.texts import TextCorpus

ENGLISH = "en"  # the column of the English side
PREFIX = "query: "  # e5 was trained with it before every text that it compares
MODEL = "compact"  # says what aligned lines' English side expresses
BATCH, MAX_TOKENS = 64, 64

Closeness = Callable[[Sequence[str], Sequence[str]], npt.NDArray[np.float32]]
"""Cosines of two texts each. *Shape:* two of n texts -> float32 [n]."""


@dataclass(frozen=True)
class Pairs:
    """English texts and their translations.

    Attributes:
        rows: int64 [n], of the lines of the file.
        sha256: of the file.
    """

    english: list[str]
    translated: list[str]
    rows: npt.NDArray[np.int64]
    sha256: str

    def take(self, numbers: npt.NDArray[np.int64]) -> Pairs:
        """Return some of the pairs."""
        english, translated = ([texts[i] for i in numbers] for texts in (self.english, self.translated))
        return Pairs(english, translated, self.rows[numbers], self.sha256)

    def evenly(self, most: int | None) -> Pairs:
        """Return at most so many, spread evenly over all."""
        count = len(self.rows)
        return self if most is None or most >= count else self.take(np.arange(most) * count // most)


def read_pairs(source: Source, path: Path, train: Split) -> Pairs:
    """Return the pairs of a file of translations.

    Raises:
        DataError: other rows than the train split's, or no columns of those names.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        lines = [line.rstrip("\r\n").split("\t") for line in stream]
    if source.row_for_row:
        # A file may be of the whole split where a trial run reads its first rows only.
        if len(lines) < len(train):
            raise DataError(f"{path}: expected a row for each of train.tsv, {len(train):,}, got {len(lines):,}")
        rows = np.arange(len(train))
        return Pairs(list(train.texts), [line[0] for line in lines[: len(train)]], rows, sha256(path))
    header = lines[0] if lines else []
    wanted = [ENGLISH, str(source.translation)]
    if not set(wanted) <= set(header):
        raise DataError(f"{path}: expected columns {' and '.join(wanted)}, got {', '.join(header)[:200] or 'nothing'}")
    english, translated = (header.index(name) for name in wanted)
    kept = [line for line in lines[1:] if len(line) == len(header) and line[english] and line[translated]]
    return Pairs([row[english] for row in kept], [row[translated] for row in kept], np.arange(len(kept)), sha256(path))


def said_of(texts: Sequence[str], corpus: TextCorpus) -> npt.NDArray[np.float32]:
    """Return what the bundled model says of English texts. *Shape:* n texts -> float32 [n, labels].

    Raises:
        DataError: a corpus with other labels than the model's.
    """
    model = EmotionClassifier(MODEL)
    if model.labels != corpus.labels:
        raise DataError(f"a source of aligned lines needs the labels of {MODEL}: the corpus has other ones")
    return model.predict_proba(list(texts))


def closeness_of(base: Path, cache: Path, device: torch.device) -> Closeness:
    """Return what measures how near texts are to each other, by the states of an untrained base.

    Args:
        cache: a folder where what was measured is kept.
    """

    def cosines(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[np.float32]:
        key = hashlib.sha256("\0".join([str(base), *left, *right]).encode(errors="replace")).hexdigest()[:16]
        path = cache / f"closeness-{key}.npy"
        if not path.exists():
            network = MeanPooledEncoder(base, 1, 0.0, False).to(device).eval()
            tokenizer = TextTokenizer(base / "tokenizer.json")
            sides = [
                mean_states(network, tokenizer, [PREFIX + text for text in side], device) for side in (left, right)
            ]
            cache.mkdir(parents=True, exist_ok=True)
            np.save(path.with_suffix(".part.npy"), (sides[0] * sides[1]).sum(1))
            path.with_suffix(".part.npy").replace(path)
        found: npt.NDArray[np.float32] = np.load(path, allow_pickle=False)
        return found

    return cosines


def mean_states(
    network: MeanPooledEncoder, tokenizer: TextTokenizer, texts: Sequence[str], device: torch.device
) -> npt.NDArray[np.float32]:
    """Return the mean of each text's states, of length 1. *Shape:* n texts -> float32 [n, hidden]."""
    ids = tokenizer.pieces(texts, MAX_TOKENS).ids
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    found = np.empty((len(ids), network.head.in_features), np.float32)
    with torch.inference_mode(), autocast(device, fast_precision(device)), Progress("comparing", True) as progress:
        for first in range(0, len(order), BATCH):
            part = order[first : first + BATCH]
            found[part] = network.pooled(*pad([ids[row] for row in part], device)).cpu().numpy()
            progress.update(min(1, (first + BATCH) / len(order)), first + len(part))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found
