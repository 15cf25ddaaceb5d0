"""The corpus of texts that every training reads: its splits, labels and provenance, from the data alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from goemotions.data.checks import raise_together
from goemotions.data.corpus import Split, read_corpus, seen_in
from goemotions.data.origin import Origin, corpus_origin
from goemotions.evaluation.provenance import hash_texts, hashes_to_bytes
from goemotions.training.model_directory import HeldOut


@dataclass(frozen=True)
class TextCorpus:
    """A corpus as training takes it.

    Attributes:
        splits: train, dev and test.
        sha256: of each split's file, of which a trial run reads the first rows only.
        source: where the corpus comes from, as far as it says.
    """

    labels: tuple[str, ...]
    splits: Mapping[str, Split]
    sha256: Mapping[str, str]
    source: Origin

    @property
    def rows(self) -> int:
        """Return how many train texts there are."""
        return len(self.splits["train"])

    def held_out(self, more: Sequence[str] = ()) -> HeldOut:
        """Return what a finished training is judged by.

        Args:
            more: texts that were learnt from beside train's.
        """
        train, dev, test = (self.splits[name] for name in ("train", "dev", "test"))
        return HeldOut(
            self.labels,
            self.source,
            dev=(dev.texts, dev.targets),
            test=(test.texts, test.targets),
            rows=self.rows,
            sha256=self.sha256,
            fresh=~seen_in(test, train),
            known=hashes_to_bytes(hash_texts([*train.texts, *more])),
        )


def read_texts(folder: Path, limit: int | None = None) -> TextCorpus:
    """Read train.tsv, dev.tsv and test.tsv of a folder, with the labels of its labels.txt or the 28 of GoEmotions.

    Args:
        limit: use only the first rows of every split (a trial run).

    Raises:
        DataError: files that cannot be read, labels without a positive in train, a test split that stands in train;
            all problems at once.
    """
    corpus = read_corpus(folder)
    splits = {name: split.head(limit) for name, split in corpus.splits.items()}
    hashes = {name: split.sha256 for name, split in splits.items()}
    if seen_in(splits["test"], splits["train"]).all():
        raise_together(
            [f"every text of {folder / 'test.tsv'} also stands in train.tsv: nothing honest can be measured"]
        )
    return TextCorpus(corpus.labels, splits, hashes, corpus_origin(folder, hashes))
