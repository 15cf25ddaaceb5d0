"""Recipes: the settings of a training run, a class for each kind of training, which says what its settings may be.

``recipes/*.yaml`` says what each setting is for; :mod:`goemotions.training.recipe_file` reads them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from goemotions.data.augmentation import Oversampling

Optimizer = Literal["adamw", "adamw-8bit"]
Schedule = Literal["linear", "cosine"]
Loss = Literal["bce", "focal-card", "focal-notebook", "asymmetric", "class-balanced"]
Selection = Literal["dev_macro_f1", "dev_macro_f1_at_half"]

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Width = Annotated[int, Field(ge=1, le=65_536)]
Tokens = Annotated[int, Field(ge=4, le=512)]  # what the base models read
Rate = Annotated[float, Field(gt=0, le=10)]
Share = Annotated[float, Field(ge=0, lt=1)]
Name = Annotated[str, Field(min_length=1, max_length=500)]


class Recipe(BaseModel):
    """Settings of every training.

    Attributes:
        options: those of ``goemotions train`` that this kind of training makes use of, beside those of every kind.
        accumulation: batches that make one optimizer step.
        patience: epochs without a better score on dev after which it stops; None for never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    epochs: Annotated[int, Field(ge=1, le=10_000)]
    batch_size: Count
    accumulation: Count = 1
    learning_rate: Rate
    schedule: Schedule = "linear"
    warmup_ratio: Share
    optimizer: Optimizer = "adamw"
    weight_decay: Annotated[float, Field(ge=0, le=100)]
    max_grad_norm: Annotated[float, Field(gt=0, le=1e9)]
    dropout: Share
    patience: Count | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)]

    @property
    def options(self) -> frozenset[str]:
        return frozenset()

    def as_dict(self) -> dict[str, Any]:
        return self.model_dump()


class TaughtRecipe(Recipe):
    """Settings of a training that may learn from teachers too.

    Attributes:
        teachers: models whose probabilities of the train texts are learnt beside the labels: ``<recipe>-<seed>`` each.
        teacher_weight: of their mean in the targets; the labels have the rest.
    """

    teachers: list[Name] = Field(default_factory=list, max_length=100)
    teacher_weight: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _teachers_have_a_weight(self) -> Self:
        if bool(self.teachers) != bool(self.teacher_weight):
            raise ValueError(
                "teachers and teacher_weight go together: name teachers and give them a weight above 0, or neither; "
                f"got {len(self.teachers)} teachers with weight {self.teacher_weight:g}"
            )
        if len(set(self.teachers)) < len(self.teachers):
            raise ValueError("teachers: a name stands twice")
        return self

    @property
    def options(self) -> frozenset[str]:
        return super().options | ({"teachers", "from_scratch"} if self.teachers else set())


class EmbeddingRecipe(TaughtRecipe):
    """Settings of training on sentence embeddings.

    Attributes:
        select_by: the metric on dev that decides which epoch is kept: macro F1 at tuned thresholds, or at 0.5.
        corpus_share: of the train rows that an epoch has, other ones in each.
        oversampling: of rare labels in embedding space, inside train, up to ``oversampling_target`` positives each.
    """

    encoder: Name
    loss: Loss
    select_by: Selection = "dev_macro_f1"
    corpus_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    oversampling: Oversampling = "none"
    oversampling_target: Annotated[int, Field(ge=1, le=10_000_000)] | None = None

    @model_validator(mode="after")
    def _oversampling_has_a_target(self) -> Self:
        if self.oversampling == "ismote" and self.oversampling_target is None:
            raise ValueError("oversampling ismote needs an oversampling_target")
        if self.oversampling == "none" and self.oversampling_target is not None:
            raise ValueError("oversampling_target has no effect without oversampling: ismote or mlsmote")
        if self.oversampling != "none" and self.teachers:
            raise ValueError("teachers have said nothing of rows that oversampling makes: leave out one of the two")
        return self

    @property
    def options(self) -> frozenset[str]:
        return super().options | {"cache", "encoder"}


class HeadRecipe(EmbeddingRecipe):
    """Settings of an ``embedding-head``: an MLP whose hidden layers are ``hidden`` wide."""

    hidden: Annotated[list[Width], Field(max_length=16)]


class LlmRecipe(EmbeddingRecipe):
    """Settings of an ``embedding-llm``.

    Attributes:
        backbone: the base: a packaged one, a hub id or a path.
        precision: of the matrix products; "auto" is what the device computes fastest in.
        rank, alpha: of LoRA.
        head_learning_rate: of projection and classifier; ``learning_rate`` is LoRA's.
        input_scale: see :class:`goemotions.training.single_token.EmbeddingLlmNet`.
        readout_rows: train rows from whose untrained states the classifier begins, by least squares; None for one that
            begins at the labels' frequencies.
    """

    backbone: Name
    quantisation: Literal["nf4", "none"]
    precision: Literal["auto", "float32", "bfloat16"]
    rank: Annotated[int, Field(ge=1, le=4096)]
    alpha: Annotated[int, Field(ge=1, le=1_000_000)]
    rslora: bool
    head_learning_rate: Rate
    input_scale: Annotated[float, Field(gt=0, le=1e9)]
    readout_rows: Count | None = None

    @property
    def options(self) -> frozenset[str]:
        return super().options | {"backbone"}


class StudentRecipe(Recipe):
    """Settings of a distillation into an ``embedding-head``.

    Attributes:
        encoder: of a teacher that has none of its own.
        mixtures: rows made between two real ones, for each real one: the teacher labels as many as one likes.
    """

    encoder: Name
    hidden: Annotated[list[Width], Field(max_length=16)]
    mixtures: Annotated[int, Field(ge=0, le=1000)]
