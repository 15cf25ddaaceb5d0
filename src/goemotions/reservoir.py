"""Draws by chance from a stream whose length is not known: reservoir sampling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")


class Reservoir(Generic[Item]):
    """At most so many of all items that go by, each as probable as any other.

    Attributes:
        kept: the items that are drawn, in no order.
        seen: the number of items that went by.
    """

    def __init__(self, most: int | None, seed: int = 0) -> None:
        """
        Args:
            most: items that are drawn; None for all.
        """
        self.kept: list[Item] = []
        self.seen = 0
        self._most = most
        self._generator = np.random.default_rng(seed)

    def add(self, item: Item) -> None:
        """Let an item go by."""
        self.seen += 1
        if self._most is None or len(self.kept) < self._most:
            self.kept.append(item)
        elif (place := int(self._generator.integers(self.seen))) < self._most:
            self.kept[place] = item

    def extend(self, items: Iterable[Item]) -> None:
        """Let items go by, one after another."""
        for item in items:
            self.add(item)
