"""The official GoEmotions splits: ``train.tsv``, ``dev.tsv`` and ``test.tsv`` as their authors released them.

Each line is ``text <tab> label ids, comma-separated <tab> comment id``; ids count into
:data:`goemotions.labels.LABELS`. In translations of the splits the comment id may be left out;
line numbers stand for it then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError
from goemotions.labels import LABELS


@dataclass(frozen=True)
class Split:
    """One split of a labelled corpus.

    Attributes:
        texts: n texts.
        targets: uint8 [n, labels], 1 where the label applies.
        ids: n comment ids.
        sha256: of the file it was read from.
    """

    texts: list[str]
    targets: npt.NDArray[np.uint8]
    ids: list[str]
    sha256: str

    def __len__(self) -> int:
        return len(self.texts)

    def head(self, rows: int | None) -> Split:
        """The first ``rows`` rows, or all of them for None."""
        return Split(self.texts[:rows], self.targets[:rows], self.ids[:rows], self.sha256)


def read_split(path: Path) -> Split:
    """Read one official TSV file.

    Raises:
        DataError: no such file, or a line that is not ``text, ids, comment id``; the line is named.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"no file {path}: expected the official GoEmotions split of that name (train.tsv, dev.tsv, test.tsv)"
        ) from None
    texts: list[str] = []
    ids: list[str] = []
    rows: list[list[int]] = []
    # Comments hold quotes and Unicode line separators: neither csv quoting nor str.splitlines reads them right.
    for number, line in enumerate(raw.decode("utf-8").removesuffix("\n").split("\n"), start=1):
        fields = line.removesuffix("\r").split("\t")
        try:
            text, label_ids, *rest = fields
            (comment_id,) = rest or [str(number)]
            labels = [int(i) for i in label_ids.split(",")]
        except ValueError:
            raise DataError(
                f"{path}, line {number}: expected text, label ids and comment id, got {line[:80]!r}"
            ) from None
        if not all(0 <= i < len(LABELS) for i in labels):
            raise DataError(f"{path}, line {number}: label ids must be 0 to {len(LABELS) - 1}, got {label_ids}")
        texts.append(text)
        ids.append(comment_id)
        rows.append(labels)
    targets = np.zeros((len(texts), len(LABELS)), dtype=np.uint8)
    for row, labels in enumerate(rows):
        targets[row, labels] = 1
    return Split(texts, targets, ids, hashlib.sha256(raw).hexdigest())


def normalise(text: str) -> str:
    """The key under which two texts count as the same: case folded, white space collapsed."""
    return " ".join(text.casefold().split())


def seen_in(split: Split, other: Split) -> npt.NDArray[np.bool_]:
    """bool [n]: the rows of ``split`` whose normalised text also stands in ``other``."""
    known = {normalise(text) for text in other.texts}
    return np.fromiter((normalise(text) in known for text in split.texts), dtype=bool, count=len(split))
