"""Groups of labels: Ekman's and the sentiments, and maps to the label sets of other corpora.

One rule for all: a text has a group if it has any label of it. So a group is true where any member is, it is predicted
where any member reaches its own threshold, and it is ranked by its highest member's probability.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError, nearest
from goemotions.labels import EKMAN, LABELS, SENTIMENT
from goemotions.records import from_json, named

RULE = "any"
FORM = 'expected "labels": {label of the data: [labels of the model, at least one]}'
Groups = Mapping[str, Sequence[str]]
ROLL_UPS: dict[str, Groups] = {
    "ekman": EKMAN | {"neutral": ("neutral",)},
    "sentiment": SENTIMENT | {"neutral": ("neutral",)},
}
"""The paper's groups of the 28 labels; neutral stands for itself, as there."""


@dataclass(frozen=True)
class LabelMap:
    """A map from a corpus's labels to the model's.

    Attributes:
        groups: the model's labels that each label of the corpus stands for.
        ignored: labels of the corpus that are left out.
        about: where the map comes from.
    """

    name: str
    rule: str
    groups: Mapping[str, Sequence[str]] = field(metadata=named("labels"))
    ignored: tuple[str, ...] = ()
    about: str = ""


def pool(values: npt.NDArray[Any], labels: Sequence[str], groups: Groups) -> npt.NDArray[Any]:
    """Return each group's highest value; of bool, whether any is true. *Shape:* [n, labels] -> [n, groups]."""
    column = {label: number for number, label in enumerate(labels)}
    return np.stack([values[:, [column[label] for label in members]].max(1) for members in groups.values()], axis=1)


def roll_ups(labels: Sequence[str]) -> dict[str, Groups]:
    """Return the groups defined on these labels: none unless they are the 28."""
    return ROLL_UPS if set(labels) == set(LABELS) else {}


def shipped_maps() -> list[str]:
    """Return the names of the label maps that ship with the package."""
    folder = resources.files("goemotions.evaluation.label_maps")
    return sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


def read_label_map(name: str, model_labels: Sequence[str]) -> LabelMap:
    """Return a shipped map, or one of a JSON or YAML file.

    A file holds ``{"rule": "any", "labels": {theirs: [ours, ...]}, "ignored": [theirs]}``.

    Raises:
        DataError: no such map, not a map, another rule, or a label that the model does not have.
    """
    if name in shipped_maps():
        text = resources.files("goemotions.evaluation.label_maps").joinpath(f"{name}.json").read_text(encoding="utf-8")
    else:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"no label map {name}: neither a readable file nor one of {', '.join(shipped_maps())}"
            ) from error
    try:
        found = from_json(LabelMap, {"rule": "not said", **parse(name, text), "name": Path(name).name})
    except ValueError as error:
        raise DataError(f"{name}: {error}; {FORM}") from error
    if found.rule != RULE:
        raise DataError(f'{name}: a label map states its rule, and the one there is is "rule": "{RULE}"')
    if not found.groups or not all(found.groups.values()):
        raise DataError(f"{name}: every label stands for at least one of the model; {FORM}")
    for label, members in found.groups.items():
        for member in members:
            if member not in model_labels:
                raise DataError(
                    f"{name}: {label!r} stands for {member!r}, which is no label of the model"
                    f"{nearest(str(member), model_labels)}"
                )
    return found


def parse(name: str, text: str) -> dict[str, object]:
    """Return the object that JSON or YAML holds.

    Raises:
        DataError: it is neither, or holds something else.
    """
    if name.endswith((".yaml", ".yml")):
        from goemotions.yaml_text import read_mapping

        return read_mapping(text, f"label map {name}")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DataError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f'{name}: expected an object with "rule" and "labels", got {type(content).__name__}')
    return content
