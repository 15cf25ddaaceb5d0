"""Find the labels whose figures are known too poorly to rely on: few positives, or a wide interval of F1."""

from __future__ import annotations

from goemotions.evaluation.figures import OWN, Figure, Figures
from goemotions.evaluation.formatting import format_number

MIN_POSITIVES = 100
"""The published card's own bound."""

MAX_WIDTH = 0.2
"""Of the 95 % interval of F1: wider, F1 is not known to within 0.1 on either side."""


def unreliable_labels(figures: Figures, thresholds: str = OWN) -> dict[str, str]:
    """Return the labels that are unreliable, and why.

    Args:
        thresholds: the name of the decisions to go by.
    """
    reasons = {
        label: reason(support, figures.at[thresholds].labels[label].f1) for label, support in figures.support.items()
    }
    return {label: why for label, why in reasons.items() if why}


def reason(support: int, f1: Figure) -> str:
    """Return why a label is unreliable; empty if it is not."""
    found = []
    if support < MIN_POSITIVES:
        found.append(f"{support} positives, fewer than {MIN_POSITIVES}")
    if f1.low is None or f1.high is None:
        found.append("F1 has no interval")
    elif f1.high - f1.low > MAX_WIDTH:
        found.append(f"F1 is known only to within {format_number(f1.low, 2)} to {format_number(f1.high, 2)}")
    return "; ".join(found)
