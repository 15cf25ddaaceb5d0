"""Recipes: the settings of a training run, read from the YAML files in :mod:`goemotions.recipes`."""

from __future__ import annotations

import dataclasses
from importlib import resources
from typing import Any

import yaml

from goemotions.errors import GoEmotionsError, nearest


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Settings of the ``compact`` fine-tuning; ``recipes/compact.yaml`` says what each is for."""

    base: str
    max_tokens: int
    max_length: int
    epochs: int
    batch_size: int
    learning_rate: float
    head_learning_rate: float
    warmup_ratio: float
    weight_decay: float
    max_grad_norm: float
    dropout: float
    quantise_from_epoch: int
    calibration_texts: int
    seed: int

    @property
    def first_quantised_epoch(self) -> int:
        """Of a run shortened by ``epochs``, at least the last epoch is quantised."""
        return min(self.quantise_from_epoch, self.epochs)

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def load_recipe(name: str, **overrides: Any) -> Recipe:
    """The shipped recipe ``name``; every override that is not None replaces its setting.

    Raises:
        GoEmotionsError: no recipe of that name.
    """
    folder = resources.files("goemotions.recipes")
    names = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    if name not in names:
        raise GoEmotionsError(f"no recipe {name!r}{nearest(name, names)}; there are: {', '.join(names)}")
    settings = yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return Recipe(**settings | {key: value for key, value in overrides.items() if value is not None})
