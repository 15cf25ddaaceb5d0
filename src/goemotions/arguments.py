"""Arguments of the library's methods, checked: each error says what was given and what to give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from goemotions.fields import shown

MISSING = ("None", "nan", "<NA>")  # as columns of frames show them


def check_texts(texts: Iterable[str]) -> list[str]:
    """Return ``texts`` as a list of str.

    Raises:
        TypeError: a bare str or bytes, a set, something that cannot be iterated over, or an element that is not a str.
    """
    kind = type(texts).__name__
    if isinstance(texts, (set, frozenset)):
        raise TypeError(f"texts must be a list of str, got a {kind}, which has no order for answers: make a list of it")
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"texts must be a list of str, got a bare {kind}: put it in a list, [text]")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):  # a frame or a dict would give its column names
        raise TypeError(
            f'texts must be a list of str, got a {kind}: give one of its columns, frame["text"], or let '
            'annotate(frame, "text") add the emotions to it'
        )
    try:
        checked = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)  # Arrow's elements are no str
    except TypeError:
        raise TypeError(f"texts must be a list of str, got {kind}") from None
    for index, text in enumerate(checked):
        if not isinstance(text, str):
            hint = ': leave missing values out, or put "" in their place' if repr(text) in MISSING else ""
            raise TypeError(f"texts[{index}] must be a str, got {text!r:.80} ({type(text).__name__}){hint}")
    return checked


def read_windows(long_text: str) -> bool:
    """Return True for ``"windows"``.

    Raises:
        ValueError: neither ``"cut"`` nor ``"windows"``.
    """
    if long_text not in ("cut", "windows"):
        raise ValueError(f'long_text must be "cut" or "windows", got {long_text!r}')
    return long_text == "windows"


def check_top_k(top_k: object) -> None:
    """Check how many emotions a text may have; None is any number.

    Raises:
        TypeError: not a whole number.
        ValueError: below 1.
    """
    if top_k is None:
        return
    if isinstance(top_k, bool) or not isinstance(top_k, (int, np.integer)):
        raise TypeError(f"top_k must be a whole number of at least 1, got {shown(top_k)} ({type(top_k).__name__})")
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
