"""Teachers of ``compact``: larger models whose probabilities of the train texts it learns beside the labels.

Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015. What a teacher says is kept, as ``logits.npy``
(float16 [n, labels], a row per train text, then per text of every source) beside ``teacher.json``, so that the student
is trained without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from goemotions.errors import DataError, nearest
from goemotions.files import new_directory, sha256
from goemotions.precision import fast_precision
from goemotions.training.fine_tuning import fine_tune, start
from goemotions.training.loop import autocast, evaluating
from goemotions.training.processes import Processes
from goemotions.training.recipe_file import load_recipe
from goemotions.training.sources import SourceTexts, TrainingSet, gather, read_sources
from goemotions.training.text_recipe import SecondHeadRecipe, TeacherRecipe, TransformerRecipe
from goemotions.training.texts import TextCorpus, read_texts
from goemotions.training.translations import closeness_of
from goemotions.weights.packages import find_or_unpack

TRAIN = ""  # the part of what a teacher says that is of the corpus itself; sources have names


def train_teacher(
    data: Path,
    output: Path,
    recipe: TeacherRecipe,
    device: torch.device,
    folders: Sequence[Path],
    limit: int | None = None,
) -> dict[str, Any] | None:
    """Fine-tune a teacher on the train split of the corpus in ``data`` and write what it says of it to ``output``.

    The state of an unfinished run stands in ``<output>.training``; the same command resumes there.

    Args:
        folders: where the recipe's sources are looked for.

    Raises:
        DataError: a split that is missing or cannot be used.
        ModelError: the base weights are not installed, or not the expected ones.

    Returns:
        The content of ``teacher.json``; None in a process that does not write.
    """
    corpus, processes = read_texts(data, limit), Processes(device.type == "cpu")
    state = output.with_name(output.name + ".training")
    base = find_or_unpack(recipe.base, state / "base")
    sources = read_sources(recipe.sources, folders, corpus, closeness_of(base, state, device))
    labels = corpus.splits["train"].targets.astype(np.float32)
    learnt = gather(corpus, labels, sources, {}, 0.0, recipe.corpus_share)
    task = start(base, state, corpus, recipe, device, learnt, folders)
    hashes = {name: corpus.sha256[name] for name in ("train", "dev")}  # test is for what ships
    position = fine_tune(task, state, processes, hashes, limit, learnt.digest())
    if not processes.main:
        return None
    # In the precision of training: what is kept has 16 bits in any case.
    with evaluating(task.model), autocast(device, fast_precision(device)):
        logits = task.logits(task.train_ids).astype(np.float16)
    with new_directory(output) as folder:
        np.save(folder / "logits.npy", logits)
        about = {
            "labels": list(corpus.labels),
            "rows": len(corpus.splits["train"]),
            "sources": {source.name: [len(source.texts), source.sha256] for source in sources},
            "splits": hashes,
            "recipe": recipe.as_dict(),
            "history": position.history,
            "selected_epoch": position.best_epoch,
            "logits_sha256": sha256(folder / "logits.npy"),
        }
        (folder / "teacher.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return about


def train_teachers(
    names: Sequence[str], data: Path, folder: Path, device: torch.device, folders: Sequence[Path], limit: int | None
) -> None:
    """Make the teachers ``<recipe>-<seed>``, each in ``folder`` under its name; finished ones are kept.

    Raises:
        DataError: a name that is none of a teacher's recipe and a seed.
    """
    recipes = {name: teacher_recipe(name) for name in names}
    for name, recipe in recipes.items():
        if not (folder / name / "teacher.json").exists():
            train_teacher(data, folder / name, recipe, device, folders, limit)


def teacher_recipe(name: str) -> TeacherRecipe:
    """Return the recipe of a teacher by its name, ``<recipe>-<seed>``.

    Raises:
        GoEmotionsError: no recipe of that name, or none of a teacher, or no seed.
    """
    recipe_name, _, seed = name.rpartition("-")
    recipe = load_recipe(recipe_name, seed=int(seed)) if seed.isdecimal() and len(seed) < 20 else None
    if not isinstance(recipe, TeacherRecipe):
        raise DataError(f"teacher {name!r}: expected the recipe of a teacher and a seed, such as mpnet-0")
    return recipe


@dataclass(frozen=True)
class Opinion:
    """Probabilities that teachers give, on average.

    Attributes:
        train: float32 [n, labels], of the corpus's train texts.
        sources: float32 [n, labels], of the texts of each source that some teacher has read, by its name.
    """

    train: npt.NDArray[np.float32]
    sources: Mapping[str, npt.NDArray[np.float32]]


class Learnt(Protocol):
    """A corpus, as far as it decides whether teachers speak of it.

    Attributes:
        sha256: of the train split's file, among others.
    """

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def sha256(self) -> Mapping[str, str]: ...

    @property
    def rows(self) -> int:
        """Return how many train texts there are."""


def read_teachers(names: Sequence[str], folder: Path, corpus: Learnt, sources: Sequence[SourceTexts] = ()) -> Opinion:
    """Return what teachers say of the train texts and of the texts of sources.

    Raises:
        DataError: a teacher that is missing, of another corpus, or damaged.
    """
    parts: dict[str, list[npt.NDArray[np.float32]]] = {}
    for name in names:
        for part, probabilities in read_one(name, folder, corpus, sources).items():
            parts.setdefault(part, []).append(probabilities)
    means = {part: np.stack(each).mean(0, dtype=np.float32) for part, each in parts.items()}
    return Opinion(means.pop(TRAIN), means)


def read_one(
    name: str, folder: Path, corpus: Learnt, sources: Sequence[SourceTexts]
) -> dict[str, npt.NDArray[np.float32]]:
    """Return what one teacher says, by part; errors as :func:`read_teachers`."""
    path = folder / name / "teacher.json"
    try:
        about, digest = read_teacher(path), sha256(path.with_name("logits.npy"))
    except FileNotFoundError as error:
        found = [other.parent.name for other in folder.glob("*/teacher.json")]
        raise DataError(
            f"{folder} has no teacher {name!r}{nearest(name, found)}; name the source tree's folder `teachers` by "
            "--teachers, make them again by --from-scratch (hours on a CPU), or train by a recipe without any, such as "
            "compact-alone"
        ) from error
    if digest != about.logits_sha256:
        raise DataError(f"{folder / name / 'logits.npy'} is damaged: its SHA-256 is not the one in {path.name}")
    if (about.labels, about.train_sha256) != (corpus.labels, corpus.sha256["train"]) or about.rows < corpus.rows:
        raise DataError(
            f"{path} is of another train.tsv: make teachers of yours by --from-scratch, in another folder, or "
            "train by a recipe without any, such as compact-alone"
        )
    logits = np.load(path.with_name("logits.npy"), allow_pickle=False)
    said, first = {TRAIN: logits[: corpus.rows]}, about.rows
    read = {source.name: source for source in sources}
    for source, (rows, of_file) in about.sources.items():
        if source in read:
            if (rows, of_file) != (len(read[source].texts), read[source].sha256):
                raise DataError(f"{path} is of another {source}: make the teacher again by --from-scratch")
            said[source] = logits[first : first + rows]
        first += rows
    return {part: 1 / (1 + np.exp(-values.astype(np.float32))) for part, values in said.items()}


@dataclass(frozen=True)
class TeacherFacts:
    """Parts of ``teacher.json`` that decide whose teacher it is.

    Attributes:
        sources: rows and SHA-256 of each source's file, in the order of their rows behind those of train.
    """

    labels: tuple[str, ...]
    rows: int
    train_sha256: str
    logits_sha256: str
    sources: Mapping[str, tuple[int, str]]


def read_teacher(path: Path) -> TeacherFacts:
    """Read what decides whose teacher it is.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is not as :func:`train_teacher` writes it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        labels, rows = tuple(content["labels"]), int(content["rows"])
        sources = {str(name): (int(n), str(digest)) for name, (n, digest) in content.get("sources", {}).items()}
        return TeacherFacts(labels, rows, str(content["splits"]["train"]), str(content["logits_sha256"]), sources)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({type(error).__name__}: {error!s:.80}): make the teacher again") from error


def blend(
    corpus: TextCorpus, recipe: TransformerRecipe | SecondHeadRecipe, teachers: Path, sources: Sequence[SourceTexts]
) -> TrainingSet:
    """Return what is learnt: a mean of labels and of what teachers say.

    Cross-entropy is linear in its targets: that of the mean is the mean of the two cross-entropies.
    """
    labels = corpus.splits["train"].targets
    if not recipe.teachers:
        return gather(corpus, labels.astype(np.float32), sources, {}, 0.0, recipe.corpus_share)
    opinion = read_teachers(recipe.teachers, teachers, corpus, sources)
    targets = mixed(labels, opinion.train, recipe.teacher_weight)
    weight = recipe.source_teacher_weight
    return gather(corpus, targets, sources, opinion.sources, weight, recipe.corpus_share)


def mixed(
    labels: npt.NDArray[np.uint8], said: npt.NDArray[np.float32], teacher_weight: float
) -> npt.NDArray[np.float32]:
    """Return the targets of train texts. *Shape:* all [n, labels]."""
    weight = np.float32(teacher_weight)
    return (1 - weight) * labels.astype(np.float32) + weight * said
