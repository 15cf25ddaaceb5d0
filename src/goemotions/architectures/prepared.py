"""Texts made ready to compute: what lies between reading and computing, so that the two can overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from goemotions.errors import ModelError
from goemotions.languages import Languages

Rows = list[list[int]] | npt.NDArray[np.float32]


class Features(NamedTuple):
    """Logits and states of p rows, for a classifier of another's labels on top of them.

    Attributes:
        logits: float32 [p, labels], of the model's own labels, before calibration.
        states: float32 [p, width], what the model's last layer reads, or the embeddings that it classifies.
    """

    logits: npt.NDArray[np.float32]
    states: npt.NDArray[np.float32]


class Prepared(NamedTuple):
    """n texts as p >= n rows, in the order of the texts.

    Attributes:
        rows: p sequences of token ids, or the embeddings, float32 [p, embed_dim].
        first: int64 [n], where each text's rows begin, as ``np.maximum.reduceat`` takes it.
        truncated: bool [n], True where a text's end is in no row.
        languages: of the texts; None where they were not told.
    """

    rows: Rows
    first: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]
    languages: Languages | None = None

    @property
    def costs(self) -> npt.NDArray[np.int64]:
        """Return the tokens that computing each text takes; an embedding counts as one. int64 [n]."""
        if not len(self.first):
            return np.zeros(0, dtype=np.int64)
        lengths = [len(row) for row in self.rows] if isinstance(self.rows, list) else np.ones(len(self.rows))
        return np.add.reduceat(np.asarray(lengths, dtype=np.int64), self.first)

    def select(self, texts: npt.NDArray[np.int64]) -> Prepared:
        """Only these texts, in this order."""
        ends = np.append(self.first[1:], len(self.rows))
        spans = [range(self.first[text], ends[text]) for text in texts]
        places = [row for span in spans for row in span]
        rows: Rows = [self.rows[row] for row in places] if isinstance(self.rows, list) else self.rows[places]
        first = np.cumsum([0, *(len(span) for span in spans[:-1])])
        languages = None if self.languages is None else self.languages[texts]
        return Prepared(rows, first, self.truncated[texts], languages)


def join(parts: Sequence[Prepared]) -> Prepared:
    """Several as one, in order; all of one model. At least one part."""
    if len(parts) == 1:
        return parts[0]
    sizes = np.cumsum([0, *(len(part.rows) for part in parts[:-1])])
    rows: Rows
    if isinstance(parts[0].rows, list):
        rows = [row for part in parts for row in part.rows]
    else:
        rows = np.concatenate([part.rows for part in parts])
    first = np.concatenate([part.first + start for part, start in zip(parts, sizes, strict=True)])
    languages = [part.languages for part in parts if part.languages is not None]
    together = np.concatenate(languages) if len(languages) == len(parts) else None
    return Prepared(rows, first, np.concatenate([part.truncated for part in parts]), together)


def check_finite(logits: npt.NDArray[np.float32], labels: Sequence[str], model: str) -> npt.NDArray[np.float32]:
    """Return logits.

    Raises:
        ModelError: NaN or infinity among them; ``model`` says whose they are.
    """
    wrong = np.argwhere(~np.isfinite(logits))
    if len(wrong):
        row, column = wrong[0]
        raise ModelError(
            f"the model {model} gives {logits[row, column]} for {labels[column]} of text {row}, expected a finite "
            "number: it is damaged, get it again"
        )
    return logits
