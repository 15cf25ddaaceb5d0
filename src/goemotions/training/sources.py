"""Texts beside the corpus to learn from: with the same labels, with coarser ones of people, or with teachers' alone.

A coarse label says that at least one label of a group applies. The log odds of that are those of "not none of them",
taken as independent, then a line per source and group: how often a source has an emotion is its own affair, and must
not move what the 28 outputs mean. Fine labels of texts that were chosen for them get such lines too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from goemotions.data.checks import raise_together
from goemotions.errors import DataError
from goemotions.evaluation.datasets import read_labelled
from goemotions.evaluation.label_groups import Groups, read_label_map
from goemotions.evaluation.provenance import hash_texts
from goemotions.labels import NEUTRAL
from goemotions.training.text_recipe import Source
from goemotions.training.texts import TextCorpus
from goemotions.training.translations import Closeness, read_pairs, said_of

HELD_OUT = 10  # every so many-th text of a source of which a part is held out


@dataclass(frozen=True)
class SourceTexts:
    """The texts of a source.

    Attributes:
        name: of its file, as the recipe has it.
        targets: float32 [n, labels of the corpus], or [n, groups] where it has coarser labels.
        groups: the coarse labels, each with the labels it stands for; None where the labels are the corpus's and as
            frequent as there.
        weight: of the loss on coarse labels.
        repeat: how often an epoch has each text.
        sha256: of the file.
        rows: int64 [n], of the corpus's train texts that these translate, whose targets they have; None for others.
        share: of the texts that an epoch has.
    """

    name: str
    texts: list[str]
    targets: npt.NDArray[np.float32]
    groups: Groups | None
    weight: float
    repeat: int
    sha256: str
    rows: npt.NDArray[np.int64] | None = None
    share: float = 1.0


def read_sources(
    sources: Sequence[Source], folders: Sequence[Path], corpus: TextCorpus, closeness: Closeness | None = None
) -> list[SourceTexts]:
    """Return the sources that a recipe names, without the texts that stand in dev or test.

    Args:
        folders: where their files are looked for, in this order.
        closeness: of translations to their English, for sources that ask for a least one.

    Raises:
        DataError: files that are missing or cannot be used; all of them.
    """
    held_back = {*hash_texts(corpus.splits["dev"].texts), *hash_texts(corpus.splits["test"].texts)}
    found, problems = [], []
    for source in sources:
        try:
            path = find(source.file, folders)
            if source.row_for_row or source.translation:
                found.append(read_translations(source, path, corpus, closeness))
            else:
                found.append(read_source(source, path, corpus.labels, held_back))
        except DataError as error:
            problems.append(str(error))
    raise_together(problems)
    return found


def find(name: str, folders: Sequence[Path]) -> Path:
    """Return the path of a file in the first of ``folders`` that has it.

    Raises:
        DataError: none has.
    """
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"no file {name} in {' or '.join(map(str, folders))}: name the folder that has it by --sources")


def read_source(source: Source, path: Path, labels: Sequence[str], held_back: Collection[object]) -> SourceTexts:
    """Return the texts of one source; errors as :func:`read_sources`."""
    label_map = read_label_map(source.label_map, labels) if source.label_map else None
    read = read_labelled(path, labels, label_map, absent_ok=True)
    kept = [
        row
        for row, (text, key) in enumerate(zip(read.texts, hash_texts(read.texts), strict=True))
        if key not in held_back and not (source.hold_out and is_held_out(text))
    ]
    return SourceTexts(
        source.file,
        [read.texts[row] for row in kept],
        read.targets[kept].astype(np.float32),
        label_map.groups if label_map else {label: (label,) for label in labels} if source.own_base_rates else None,
        source.weight,
        source.repeat,
        read.sha256,
        share=source.share,
    )


def read_translations(source: Source, path: Path, corpus: TextCorpus, closeness: Closeness | None) -> SourceTexts:
    """Return the texts of a source of translations; errors as :func:`read_sources`."""
    pairs = read_pairs(source, path, corpus.splits["train"]).evenly(source.rows)
    if source.least_cosine is not None and closeness is not None:
        pairs = pairs.take(np.flatnonzero(closeness(pairs.english, pairs.translated) >= source.least_cosine))
    about = source.weight, source.repeat, pairs.sha256
    if source.row_for_row:
        none = np.zeros((len(pairs.rows), 0), np.float32)
        return SourceTexts(source.file, pairs.translated, none, None, *about, rows=pairs.rows, share=source.share)
    targets = said_of(pairs.english, corpus)
    kept = np.flatnonzero(targets[:, corpus.labels.index(NEUTRAL)] <= source.most_neutral)
    texts = [pairs.translated[row] for row in kept]
    return SourceTexts(source.file, texts, targets[kept], None, *about, share=source.share)


def is_held_out(text: str) -> bool:
    """Return True for about a tenth of all texts, always the same."""
    return int.from_bytes(hashlib.sha256(text.encode(errors="replace")).digest()[:4], "big") % HELD_OUT == 0


class CoarseHeads(nn.Module):
    """The log odds of the groups of every source with coarse labels, from those of the labels.

    Args:
        groups: of each such source, in their order.
    """

    def __init__(self, labels: Sequence[str], groups: Sequence[Groups]) -> None:
        super().__init__()
        column = {label: number for number, label in enumerate(labels)}
        self.members = [[[column[label] for label in members] for members in each.values()] for each in groups]
        self.scale = nn.ParameterList(nn.Parameter(torch.ones(len(each))) for each in groups)
        self.offset = nn.ParameterList(nn.Parameter(torch.zeros(len(each))) for each in groups)

    def forward(self, logits: Tensor, number: int) -> Tensor:
        """*Shape:* float32 [n, labels] -> [n, groups of the source ``number``]."""
        odds = torch.stack([any_of(logits[:, members]) for members in self.members[number]], 1)
        lines: Tensor = odds * self.scale[number] + self.offset[number]
        return lines


def any_of(logits: Tensor) -> Tensor:
    """Return the log odds that at least one of independent labels applies. *Shape:* float [n, labels] -> [n]."""
    none = functional.softplus(logits).sum(1).clamp_min(1e-6)  # minus the logarithm of its probability
    return none + torch.log(-torch.expm1(-none))


@dataclass(frozen=True)
class TrainingSet:
    """All that is learnt from in an epoch.

    Attributes:
        texts: of the corpus, then of every source.
        targets: float32 [n, labels], each 0 to 1; NaN in the rows of which nothing is known.
        coarse: of each source with coarse labels, float32 [n, groups], NaN in the rows of others.
        groups, weights: of the same sources.
        parts: int64 each, rows that an epoch has, some of them several times, each with the share of them that it has.
    """

    texts: list[str]
    targets: npt.NDArray[np.float32]
    coarse: Sequence[npt.NDArray[np.float32]]
    groups: Sequence[Groups]
    weights: Sequence[float]
    parts: Sequence[tuple[npt.NDArray[np.int64], float]]

    def order(self, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return the rows of an epoch, shuffled. *Shape:* int64 [n]."""
        chosen = [
            rows if share == 1 else generator.permutation(rows)[: max(1, round(share * len(rows)))]
            for rows, share in self.parts
        ]
        return generator.permutation(np.concatenate(chosen))

    def digest(self) -> str:
        """Return a hash of what is learnt."""
        rows = [np.concatenate([part for part, _ in self.parts]), np.array([share for _, share in self.parts])]
        parts = [self.targets, *self.coarse, *rows]
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def gather(
    corpus: TextCorpus,
    targets: npt.NDArray[np.float32],
    sources: Sequence[SourceTexts],
    said: Mapping[str, npt.NDArray[np.float32]],
    teacher_weight: float,
    corpus_share: float = 1.0,
) -> TrainingSet:
    """Put the corpus and the sources together.

    Args:
        targets: of the corpus's train texts.
        said: what teachers say of a source's texts, by its name: float32 [n, labels], probabilities.
        teacher_weight: of that beside a source's own labels.
        corpus_share: of the train texts that an epoch has.
    """
    train = corpus.splits["train"]
    texts, fine = list(train.texts), [targets]
    parts = [(np.arange(len(train)), corpus_share)]
    for source in sources:
        first, rows = len(texts), len(source.texts)
        texts += source.texts
        parts.append((np.tile(np.arange(first, first + rows), source.repeat), source.share))
        known = said.get(source.name)
        if source.rows is not None:
            fine.append(targets[source.rows])
        elif source.groups is not None:
            fine.append(np.full((rows, len(corpus.labels)), np.nan, np.float32) if known is None else known)
        else:
            weight = np.float32(0 if known is None else teacher_weight)
            fine.append((1 - weight) * source.targets + weight * (0 if known is None else known))
    coarse, groups, weights, first = [], [], [], len(train)
    for source in sources:
        if source.groups is not None:
            column = np.full((len(texts), source.targets.shape[1]), np.nan, np.float32)
            column[first : first + len(source.texts)] = source.targets
            coarse.append(column)
            groups.append(source.groups)
            weights.append(source.weight)
        first += len(source.texts)
    return TrainingSet(texts, np.concatenate(fine).astype(np.float32), coarse, groups, weights, parts)
