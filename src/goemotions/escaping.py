"""Names, labels and texts from anywhere, written where some signs would be commands.

What a config, a corpus or a user calls something is data, and stays data in a terminal and in Markdown. For HTML and
SVG there is :func:`html.escape`; plots switch Matplotlib's own mark-up off by :data:`PLAIN_TEXT`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They change the order in which a line is shown, so that it can say something else than it holds."""

MARKDOWN = re.compile(r"[\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_])|^[-+=#]|^\d+(?=[.)](?:\s|$))")
"""Signs that Markdown takes for more than themselves; some only at a word's edge or a line's beginning."""

PLAIN_TEXT: Any = {"text.parse_math": False}
"""For :func:`matplotlib.rc_context`: ``$`` is a dollar sign."""


def for_terminal(text: str) -> str:
    """Return ``text`` with control characters, lone surrogates and changes of direction as ``\\\\u`` escapes.

    Line feeds and tabs stay. Within JSON the escapes mean the same characters.
    """
    unsafe = {c for c in text if c in DIRECTION or (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t")}
    return "".join(f"\\u{ord(c):04x}" if c in unsafe else c for c in text) if unsafe else text


def one_line(text: str) -> str:
    """Return ``text`` for a terminal with white space folded, so that it is one line."""
    return for_terminal(" ".join(text.split()))


def for_markdown(text: str) -> str:
    """Return ``text`` as one line of Markdown that is shown as the text is: no element, link, table cell or heading."""
    return MARKDOWN.sub(escaped, one_line(text))


def escaped(sign: re.Match[str]) -> str:
    """Return an entity for what would begin HTML, which some readers of Markdown take even after a backslash."""
    found = sign[0]
    if found[0].isdigit():  # "1." would begin a list: the sign behind is the one to escape
        return f"{found}\\"
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(found, f"\\{found}")
