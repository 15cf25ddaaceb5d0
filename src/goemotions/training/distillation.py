"""Distillation (Hinton et al., 2015): a small network on sentence embeddings that imitates another model.

A model that classifies embeddings is a function of them, so it can be asked about as many as one likes: real ones, and
ones between two of them. The student learns the teacher's logits (Ba & Caruana, *Do Deep Nets Really Need to be
Deep?*, 2014), keeps its thresholds, and is measured by how often it decides the same.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from goemotions.classifier import EmotionClassifier
from goemotions.data.corpus import read_corpus
from goemotions.errors import DataError
from goemotions.evaluation.metrics import counts, divide
from goemotions.files import check_replaceable
from goemotions.predictions import reached
from goemotions.specs import is_model
from goemotions.training.embedded import EmbeddedData, EmbeddingTask, Vectors, load_data
from goemotions.training.embedding_head import Mlp, exported
from goemotions.training.loop import LoopSettings, fit
from goemotions.training.model_directory import write_model
from goemotions.training.optimisation import decay_groups
from goemotions.training.recipe import StudentRecipe

log = logging.getLogger("goemotions.training")
LOGIT_RANGE = 12.0  # beyond, probabilities are 0 or 1 in float32's neighbourhood, and their logits noise
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Agreement of a student's decisions with its teacher's on the test split.

    Attributes:
        micro_f1: of the student's labels, the teacher's taken for true.
        exact: share of rows with the same set of labels.
        speed: how many times the student's rows a second are of the teacher's, both from embeddings; None for a
            teacher that takes only texts.
    """

    micro_f1: float
    exact: float
    speed: float | None

    def as_dict(self) -> dict[str, float | None]:
        return {key: None if value is None else round(value, 4) for key, value in vars(self).items()}


class ImitationTask(EmbeddingTask):
    """Squared error of logits; the epoch that agrees best with the teacher on dev is kept."""

    def __init__(self, teacher_dev: Booleans, cuts: list[float], **task: Any) -> None:
        super().__init__(loss=nn.MSELoss(), select_by="dev_agreement", **task)
        self._teacher_dev = teacher_dev
        self._cuts = cuts

    def evaluate(self) -> dict[str, float]:
        micro, exact = agreement(reached(self.probabilities(self.dev[0]), self._cuts), self._teacher_dev)
        return {"dev_agreement": micro, "dev_exact_agreement": exact}


def distill(
    teacher: EmotionClassifier,
    data: Path,
    output: Path,
    recipe: StudentRecipe,
    cache: Path,
    device: torch.device,
    limit: int | None = None,
    threads: int | None = None,
) -> Agreement:
    """Train a student on the texts in ``data`` (their labels are not used but to measure) and write ``output``.

    Args:
        cache: of embeddings.
        limit: use only the first rows of every split (a trial run).
        threads: that the student is timed with, the teacher's; None for one per core.

    Raises:
        GoEmotionsError: a corpus or an encoder that cannot be used, or a training that went wrong.
    """

    check_replaceable(output, is_model)

    def check(labels: tuple[str, ...]) -> list[str]:
        return [] if labels == teacher.labels else [f"{data} has other labels than {teacher.config.name}"]

    takes_vectors = teacher.config.embed_dim is not None
    name = teacher.encoder.id if takes_vectors else recipe.encoder
    embedded = load_data(data, cache, name, check, limit)
    answers = ask(teacher, embedded, data, limit)
    x, y = embedded.splits["train"][0], answers["train"]
    if recipe.mixtures and takes_vectors:
        between = mixtures(x, recipe.mixtures * len(x), recipe.seed)
        x, y = np.concatenate([x, between]), np.concatenate([y, teacher.predict_proba_from_embeddings(between)])
    log.info("the teacher has labelled %d rows", len(x))
    torch.manual_seed(recipe.seed)
    model = Mlp(embedded.dim, recipe.hidden, len(embedded.labels), recipe.dropout).to(device)
    cuts = [teacher.thresholds[label] for label in teacher.labels]
    logits = to_logits(y)
    with torch.no_grad():
        model.classifier.bias.copy_(torch.from_numpy(logits.mean(0)))
    task = ImitationTask(
        reached(answers["dev"], cuts),
        cuts,
        model=model,
        groups=decay_groups(model, recipe.weight_decay),
        train=(x, logits),
        dev=embedded.splits["dev"],
        seed=recipe.seed,
        batch_size=recipe.batch_size,
        device=device,
    )
    decisive = [limit, teacher.config.name, float(y.sum()), *embedded.decisive]
    settings = LoopSettings.from_recipe(recipe, device, *decisive)
    position = fit(task, settings, output.with_name(output.name + ".training"), show_progress=True)
    made = exported(task, model, embedded, teacher.thresholds, teacher=teacher.config.name)
    write_model(output, made, embedded.held_out(), recipe, position)
    return compare(teacher, EmotionClassifier(output, threads=threads), embedded, reached(answers["test"], cuts))


def ask(
    teacher: EmotionClassifier, data: EmbeddedData, folder: Path, limit: int | None
) -> dict[str, npt.NDArray[np.float32]]:
    """The teacher's probabilities for each split, float32 [n, labels].

    Raises:
        DataError: a teacher of texts, and a corpus without them.
    """
    if teacher.config.embed_dim is not None:
        return {name: teacher.predict_proba_from_embeddings(x) for name, (x, _) in data.splits.items()}
    if data.fresh is None:
        raise DataError(f"{folder} has no texts, and {teacher.config.name} takes nothing else")
    corpus = read_corpus(folder)
    return {name: teacher.predict_proba(corpus.splits[name].head(limit).texts) for name in data.splits}


def mixtures(x: Vectors, count: int, seed: int) -> Vectors:
    """Vectors between two random rows, of the length that they have on average. *Shape:* [n, dim] → [count, dim]."""
    generator = np.random.default_rng(seed)
    first, second = generator.integers(0, len(x), (2, count))
    share = generator.random((count, 1), dtype=np.float32)
    mixed = share * x[first] + (1 - share) * x[second]
    norms = np.linalg.norm(x, axis=1)
    length = share[:, 0] * norms[first] + (1 - share[:, 0]) * norms[second]
    result: Vectors = mixed * (length / np.maximum(np.linalg.norm(mixed, axis=1), 1e-6))[:, None]
    return result


def to_logits(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Log odds, within :data:`LOGIT_RANGE`. *Shape:* any → the same."""
    p = probabilities.astype(np.float64)
    with np.errstate(divide="ignore"):
        odds: npt.NDArray[np.float64] = np.clip(np.log(p) - np.log1p(-p), -LOGIT_RANGE, LOGIT_RANGE)
    return odds.astype(np.float32)


def agreement(student: Booleans, teacher: Booleans) -> tuple[float, float]:
    """Micro F1 of the student's decisions against the teacher's, and the share of equal rows. *Shape:* [n, labels]."""
    hits, false, missed = counts(teacher, student).sum((0, 2), dtype=np.float64)
    return float(divide(2 * hits, 2 * hits + false + missed)), float((student == teacher).all(1).mean())


def compare(
    teacher: EmotionClassifier, student: EmotionClassifier, data: EmbeddedData, decisions: Booleans
) -> Agreement:
    """Measure a written student on the test split."""
    x = np.ascontiguousarray(data.splits["test"][0])
    cuts = [student.thresholds[label] for label in student.labels]
    micro, exact = agreement(reached(student.predict_proba_from_embeddings(x), cuts), decisions)
    if teacher.config.embed_dim is None:
        return Agreement(micro, exact, None)
    return Agreement(micro, exact, seconds(teacher, x) / seconds(student, x))


def seconds(model: EmotionClassifier, x: Vectors) -> float:
    """The shorter of two passes."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        model.predict_proba_from_embeddings(x)
        times.append(time.perf_counter() - start)
    return min(times)
