"""Splits of a labelled corpus: ``train.tsv``, ``dev.tsv`` and ``test.tsv``, as the official GoEmotions ones are.

Each line is ``text <tab> label ids, comma-separated <tab> comment id``; ids count into the lines of ``labels.txt``
beside the files or, without one, into :data:`goemotions.labels.LABELS`. ``goemotions data prepare`` brings other
corpora into this form. In translations of the official splits the comment id may be left out; line numbers stand for it
then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.data.checks import raise_together, split_problems
from goemotions.errors import DataError
from goemotions.labels import LABELS

SPLITS = ("train", "dev", "test")
LABEL_FILE = "labels.txt"


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


@dataclass(frozen=True)
class Corpus:
    """Splits that share a label set.

    Attributes:
        labels: their names, in the order of the targets' columns.
        splits: by name: train, dev and test.
    """

    labels: tuple[str, ...]
    splits: Mapping[str, Split]


def read_corpus(folder: Path, trainable: bool = True) -> Corpus:
    """Read the three splits of a folder.

    Raises:
        DataError: files that are missing or cannot be read as such and, if the corpus must be ``trainable``, labels
            without a positive in train; all problems at once.
    """
    problems: list[str] = []
    labels = read_labels(folder)
    splits: dict[str, Split] = {}
    for name in SPLITS:
        try:
            splits[name] = read_split(folder / f"{name}.tsv", labels)
        except DataError as error:
            problems.append(str(error))
    if trainable:
        problems += split_problems({name: split.targets for name, split in splits.items()}, labels)
    raise_together(problems)
    return Corpus(labels, splits)


def read_labels(folder: Path) -> tuple[str, ...]:
    """The label set of a folder: the lines of its ``labels.txt``, or the 28 GoEmotions labels without one.

    Raises:
        DataError: an empty file, an empty or a repeated name.
    """
    path = folder / LABEL_FILE
    return read_label_file(path) if path.exists() else LABELS


def read_label_file(path: Path) -> tuple[str, ...]:
    """Label names, one per line.

    Raises:
        DataError: no such file, an empty one, an empty or a repeated name.
    """
    try:
        labels = tuple(line.strip() for line in path.read_text(encoding="utf-8").rstrip().split("\n"))
    except FileNotFoundError:
        raise DataError(f"no file {path}: expected label names, one per line") from None
    if "" in labels or len(set(labels)) < len(labels):
        raise DataError(f"{path}: expected different label names, one per line, got {len(labels)} lines")
    return labels


def read_split(path: Path, labels: Sequence[str] = LABELS) -> Split:
    """Read one TSV file.

    A line without label ids is a row without labels, which the official files do not have.

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
    if not raw:
        raise DataError(f"{path} is empty")
    try:
        lines = raw.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {raw[error.start]:#04x} at position {error.start} is not UTF-8") from None
    for number, line in enumerate(lines, start=1):
        fields = line.removesuffix("\r").split("\t")
        try:
            text, label_ids, *rest = fields
            (comment_id,) = rest or [str(number)]
            numbers = [int(i) for i in label_ids.split(",")] if label_ids else []
        except ValueError:
            raise DataError(
                f"{path}, line {number}: expected text, label ids and comment id, got {line[:80]!r}"
            ) from None
        if not all(0 <= i < len(labels) for i in numbers):
            raise DataError(f"{path}, line {number}: label ids must be 0 to {len(labels) - 1}, got {label_ids}")
        texts.append(text)
        ids.append(comment_id)
        rows.append(numbers)
    targets = np.zeros((len(texts), len(labels)), dtype=np.uint8)
    for row, numbers in enumerate(rows):
        targets[row, numbers] = 1
    return Split(texts, targets, ids, hashlib.sha256(raw).hexdigest())


def write_split(path: Path, split: Split) -> None:
    """Write one TSV file; tabs and line ends in a text or an id become spaces, which the format needs."""
    lines = [
        f"{one_line(text)}\t{','.join(map(str, bits.nonzero()[0]))}\t{one_line(comment_id)}\n"
        for text, bits, comment_id in zip(split.texts, split.targets, split.ids, strict=True)
    ]
    path.write_bytes("".join(lines).encode("utf-8", "replace"))


def one_line(text: str) -> str:
    return text.translate({9: " ", 10: " ", 13: " "})


def normalise(text: str) -> str:
    """The key under which two texts count as the same: case folded, white space collapsed."""
    return " ".join(text.casefold().split())


def seen_in(split: Split, other: Split) -> npt.NDArray[np.bool_]:
    """bool [n]: the rows of ``split`` whose normalised text also stands in ``other``."""
    known = {normalise(text) for text in other.texts}
    return np.fromiter((normalise(text) in known for text in split.texts), dtype=bool, count=len(split))
