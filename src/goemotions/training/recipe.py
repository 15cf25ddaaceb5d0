"""Recipes: the settings of a training run, read from the YAML files in :mod:`goemotions.recipes` or another file.

Each architecture has a dataclass of its settings, each of which a recipe must give, but for those with a default.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from goemotions.data.augmentation import Oversampling
from goemotions.data.checks import raise_together
from goemotions.errors import DataError, GoEmotionsError, nearest

Optimizer = Literal["adamw", "adamw-8bit"]
Schedule = Literal["linear", "cosine"]
Loss = Literal["bce", "focal-card", "focal-notebook", "asymmetric", "class-balanced"]
Selection = Literal["dev_macro_f1", "dev_macro_f1_at_half"]
MAY_BE_ZERO = {"seed", "mixtures", "dropout", "warmup_ratio", "weight_decay", "teacher_weight", "frozen_layers"}
SHARES = {"dropout", "warmup_ratio"}
UP_TO_ONE = {"teacher_weight"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What every architecture's training has.

    Attributes:
        accumulation: batches that make one optimizer step.
        patience: epochs without a better score on dev after which it stops; None for never.
    """

    epochs: int
    batch_size: int
    accumulation: int = 1
    learning_rate: float
    schedule: Schedule = "linear"
    warmup_ratio: float
    optimizer: Optimizer = "adamw"
    weight_decay: float
    max_grad_norm: float
    dropout: float
    patience: int | None = None
    seed: int

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FineTuningRecipe(Recipe):
    """What fine-tuning an encoder has; ``recipes/compact.yaml`` says what each is for.

    Attributes:
        frozen_layers: the lowest layers that keep their weights.
        frozen_embeddings: whether the pieces' embeddings keep theirs.
    """

    base: str
    frozen_layers: int = 0
    frozen_embeddings: bool = False
    max_tokens: int
    max_length: int
    head_learning_rate: float
    quantise_from_epoch: int | None = None
    calibration_texts: int = 2048

    def quantised(self, epoch: int) -> bool:
        """Whether 8 bit is simulated in an epoch: of a run shortened by ``epochs``, at least in the last."""
        return self.quantise_from_epoch is not None and epoch >= min(self.quantise_from_epoch, self.epochs)

    def selectable(self, epoch: int) -> bool:
        """Whether an epoch's weights may be kept."""
        return self.quantise_from_epoch is None or self.quantised(epoch)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompactRecipe(FineTuningRecipe):
    """Settings of the ``compact`` fine-tuning.

    Attributes:
        teachers: models whose probabilities of the train texts are learnt beside the labels: ``<recipe>-<seed>`` each.
        teacher_weight: of their mean in the targets; the labels have the rest.
    """

    teachers: list[str]
    teacher_weight: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class TeacherRecipe(FineTuningRecipe):
    """Settings of a model that labels the training texts for ``compact``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EmbeddingRecipe(Recipe):
    """What training on sentence embeddings has.

    Attributes:
        select_by: the metric on dev that decides which epoch is kept: macro F1 at tuned thresholds, or at 0.5.
        oversampling: of rare labels in embedding space, inside train, up to ``oversampling_target`` positives each.
    """

    encoder: str
    loss: Loss
    select_by: Selection = "dev_macro_f1"
    oversampling: Oversampling = "none"
    oversampling_target: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeadRecipe(EmbeddingRecipe):
    """Settings of an ``embedding-head``: an MLP whose hidden layers are ``hidden`` wide."""

    hidden: list[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LlmRecipe(EmbeddingRecipe):
    """Settings of an ``embedding-llm``.

    Attributes:
        backbone: the base: a packaged one, a hub id or a path.
        precision: of the matrix products; "auto" is what the device computes fastest in.
        rank, alpha: of LoRA.
        head_learning_rate: of projection and classifier; ``learning_rate`` is LoRA's.
        input_scale: see :class:`goemotions.training.single_token.EmbeddingLlmNet`.
    """

    backbone: str
    quantisation: Literal["nf4", "none"]
    precision: Literal["auto", "float32", "bfloat16"]
    rank: int
    alpha: int
    rslora: bool
    head_learning_rate: float
    input_scale: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudentRecipe(Recipe):
    """Settings of a distillation into an ``embedding-head``.

    Attributes:
        encoder: of a teacher that has none of its own.
        mixtures: rows made between two real ones, for each real one: the teacher labels as many as one likes.
    """

    encoder: str
    hidden: list[int]
    mixtures: int


ARCHITECTURES: Mapping[str, type[Recipe]] = {
    "transformer": CompactRecipe,
    "teacher": TeacherRecipe,
    "embedding-head": HeadRecipe,
    "embedding-llm": LlmRecipe,
    "student": StudentRecipe,
}


def recipe_names() -> list[str]:
    """The shipped recipes."""
    folder = resources.files("goemotions.recipes")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_recipe(name: str, **overrides: Any) -> Recipe:
    """A recipe by the name of a shipped one or the path of a YAML file.

    Args:
        overrides: settings; each that is not None replaces the recipe's.

    Raises:
        GoEmotionsError: no recipe of that name.
        DataError: settings that are unknown, missing, of another type or out of range; all of them.
    """
    if name in recipe_names():
        text = resources.files("goemotions.recipes").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    elif name.endswith((".yaml", ".yml")) and Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        names = recipe_names()
        raise GoEmotionsError(f"no recipe {name!r}{nearest(name, names)}; there are: {', '.join(names)}")
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"recipe {name} is not valid YAML: {error}") from error
    if not isinstance(settings, dict) or settings.get("architecture") not in ARCHITECTURES:
        raise DataError(f"recipe {name}: expected settings with architecture: one of {', '.join(ARCHITECTURES)}")
    kind = ARCHITECTURES[settings.pop("architecture")]
    settings |= {key: value for key, value in overrides.items() if value is not None}
    raise_together([f"recipe {name}: {problem}" for problem in recipe_problems(kind, settings)])
    return kind(**settings)


def recipe_problems(kind: type[Recipe], settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with a recipe's settings."""
    types_of = get_type_hints(kind)
    problems = [f"unknown setting {key!r}{nearest(str(key), types_of)}" for key in settings if key not in types_of]
    for setting in dataclasses.fields(kind):
        if setting.name in settings:
            problem = value_problem(setting.name, settings[setting.name], types_of[setting.name])
            problems += [f"{setting.name}: {problem}"] if problem else []
        elif setting.default is dataclasses.MISSING:
            problems.append(f"{setting.name} is missing")
    return problems


def value_problem(name: str, value: Any, kind: Any) -> str | None:
    """What is wrong with a setting's value, or None."""
    if get_origin(kind) in (Union, types.UnionType):  # optional ones
        if value is None:
            return None
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is Literal:
        known = get_args(kind)
        return None if value in known else f"must be one of {', '.join(known)}, got {value!r}"
    if get_origin(kind) is list:
        return list_problem(value, get_args(kind)[0])
    if not is_a(value, kind):
        hint = " (YAML reads 1e-4 as text: write 1.0e-4)" if isinstance(value, str) and kind is float else ""
        words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
        return f"expected {words[kind]}, got {value!r}{hint}"
    return range_problem(name, value) if kind in (int, float) else None


def list_problem(value: Any, kind: type) -> str | None:
    """What is wrong with a list, or None."""
    if kind is str:
        good = isinstance(value, list) and all(is_a(item, str) for item in value)
        return None if good else f"expected a list of names, got {value!r}"
    good = isinstance(value, list) and all(is_a(item, int) and item >= 1 for item in value)
    return None if good else f"expected a list of whole numbers of at least 1, got {value!r}"


def range_problem(name: str, value: float) -> str | None:
    """What is wrong with a number, or None."""
    if value < 0 or (value == 0 and name not in MAY_BE_ZERO):
        return f"must be {'0 or more' if name in MAY_BE_ZERO else 'above 0'}, got {value}"
    if name in UP_TO_ONE and value > 1:
        return f"must be at most 1, got {value}"
    return f"must be below 1, got {value}" if name in SHARES and value >= 1 else None


def is_a(value: Any, kind: type) -> bool:
    """Whether a value is of a type, with whole numbers for numbers and no truth values for either."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)
