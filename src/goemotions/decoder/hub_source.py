"""A base checkpoint on the hub, its files fetched one by one when they are needed: for reading it through once."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from goemotions.decoder.nf4 import PARTS
from goemotions.decoder.tensors import INDEX, SINGLE, SafetensorsSource, read_index
from goemotions.weights.repository import download, snapshot


class HubSource(SafetensorsSource):
    """Tensors of a repository at one commit.

    Attributes:
        revision: the commit.
    """

    def __init__(self, repo: str, revision: str | None) -> None:
        """
        Raises:
            ModelError: the hub does not give it, or it is of an unsupported kind.
        """
        folder = snapshot(repo, revision, ["config.json", INDEX])
        self._repo = repo
        self.revision = folder.name
        self._fetched: set[Path] = set()
        super().__init__(folder)

    def _locate(self) -> dict[str, Path]:
        if not (self.path / INDEX).is_file():
            return dict.fromkeys(self._open(self.path / SINGLE).keys(), self.path / SINGLE)
        return {key: self.path / file for key, file in read_index(self.path / INDEX).items()}

    def _open(self, file: Path) -> Any:
        if not file.exists():
            download(self._repo, file.name, self.revision)
            self._fetched.add(file)
        return super()._open(file)

    def discard_unneeded(self, names: Collection[str]) -> None:
        """Delete what this object fetched into the hub's cache and none of the weights ``names`` needs."""
        needed = {file for name, (_, file) in self._keys.items() if base_name(name) in names}
        for file in self._fetched - needed:
            self.release()
            blob = file.resolve()
            file.unlink(missing_ok=True)
            blob.unlink(missing_ok=True)
        self._fetched &= needed


def base_name(name: str) -> str:
    """The weight that a tensor belongs to: that of ``….weight.absmax`` is ``….weight``."""
    for part in PARTS:
        name = name.removesuffix(f".{part}")
    return name
