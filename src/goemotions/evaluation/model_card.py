"""Model cards, made from a model's own config."""

from __future__ import annotations

from typing import Any


def compact_card(config: dict[str, Any]) -> str:
    return ""
