"""HTML entities in texts, as exports of web tools have them: counted and said.

They are not decoded: models learnt from texts in which some stand, and every way to a model reads a text as it is.
"""

from __future__ import annotations

import re

from goemotions.errors import counted_of

ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|nbsp|#\d{2,6}|#[xX][0-9a-fA-F]{2,5});")
FEW = 0.01  # of texts, up to which nothing is said


def has_entities(text: str) -> bool:
    """Return True for a text with ``&quot;``, ``&#39;`` or another of the common entities."""
    return "&" in text and ENTITY.search(text) is not None


def entities_note(count: int, texts: int) -> str | None:
    """Return what is said of texts with entities; None if they are few or none."""
    if count <= FEW * texts:
        return None
    said = (
        "HTML entities such as &quot; or &#39;, which are read as they stand: decode them first, as html.unescape of "
    )
    return counted_of(count, texts, "text", f"has {said}Python does", f"have {said}Python does")
