"""The ``fitted`` architecture: one linear layer on a base model's frozen states and logits, for labels of one's own.

A row's features are the base's states, its logits, and for each group of the base's labels the highest of its members'
logits, each less a number of its own; ``head.safetensors`` has the weights. A single-label model gives log odds of the
softmax, so that its probabilities add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.architectures import load_model
from goemotions.architectures.base import Architecture, LoadOptions
from goemotions.architectures.prepared import Features, Prepared
from goemotions.architectures.safetensors_file import read_safetensors
from goemotions.catalog import find_model, shipped
from goemotions.checkpoint import FINGERPRINT, ModelConfig, fingerprint, read_config
from goemotions.errors import ModelError
from goemotions.fields import shown
from goemotions.predictions import Scored

Floats = npt.NDArray[np.float64]
Pooled = Sequence[Mapping[str, float]]
"""Groups of the base's labels; each member with what is taken from its logit before the highest is chosen."""

HEAD = "head.safetensors"
FAR = 1e30  # taken from the logits of labels that are not in a group
MOST_LOG_ODDS = 80.0


class FittedModel:
    """A base model and a linear head. Safe to use from several threads."""

    def __init__(
        self, model: Architecture, shifts: Floats, weights: Floats, bias: Floats, single: bool, base: str
    ) -> None:
        """
        Args:
            model: the base.
            shifts: [groups, base labels], as :func:`shifts_of` gives them.
            weights: [width + base labels + groups, labels].
            bias: [labels].
            single: each text has exactly one label.
            base: its name, for people.
        """
        self.device = model.device
        self.base = base
        self._model = model
        self._shifts = shifts
        self._weights = weights
        self._bias = bias
        self._single = single

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """See :class:`goemotions.architectures.base.Architecture`."""
        return self.compute(self.prepare(texts, windows))

    def prepare(self, texts: Sequence[str], windows: bool = False) -> Prepared:
        """See :class:`goemotions.architectures.base.Architecture`."""
        return self._model.prepare(texts, windows)

    def compute(self, prepared: Prepared) -> Scored:
        """See :class:`goemotions.architectures.base.Architecture`."""
        # In float64: a product's way of adding up depends on its rows, and that must not show.
        scores = head_features(self._model.features(prepared), self._shifts) @ self._weights + self._bias
        highest = np.maximum.reduceat(scores, prepared.first) if len(prepared.first) else scores
        return Scored((one_of(highest) if self._single else highest).astype(np.float32), prepared.truncated)

    def features(self, prepared: Prepared) -> Features:
        """
        Raises:
            ModelError: always; a head is fitted on a base, not on another head.
        """
        raise ModelError("a fitted model has no states of its own: use those of its base")


def head_features(features: Features, shifts: Floats) -> Floats:
    """Return what the head reads, float64 [n, width + base labels + groups]."""
    logits = features.logits.astype(np.float64)
    pooled = [(logits - shift).max(1) for shift in shifts]
    return np.column_stack([features.states, logits, *pooled])


def shifts_of(pooled: Pooled, labels: Sequence[str]) -> Floats:
    """Return what is taken from each of the base's logits, for each group. *Shape:* float64 [groups, base labels]."""
    return np.array([[group.get(label, FAR) for label in labels] for group in pooled]).reshape(-1, len(labels))


def one_of(scores: Floats) -> Floats:
    """Return the log odds of each label's softmax. *Shape:* [n, labels] twice, at least two labels."""
    parts = np.exp(scores - scores.max(1, keepdims=True))
    others = parts.sum(1, keepdims=True) - parts
    with np.errstate(divide="ignore"):
        odds = np.log(parts) - np.log(np.maximum(others, 0))
    return np.asarray(np.clip(odds, -MOST_LOG_ODDS, MOST_LOG_ODDS))


def load(directory: Path, config: ModelConfig, options: LoadOptions) -> FittedModel:
    """Construct the model of a checked directory.

    Raises:
        ModelError: a base that is not there or has changed since, or a head that is damaged or does not fit.
    """
    name, wanted, pooled, single = _read_facts(directory, config)
    where = find_base(directory, name, options.backbone)
    base = read_config(where)
    if base.architecture == config.architecture:
        raise ModelError(f"{directory} names {name} as its base, which is a fitted model itself")
    found = fingerprint(where, base)
    if found != wanted:
        raise ModelError(
            f"{directory} was fitted on another {name}: its base has changed since (fingerprint {found[:12]}…, "
            f"expected {wanted[:12]}…); fit it again on the same rows, or name the old one by backbone= (--backbone)"
        )
    unknown = sorted({label for group in pooled for label in group} - set(base.labels))
    if unknown or not all(pooled):
        raise ModelError(f"{directory / 'config.json'}: pooled labels that {name} does not have: {', '.join(unknown)}")
    shared = {key: value for key, value in vars(options).items() if key != "backbone"}
    model = load_model(where, base, LoadOptions(**shared))
    count = len(config.labels)
    head = read_safetensors(directory / HEAD, {"weights": (-1, count), "bias": (count,)})
    width = model.features(model.prepare([""])).states.shape[1]
    expected = width + len(base.labels) + len(pooled)
    if len(head["weights"]) != expected:
        raise ModelError(f"{directory / HEAD}: weights of {len(head['weights'])} features, its base gives {expected}")
    weights, bias = head["weights"].astype(np.float64), head["bias"].astype(np.float64)
    return FittedModel(model, shifts_of(pooled, base.labels), weights, bias, single, name)


def find_base(directory: Path, name: str, given: str | Path | None) -> Path:
    """Return the directory of a base.

    Args:
        directory: of the fitted model.
        name: of the base, as the model says it: a name from the catalogue, or a folder.
        given: by the user, instead.

    Raises:
        ModelError: it is not there; a model does not make this package download another.
    """
    if given is not None:
        return find_model(given)
    if name in shipped().models or Path(name).is_dir():
        return find_model(name)
    raise ModelError(
        f"{directory} was fitted on {name}, which is neither a shipped model nor a folder here: name it by backbone= "
        "(--backbone)"
    )


def _read_facts(directory: Path, config: ModelConfig) -> tuple[str, str, Pooled, bool]:
    """Return the base's name and fingerprint, the groups, and whether each text has one label.

    Raises:
        ModelError: a key that is missing or wrong.
    """
    base: Mapping[str, Any] = config.raw.get("base") or {}
    name, print_, pooled = base.get("model"), base.get("fingerprint"), config.raw.get("pooled", [])
    problem = ""
    if not isinstance(name, str) or not name or not isinstance(print_, str) or not FINGERPRINT.fullmatch(print_):
        problem = f"base must have a model and a fingerprint, got {shown(base)}"
    elif not isinstance(pooled, list) or not all(_is_group(group) for group in pooled):
        problem = f"pooled must be a list of objects, base label to number, got {shown(pooled)}"
    elif config.single and len(config.labels) < 2:
        problem = "a model of one label per text has at least two labels"
    if problem:
        raise ModelError(f"{directory / 'config.json'}: {problem}")
    return str(name), str(print_), pooled, config.single


def _is_group(group: object) -> bool:
    return isinstance(group, dict) and all(type(shift) in (int, float) for shift in group.values())
