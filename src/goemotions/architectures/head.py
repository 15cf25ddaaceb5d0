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
from goemotions.fields import shown


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
        """Return how many numbers both ends have."""
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
        check_archive(path)
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} is refused: it holds something other than weights, which loading would execute, or is damaged"
        ) from error
    except Exception as error:  # zipfile and torch raise whatever comes
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path} is cut off or damaged: {reason}") from error
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


def check_archive(path: Path) -> None:
    """Check that a file of weights is no archive of little that becomes much.

    Raises:
        ValueError, zipfile.BadZipFile: not the zip archive that ``torch.save`` writes, whose entries are as large as
            they say and not compressed, so that nothing small becomes large.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError("it is not a zip archive as torch.save writes it")
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("it has compressed entries, which torch.save does not write")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ValueError("its entries are said to be larger than the file")


def _is_whole(weight: object) -> bool:
    """Return True if a tensor's numbers are all in the file: a stride of 0 would make many of one."""
    return (
        isinstance(weight, torch.Tensor)
        and weight.device.type == "cpu"
        and weight.layout == torch.strided
        and weight.is_floating_point()
        and weight.is_contiguous()
    )


def _check(weights: dict[str, torch.Tensor], module: nn.Module, name: str) -> None:
    odd = [key for key, value in weights.items() if not isinstance(key, str) or not _is_whole(value)]
    if odd:
        raise ModelError(f"{name} holds something other than plain tensors of floats under {shown(odd[0])}")
    expected = {key: list(value.shape) for key, value in module.state_dict().items()}
    got = {key: list(value.shape) for key, value in weights.items()}
    wrong = [f"{key} {got.get(key, 'missing')}, expected {expected.get(key, 'none')}" for key in {**expected, **got}]
    wrong = [text for key, text in zip({**expected, **got}, wrong, strict=True) if got.get(key) != expected.get(key)]
    if wrong:
        raise ModelError(f"{name} does not fit config.json: {'; '.join(wrong)}")
    if not all(torch.isfinite(weights[key]).all() for key in expected):
        raise ModelError(f"{name} holds NaN or infinity")
