"""The orders in which texts can be shown."""

from __future__ import annotations

import enum


class Order(enum.StrEnum):
    """The order in which texts are shown."""

    random = "random"
    """In random order: the answers are a random sample, however many they are."""
    uncertain = "uncertain"
    """First those that a model is unsure of and that differ; a random tenth is set aside for figures."""
    given = "given"
    """As they stand in the file: for a sample that is to be labelled as a whole."""
