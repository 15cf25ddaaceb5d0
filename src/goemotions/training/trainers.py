"""The training that each kind of recipe stands for: one table, which imports only what a recipe needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from goemotions.evaluation.model_metrics import StoredFigures
from goemotions.files import check_replaceable
from goemotions.specs import is_model
from goemotions.training.recipe import HeadRecipe, LlmRecipe, Recipe, TaughtRecipe
from goemotions.training.text_recipe import SecondHeadRecipe, TeacherRecipe, TransformerRecipe


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training beside its recipe.

    Attributes:
        cache: of embeddings.
        backbone: another copy of the recipe's base.
        teachers: the folder of what a recipe's teachers say of the train texts.
        from_scratch: train these teachers first.
        sources: the folders where a recipe's sources are looked for.
        limit: use only the first rows of every split (a trial run).
    """

    data: Path
    output: Path
    device: torch.device
    cache: Path
    backbone: str | None = None
    teachers: Path = Path("teachers")
    from_scratch: bool = False
    sources: Sequence[Path] = ()
    limit: int | None = None


def teach(recipe: TaughtRecipe, options: TrainingOptions) -> None:
    """Train the recipe's teachers first, if that was asked for."""
    if options.from_scratch:
        from goemotions.training.teachers import train_teachers

        train_teachers(recipe.teachers, options.data, options.teachers, options.device, options.sources, options.limit)


def head(recipe: HeadRecipe, options: TrainingOptions) -> StoredFigures | None:
    from goemotions.training.embedding_head import train_head

    teach(recipe, options)
    return train_head(
        options.data, options.output, recipe, options.cache, options.device, options.limit, options.teachers
    )


def llm(recipe: LlmRecipe, options: TrainingOptions) -> StoredFigures | None:
    from goemotions.training.embedding_llm import train_llm

    teach(recipe, options)
    return train_llm(
        options.data,
        options.output,
        recipe,
        options.cache,
        options.device,
        options.backbone,
        options.limit,
        options.teachers,
    )


def teacher(recipe: TeacherRecipe, options: TrainingOptions) -> None:
    """Train a model that does not ship: test is for those that do."""
    from goemotions.training.teachers import train_teacher

    train_teacher(options.data, options.output, recipe, options.device, options.sources, options.limit)


def transformer(recipe: TransformerRecipe, options: TrainingOptions) -> StoredFigures | None:
    from goemotions.training.compact import train_compact

    teach(recipe, options)
    return train_compact(
        options.data, options.output, recipe, options.device, options.teachers, options.sources, options.limit
    )


def second_head(recipe: SecondHeadRecipe, options: TrainingOptions) -> StoredFigures | None:
    from goemotions.training.second_head import train_second_head

    teach(recipe, options)
    return train_second_head(
        options.data, options.output, recipe, options.device, options.teachers, options.sources, options.limit
    )


TRAINERS: Mapping[type[Recipe], Callable[[Any, TrainingOptions], StoredFigures | None]] = {
    HeadRecipe: head,
    LlmRecipe: llm,
    SecondHeadRecipe: second_head,
    TeacherRecipe: teacher,
    TransformerRecipe: transformer,
}


def train(recipe: Recipe, options: TrainingOptions) -> StoredFigures | None:
    """Train by a recipe and return the figures on test; None where none are measured, or by a process that waits.

    Raises:
        ValueError: a recipe of a student.
        GoEmotionsError: data that cannot be used, or a training that went wrong.
    """
    trainer = TRAINERS.get(type(recipe))
    if trainer is None:
        raise ValueError("a student's recipe is for `goemotions distill`")
    check_replaceable(options.output, lambda folder: is_model(folder) or (folder / "teacher.json").is_file())
    return trainer(recipe, options)
