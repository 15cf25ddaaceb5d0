"""The trained ends of an ``embedding-llm``: the projection into the decoder and the classifier behind it."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from goemotions.errors import ModelError


@dataclass(frozen=True)
class Head:
    """Both ends, float32.

    Attributes:
        projection: Linear(embed_dim → hidden / 2), GELU, Linear(→ hidden).
        classifier: Linear(hidden → labels).
    """

    projection: nn.Sequential
    classifier: nn.Linear

    @property
    def embed_dim(self) -> int:
        """The width of an embedding."""
        return cast(nn.Linear, self.projection[0]).in_features

    @property
    def parameters(self) -> int:
        """How many numbers both ends have."""
        return sum(p.numel() for module in (self.projection, self.classifier) for p in module.parameters())

    def to(self, device: torch.device) -> Head:
        """Itself, its weights moved to a device."""
        return Head(self.projection.to(device), self.classifier.to(device))

    def to_bytes(self) -> bytes:
        """The content of ``head_weights.pt``, as the published system writes it."""
        buffer = io.BytesIO()
        state = {"projection": self.projection.state_dict(), "classifier": self.classifier.state_dict()}
        torch.save(state, buffer)
        return buffer.getvalue()


def new_head(embed_dim: int, hidden_size: int, num_labels: int) -> Head:
    """A head with torch's default initialisation."""
    inner = hidden_size // 2
    projection = nn.Sequential(nn.Linear(embed_dim, inner), nn.GELU(), nn.Linear(inner, hidden_size))
    return Head(projection, nn.Linear(hidden_size, num_labels))


def read_head(path: Path, embed_dim: int, hidden_size: int, num_labels: int) -> Head:
    """Read and check ``head_weights.pt``; nothing in it is executed.

    Raises:
        ModelError: a file that is damaged or holds code, weights that are missing, not known, of another shape or not
            finite.
    """
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} is refused: it holds something other than weights, which loading would execute, or is damaged"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is cut off or damaged: {str(error).strip().splitlines()[0]}") from error
    with torch.device("meta"):
        head = new_head(embed_dim, hidden_size, num_labels)
    for part, module in (("projection", head.projection), ("classifier", head.classifier)):
        weights = state.get(part) if isinstance(state, dict) else None
        if not isinstance(weights, dict):
            raise ModelError(f'{path} has no weights "{part}": expected {{"projection": …, "classifier": …}}')
        _check(weights, module, f"{path}: {part}")
        floats = {name: tensor.float() for name, tensor in weights.items()}
        module.load_state_dict(floats, assign=True)
        module.requires_grad_(False)
    return head


def _check(weights: dict[str, torch.Tensor], module: nn.Module, name: str) -> None:
    expected = {key: list(value.shape) for key, value in module.state_dict().items()}
    got = {key: list(value.shape) for key, value in weights.items() if isinstance(value, torch.Tensor)}
    wrong = [f"{key} {got.get(key, 'missing')}, expected {expected.get(key, 'none')}" for key in {**expected, **got}]
    wrong = [text for key, text in zip({**expected, **got}, wrong, strict=True) if got.get(key) != expected.get(key)]
    if wrong:
        raise ModelError(f"{name} does not fit config.json: {'; '.join(wrong)}")
    if not all(torch.isfinite(weights[key]).all() for key in expected):
        raise ModelError(f"{name} holds NaN or infinity")
