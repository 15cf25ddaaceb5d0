"""The orders in which texts can be shown."""

from __future__ import annotations

import enum


class Order(enum.StrEnum):
    """The order in which texts are shown."""

    useful = "useful"
    """A random tenth, which is set aside for figures; the others by what they teach a model."""
    random = "random"
    """In random order, none set aside: the answers are a random sample."""
    given = "given"
    """As they stand in the file: for a sample that is to be labelled as a whole."""
