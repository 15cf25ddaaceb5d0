"""What is taken for a text, and which texts express nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MISSING = ("None", "nan", "<NA>")  # as columns of frames show them


def is_blank(text: str) -> bool:
    """Return whether a text is empty or only white space: it expresses nothing, and has no emotions at any door."""
    return not text.strip()


def check_texts(texts: Iterable[str]) -> list[str]:
    """``texts`` as a list of str.

    Raises:
        TypeError: a bare str or bytes, something that cannot be iterated over, or an element that is not a str.
    """
    kind = type(texts).__name__
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"texts must be a list of str, got a bare {kind}: put it in a list, [text]")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):  # a frame or a dict would give its column names
        raise TypeError(f'texts must be a list of str, got a {kind}: give one of its columns, frame["text"]')
    try:
        checked = list(texts)
    except TypeError:
        raise TypeError(f"texts must be a list of str, got {kind}") from None
    for index, text in enumerate(checked):
        if not isinstance(text, str):
            hint = ': leave missing values out, or put "" in their place' if repr(text) in MISSING else ""
            raise TypeError(f"texts[{index}] must be a str, got {text!r:.80} ({type(text).__name__}){hint}")
    return checked
