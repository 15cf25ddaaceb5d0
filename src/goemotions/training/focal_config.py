"""``focal_config.json``: the focal loss's alpha and gamma for each label, of a model directory or a preset.

The shape of the published file is not known, so several are read; one is written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from goemotions.errors import DataError, nearest
from goemotions.files import read_json
from goemotions.labels import LABELS

GAMMA: Final = 2.0
HIGH, LOW = 0.75, 0.25
_CARD = (
    "admiration amusement anger annoyance confusion desire disappointment disgust excitement fear joy love optimism "
    "sadness surprise"
).split()
PRESETS: Final[Mapping[str, frozenset[str]]] = {
    "card": frozenset(_CARD),
    "notebook": frozenset(_CARD) - {"desire"} | {"disapproval"},
}
"""Labels of high alpha. The published card and notebook differ: desire (card) or disapproval (notebook)."""


@dataclass(frozen=True)
class FocalConfig:
    """Alpha, in [0, 1], and gamma, 0 or more, of each label in order."""

    alpha: tuple[float, ...]
    gamma: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.alpha) != len(self.gamma):
            raise ValueError(f"{len(self.alpha)} alphas, but {len(self.gamma)} gammas")
        if not all(0 <= value <= 1 for value in self.alpha):
            raise ValueError(f"alpha must be from 0 to 1, got {[v for v in self.alpha if not 0 <= v <= 1]}")
        if not all(value >= 0 and math.isfinite(value) for value in self.gamma):
            raise ValueError(f"gamma must be 0 or more, got {[v for v in self.gamma if not v >= 0]}")

    def as_dict(self, labels: Sequence[str] = LABELS) -> dict[str, Any]:
        """``{"gamma": number or {label: number}, "alpha": {label: number}}``, the content of a file."""
        same = len(set(self.gamma)) == 1
        gamma = self.gamma[0] if same else dict(zip(labels, self.gamma, strict=True))
        return {"gamma": gamma, "alpha": dict(zip(labels, self.alpha, strict=True))}


def preset(name: str) -> FocalConfig:
    """The published settings for the 28 labels, by source: "card" or "notebook".

    Raises:
        ValueError: another name.
    """
    if name not in PRESETS:
        raise ValueError(f"no focal preset {name!r}{nearest(name, PRESETS)}; there are: {', '.join(PRESETS)}")
    alpha = tuple(HIGH if label in PRESETS[name] else LOW for label in LABELS)
    return FocalConfig(alpha, (GAMMA,) * len(LABELS))


def write_focal_config(path: Path, config: FocalConfig, labels: Sequence[str] = LABELS) -> None:
    """Write :meth:`FocalConfig.as_dict`."""
    path.write_text(json.dumps(config.as_dict(labels), indent=2) + "\n", encoding="utf-8")


def read_focal_config(path: Path, labels: Sequence[str] = LABELS) -> FocalConfig:
    """Read a file of any of these shapes, names compared without regard to case; without gamma, it is 2.

    ``{label: alpha}``; ``{"alpha": A, "gamma": G}`` under keys that contain "alpha" and "gamma", A and G each one
    number, a list in label order or ``{label: number}``; a list of alphas.

    Raises:
        DataError: none of these shapes, labels missing or unknown, numbers out of range; with what was found.
    """
    if not path.is_file():
        raise DataError(f"no file {path}")
    content = read_json(path, DataError)
    try:
        alpha, gamma = find_parts(content, labels)
        return FocalConfig(per_label(alpha, labels, "alpha"), per_label(gamma, labels, "gamma"))
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


def find_parts(content: Any, labels: Sequence[str]) -> tuple[Any, Any]:
    """Return what says alpha, and what says gamma."""
    if isinstance(content, list):
        return content, GAMMA
    if not isinstance(content, dict):
        raise ValueError(f"expected an object, got {content!r:.60}")
    folded = {str(key).casefold(): value for key, value in content.items()}
    if len(folded) < len(content):
        raise ValueError(f"keys that differ only in case among {', '.join(content)}")
    if any(label.casefold() in folded for label in labels):
        alphas = {key: value for key, value in folded.items() if "gamma" not in key}
        return alphas, the_one(folded, "gamma", GAMMA)
    return the_one(folded, "alpha", None), the_one(folded, "gamma", GAMMA)


def the_one(folded: Mapping[str, Any], word: str, default: Any) -> Any:
    """The value of the only key that contains ``word``."""
    keys = [key for key in folded if word in key]
    if len(keys) > 1:
        raise ValueError(f"several keys contain {word!r}: {', '.join(keys)}")
    if not keys and default is None:
        raise ValueError(
            f"expected label names, or a key that contains {word!r}, got the keys {', '.join(folded) or 'none'}"
        )
    return folded[keys[0]] if keys else default


def per_label(value: Any, labels: Sequence[str], what: str) -> tuple[float, ...]:
    """One number per label, from a number, a list or a mapping."""
    if isinstance(value, dict):
        folded = {str(key).casefold(): number for key, number in value.items()}
        known = {label.casefold() for label in labels}
        missing = [label for label in labels if label.casefold() not in folded]
        unknown = [f"{key!r}{nearest(key, known)}" for key in folded if key not in known]
        if missing or unknown:
            raise ValueError(
                f"{what} does not fit the labels; missing: {', '.join(missing) or 'none'}; unknown: "
                f"{', '.join(unknown) or 'none'}"
            )
        value = [folded[label.casefold()] for label in labels]
    elif not isinstance(value, list):
        value = [value] * len(labels)
    if len(value) != len(labels):
        raise ValueError(f"expected {len(labels)} numbers for {what}, got {len(value)}")
    bad = [number for number in value if isinstance(number, bool) or not isinstance(number, (int, float))]
    if bad:
        raise ValueError(f"{what} must be numbers, got {bad[0]!r:.60}")
    return tuple(float(number) for number in value)
