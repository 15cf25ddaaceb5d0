"""Figures in tests: values and bounds that must be there."""

from __future__ import annotations

from typing import NamedTuple

from goemotions.evaluation.figures import Figure


class Numbers(NamedTuple):
    """A figure that is defined, with its interval."""

    value: float
    low: float
    high: float


def numbers(figure: Figure) -> Numbers:
    """Return the numbers of a figure; a test fails if one is missing."""
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    return Numbers(figure.value, figure.low, figure.high)
