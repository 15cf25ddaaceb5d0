"""A corpus of vectors without texts: a folder with, for each split, ``<name>.X.npy`` and ``<name>.y.npy``.

``embeddings.json`` beside them holds the labels, whose vectors they are, and each file's SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.data.augmentation import FinishedSplit, Rows, finish_split
from goemotions.data.checks import raise_together, room_problems
from goemotions.data.corpus import Corpus
from goemotions.data.embed import open_cache
from goemotions.data.embedding_shard import Format
from goemotions.data.published import NUMBER_BYTES, read_published, write_published
from goemotions.encoders.base import Encoder
from goemotions.errors import DataError
from goemotions.files import check_replaceable, new_directory, sha256
from goemotions.progress import Progress

DESCRIPTION = "embeddings.json"
FORMAT = 1

Vectors = npt.NDArray[np.float32]
Targets = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class EmbeddingCorpus:
    """Vectors and labels.

    Attributes:
        labels: names, in the order of the targets' columns.
        encoder: ``id``, ``revision`` and ``fingerprint`` of what made the vectors; None where that is not known.
        splits: by name, float32 [n, dim] (memory-mapped where read from disk) and uint8 [n, labels].
    """

    labels: tuple[str, ...]
    encoder: Mapping[str, str] | None
    splits: Mapping[str, tuple[Vectors, Targets]]

    def finish(self) -> FinishedSplit:
        """The splits as they are, for :func:`goemotions.data.augmentation.augment`."""
        parts: dict[str, Rows] = {}
        first = 0
        for name, (embeddings, targets) in self.splits.items():
            parts[name] = Rows.real(embeddings, targets, first)
            first += len(embeddings)
        return finish_split(parts)


def write_embeddings(folder: Path, corpus: EmbeddingCorpus) -> None:
    """Write a corpus; ``folder`` appears when it is whole.

    Raises:
        DataError: what :func:`check` finds, or a folder in the way that is not such a corpus.
    """
    check(corpus)
    check_output(folder)
    with new_directory(folder) as temporary:
        files: dict[str, dict[str, Any]] = {}
        for name, (embeddings, targets) in corpus.splits.items():
            np.save(temporary / f"{name}.X.npy", embeddings.astype(np.float32, copy=False))
            np.save(temporary / f"{name}.y.npy", targets.astype(np.uint8, copy=False))
            hashes = {kind: sha256(temporary / f"{name}.{kind}.npy") for kind in "Xy"}
            files[name] = {"rows": len(embeddings), "sha256": hashes}
        content = {"format": FORMAT, "labels": corpus.labels, "encoder": corpus.encoder, "splits": files}
        (temporary / DESCRIPTION).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def check_output(folder: Path) -> None:
    """Refuse a folder that holds something else than such a corpus, before work starts.

    Raises:
        DataError: what is there.
    """
    check_replaceable(folder, lambda found: (found / DESCRIPTION).exists())


def read_embeddings(folder: Path) -> EmbeddingCorpus:
    """Read a corpus that :func:`write_embeddings` wrote; vectors are memory-mapped.

    Raises:
        DataError: not such a folder, or one with files that are not as they were written; all of them.
    """
    try:
        content = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{folder} is no folder of embeddings: it has no {DESCRIPTION}") from None
    except ValueError as error:
        raise DataError(f"{folder / DESCRIPTION} cannot be read: {error}") from None
    if content.get("format") != FORMAT:
        raise DataError(f"{folder / DESCRIPTION}: format {content.get('format')!r}, this release reads {FORMAT}")
    problems: list[str] = []
    splits: dict[str, tuple[Vectors, Targets]] = {}
    for name, facts in content["splits"].items():
        paths = {kind: folder / f"{name}.{kind}.npy" for kind in facts["sha256"]}
        bad = [path for kind, path in paths.items() if not path.exists() or sha256(path) != facts["sha256"][kind]]
        problems += [f"{path} is missing or is not as it was written" for path in bad]
        if not bad:
            splits[name] = (np.load(paths["X"], mmap_mode="r"), np.load(paths["y"]))
    raise_together(problems)
    return EmbeddingCorpus(tuple(content["labels"]), content["encoder"], splits)


def embedded_corpus(corpus: Corpus, cache: Path, encoder: Encoder, dtype: Format = "float32") -> EmbeddingCorpus:
    """A corpus with the vectors of its texts from the cache.

    Raises:
        DataError: texts without a vector of this encoder.
    """
    vectors = open_cache(cache, encoder, dtype)
    splits = {name: (vectors.read(split.texts)[0], split.targets) for name, split in corpus.splits.items()}
    made_by = {"id": encoder.id, "revision": encoder.revision, "fingerprint": encoder.fingerprint}
    return EmbeddingCorpus(corpus.labels, made_by, splits)


def import_corpus(
    files: Mapping[str, Path], output: Path, labels: tuple[str, ...], width: int | None = None
) -> EmbeddingCorpus:
    """Read files of the published form, a split each, check them and write them to ``output``.

    Raises:
        DataError: files that are not there, all of them, or no room; then what is wrong with the first bad one.
    """
    check_output(output)
    problems = [f"no file {path}" for path in files.values() if not path.is_file()]
    # A number takes about 11 characters or more there, and 4 bytes here.
    size = sum(path.stat().st_size for path in files.values() if path.is_file()) // 2
    raise_together(problems + room_problems(output, size, "the vectors"))
    splits = {}
    for name, path in files.items():
        with Progress(f"reading {path.name}") as progress:
            splits[name] = read_published(path, len(labels), width, progress.update)
    corpus = EmbeddingCorpus(labels, None, splits)
    write_embeddings(output, corpus)
    return corpus


def export_corpus(corpus: EmbeddingCorpus, output: Path) -> list[Path]:
    """Write ``<split>.json`` in the published form, a file a split.

    Raises:
        DataError: files in the way, or no room.
    """
    check(corpus)
    paths = {name: output / f"{name}.json" for name in corpus.splits}
    problems = [f"{path} is there: name another output" for path in paths.values() if path.exists()]
    numbers = sum(embeddings.size + targets.size for embeddings, targets in corpus.splits.values())
    raise_together(problems + room_problems(output, numbers * NUMBER_BYTES, "the JSON files"))
    output.mkdir(parents=True, exist_ok=True)
    for name, path in paths.items():
        with Progress(f"writing {path.name}") as progress:
            write_published(path, *corpus.splits[name], progress.update)
    return list(paths.values())


def check(corpus: EmbeddingCorpus) -> None:
    """
    Raises:
        DataError: empty splits, widths that differ, targets that are not 0 or 1, NaN or infinite numbers; all at once.
    """
    problems: list[str] = []
    widths = {name: embeddings.shape[1] for name, (embeddings, _) in corpus.splits.items() if embeddings.ndim == 2}
    if len(set(widths.values())) > 1:
        problems.append(f"splits of different widths: {', '.join(f'{name} {w}' for name, w in widths.items())}")
    for name, (embeddings, targets) in corpus.splits.items():
        if not len(embeddings):
            problems.append(f"the {name} split is empty")
        elif targets.shape != (len(embeddings), len(corpus.labels)):
            problems.append(
                f"{name}: expected targets [{len(embeddings)}, {len(corpus.labels)}], got {list(targets.shape)}"
            )
        elif targets.max(initial=0) > 1:
            problems.append(f"{name}: targets must be 0 or 1, got {targets.max()}")
        finite = np.isfinite(embeddings).all(1) if embeddings.ndim == 2 else np.ones(1, dtype=bool)
        if not finite.all():
            problems.append(f"{name}: row {int(np.argmin(finite))} holds NaN or infinite numbers")
    raise_together(problems)
