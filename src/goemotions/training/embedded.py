"""Training on sentence embeddings: its data and its task, the same for every architecture."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from goemotions.architectures.states import ModelStates
from goemotions.data.augmentation import augment
from goemotions.data.checks import raise_together, split_problems, together
from goemotions.data.corpus import seen_in
from goemotions.data.embed import embed, open_cache
from goemotions.data.embedding_corpus import DESCRIPTION, EmbeddingCorpus, read_embeddings
from goemotions.data.embedding_corpus import check as check_vectors
from goemotions.data.origin import Origin, corpus_origin
from goemotions.encoders import find_encoder
from goemotions.encoders.base import Encoder
from goemotions.errors import GoEmotionsError
from goemotions.evaluation.metrics import metrics_on_dev
from goemotions.evaluation.provenance import hash_texts, hashes_to_bytes
from goemotions.specs import ENCODER_FOLDER
from goemotions.training.losses import make_loss
from goemotions.training.model_directory import HeldOut
from goemotions.training.optimisation import ParameterGroup
from goemotions.training.processes import Processes
from goemotions.training.recipe import EmbeddingRecipe
from goemotions.training.texts import read_texts

log = logging.getLogger("goemotions.training")
SPLITS = ("train", "dev", "test")
EVALUATION_ROWS = 1024

Vectors = npt.NDArray[np.float32]
Targets = npt.NDArray[np.uint8]
Result = TypeVar("Result")


@dataclass(frozen=True)
class EmbeddedData:
    """A corpus as training takes it.

    Attributes:
        source: where the corpus comes from, as far as it says.
        encoder: ``id``, ``revision`` and ``fingerprint`` of what made the vectors.
        splits: train, dev and test: float32 [n, dim] and uint8 [n, labels].
        sha256: of each split's file, or of its vectors where there are no texts.
        fresh: bool [n of test]: rows whose text does not also stand in train; None without texts.
        known: the hashes of the train texts, as :mod:`goemotions.evaluation.provenance` keeps them; None without texts.
        brought: the files that a model on these vectors brings along, by name: an encoder that no name finds again.
    """

    source: Origin
    labels: tuple[str, ...]
    encoder: Mapping[str, str]
    splits: Mapping[str, tuple[Vectors, Targets]]
    sha256: Mapping[str, str]
    fresh: npt.NDArray[np.bool_] | None
    known: bytes | None = None
    brought: Mapping[str, bytes] = field(default_factory=dict)

    def held_out(self) -> HeldOut:
        """Return what a finished training is judged by."""
        dev, test = self.splits["dev"], self.splits["test"]
        return HeldOut(self.labels, self.source, dev, test, self.rows, self.sha256, self.fresh, self.known)

    @property
    def decisive(self) -> tuple[Mapping[str, str], Mapping[str, str], Sequence[str]]:
        """Parts of the data that decide the result of a training."""
        return dict(self.sha256), dict(self.encoder), self.labels

    @property
    def rows(self) -> int:
        """Return how many train rows there are."""
        return len(self.splits["train"][0])

    @property
    def dim(self) -> int:
        return int(self.splits["train"][0].shape[1])


def load_data(
    folder: Path,
    cache: Path,
    encoder_name: str,
    check: Callable[[tuple[str, ...]], list[str]],
    limit: int | None = None,
) -> EmbeddedData:
    """Read a corpus of texts and embed it through the cache, or read one that is embedded already.

    Args:
        folder: with train.tsv, dev.tsv and test.tsv, or one that ``goemotions data import`` wrote.
        check: gives what else does not fit the corpus's labels.
        limit: use only the first rows of every split (a trial run).

    Raises:
        DataError: what is wrong with the corpus, what ``check`` says, or the cache; all problems at once.
        EncoderError, MissingExtraError: the encoder cannot be used.
    """
    if (folder / DESCRIPTION).exists():
        return from_vectors(folder, encoder_name, check, limit)
    problems: list[str] = []
    corpus = attempt(problems, lambda: read_texts(folder, limit))
    encoder = attempt(problems, lambda: find_encoder(encoder_name))
    if corpus is None or encoder is None:
        raise together(problems)
    raise_together(check(corpus.labels))
    splits = corpus.splits
    processes = Processes()
    texts = [text for split in splits.values() for text in split.texts]
    vectors = open_cache(cache, encoder)
    if processes.main:
        embed(vectors, encoder, texts)
    processes.wait()
    embedded = {name: (vectors.read(split.texts)[0], split.targets) for name, split in splits.items()}
    fresh = ~seen_in(splits["test"], splits["train"])
    known = hashes_to_bytes(hash_texts(splits["train"].texts))
    made_by, brought = identity(encoder), files_to_bring(encoder)
    return EmbeddedData(corpus.source, corpus.labels, made_by, embedded, corpus.sha256, fresh, known, brought)


def from_vectors(
    folder: Path, encoder_name: str, check: Callable[[tuple[str, ...]], list[str]], limit: int | None
) -> EmbeddedData:
    """A corpus without texts; errors as :func:`load_data`."""
    corpus = read_embeddings(folder)
    check_vectors(corpus)
    targets = {name: bits for name, (_, bits) in corpus.splits.items()}
    problems = [f"{folder} has no {name} split" for name in SPLITS if name not in corpus.splits]
    problems += split_problems(targets, corpus.labels) + check(corpus.labels)
    known = corpus.encoder or {}
    if known and known["id"] != encoder_name:
        problems.append(f"{folder} holds vectors of the encoder {known['id']}, expected {encoder_name}")
    raise_together(problems)
    made_by = dict(known) or {"id": encoder_name}
    parts = {name: tuple(np.asarray(part[:limit]) for part in corpus.splits[name]) for name in SPLITS}
    hashes = {name: hashlib.sha256(vectors.tobytes()).hexdigest() for name, (vectors, _) in parts.items()}
    source = corpus_origin(folder, hashes)
    return EmbeddedData(source, corpus.labels, made_by, parts, hashes, None)  # type: ignore[arg-type]


def settings_problems(recipe: EmbeddingRecipe, labels: tuple[str, ...]) -> list[str]:
    """Return what of a recipe does not fit a corpus."""
    problems = []
    if recipe.loss.startswith("focal-") and len(labels) != 28:
        problems.append(f"loss {recipe.loss} has an alpha for each of the 28 labels, the corpus has {len(labels)}")
    return problems


def attempt(problems: list[str], read: Callable[[], Result]) -> Result | None:
    """Return what ``read`` gives; if it raises, None, and why is added to ``problems``."""
    try:
        return read()
    except GoEmotionsError as error:
        problems.append(str(error))
        return None


def identity(encoder: Encoder) -> dict[str, str]:
    """Return what a model's ``config.json`` says of its encoder."""
    return {"id": encoder.id, "revision": encoder.revision, "fingerprint": encoder.fingerprint}


def files_to_bring(encoder: Encoder) -> dict[str, bytes]:
    """Return the files of a model whose states are the vectors and that has no name, as a model directory has them."""
    if not isinstance(encoder, ModelStates) or encoder.has_name:
        return {}
    return {f"{ENCODER_FOLDER}/{name}": content for name, content in encoder.files().items()}


class EmbeddingTask:
    """The loop's task: a network on embeddings, scored on dev.

    Targets may be probabilities, as a teacher gives them.
    """

    def __init__(
        self,
        model: nn.Module,
        groups: list[ParameterGroup],
        train: tuple[Vectors, npt.NDArray[Any]],
        dev: tuple[Vectors, Targets],
        loss: nn.Module,
        *,
        select_by: str,
        seed: int,
        batch_size: int,
        device: torch.device,
        corpus_share: float = 1.0,
    ) -> None:
        """
        Args:
            groups: the optimiser's.
            corpus_share: of the train rows that an epoch has.
            select_by: the metric that decides which epoch is kept.
            seed: of the order of rows.
        """
        self.model = model
        self.select_by = select_by
        self.seed = seed
        self.batch_size = batch_size
        self.device = device
        self._groups = groups
        self._loss = loss.to(device)
        self._x = torch.from_numpy(train[0]).to(device)
        self._y = torch.from_numpy(train[1].astype(np.float32)).to(device)
        self.dev = dev
        self._rows = max(1, round(corpus_share * len(self._x)))

    def parameter_groups(self) -> list[ParameterGroup]:
        return self._groups

    def begin_epoch(self, epoch: int) -> None:
        """Nothing changes between epochs."""

    def batches(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """Row numbers of each batch, shuffled."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self._x))[: self._rows]
        return [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]

    def loss(self, batch: npt.NDArray[np.int64]) -> Tensor:
        rows = torch.from_numpy(batch).to(self.device)
        loss: Tensor = self._loss(self.model(self._x[rows]).float(), self._y[rows])
        return loss

    def rows(self, batch: npt.NDArray[np.int64]) -> int:
        return len(batch)

    def evaluate(self) -> dict[str, float]:
        return metrics_on_dev(self.probabilities(self.dev[0]), self.dev[1])

    def selection_metric(self, epoch: int, metrics: dict[str, float]) -> float:
        return metrics[self.select_by]

    @torch.inference_mode()
    def probabilities(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """float32 [n, labels]."""
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(vectors)).to(self.device), EVALUATION_ROWS)
        result: npt.NDArray[np.float32] = torch.cat([self.model(p).float().sigmoid().cpu() for p in parts]).numpy()
        return result


def balanced(data: EmbeddedData, recipe: EmbeddingRecipe) -> tuple[Vectors, Targets]:
    """The train split, oversampled as the recipe says: inside train, after the split."""
    finished = EmbeddingCorpus(data.labels, data.encoder, data.splits).finish()
    rows = augment(finished.train, data.labels, recipe.oversampling, recipe.oversampling_target, seed=recipe.seed)
    made = int(rows.synthetic.sum())
    if made:
        log.info("%s: %d synthetic rows beside %d real ones", recipe.oversampling, made, len(rows) - made)
    return rows.embeddings, rows.targets


def embedded_targets(data: EmbeddedData, labels: Targets, recipe: EmbeddingRecipe, folder: Path) -> Vectors:
    """Return what is learnt of the train rows: their labels, and what teachers say. *Shape:* [n, labels] twice.

    Args:
        folder: of the teachers.

    Raises:
        DataError: as :func:`goemotions.training.teachers.read_teachers`.
    """
    if not recipe.teachers:
        return labels.astype(np.float32)
    from goemotions.training.teachers import mixed, read_teachers  # with all that fine-tunes them

    return mixed(labels, read_teachers(recipe.teachers, folder, data).train, recipe.teacher_weight)


def digest_of(targets: Vectors) -> str:
    """Return a SHA-256 of what is learnt, by which a training knows its own state."""
    return hashlib.sha256(np.ascontiguousarray(targets).tobytes()).hexdigest()


def recipe_loss(recipe: EmbeddingRecipe, targets: npt.NDArray[Any]) -> nn.Module:
    """The recipe's loss; ``targets`` [n, labels] are those of train, labels or probabilities."""
    return make_loss(recipe.loss, targets.sum(0).round().astype(np.int64).tolist())


def start_bias(classifier: nn.Linear, targets: npt.NDArray[Any]) -> None:
    """Begin at the labels' frequencies (Lin et al., 2017), or the first steps go into learning how rare labels are."""
    share = np.clip(targets.mean(0), 1e-4, 1 - 1e-4)
    with torch.no_grad():
        classifier.bias.copy_(torch.from_numpy(np.log(share / (1 - share))))
