"""Errors a user can act on. The command line shows each as one line, without a traceback."""

import difflib
import re
from collections.abc import Iterable, Sequence

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey, what would turn a line around, and halves of surrogate pairs, which no UTF-8 can hold."""


class GoEmotionsError(Exception):
    """Something the user can mend: the message says what was got, what was expected and what to do, in one line."""

    def __str__(self) -> str:
        return plain(super().__str__())


class ModelError(GoEmotionsError):
    """A model directory, or a model's name, that cannot be used."""


class EncoderError(ModelError):
    """A sentence encoder that cannot be used, or is not the one a model was trained on."""


class DataError(GoEmotionsError):
    """An input file or corpus that cannot be read as asked."""


class AssumptionWarning(UserWarning):
    """Something was assumed about an input; the message says what, and how to say otherwise."""


class TruncatedTextWarning(UserWarning):
    """Some texts were longer than the model reads; only their beginning was classified."""


class MissingExtraError(GoEmotionsError, ImportError):
    """A feature whose optional dependencies are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        from goemotions.installation import install_command  # needed only where something is missing

        super().__init__(f"{feature} needs an optional part: {install_command(extra)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint ``"; did you mean 'x'?"`` for a misspelt name, or an empty string when nothing is near."""
    match = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.55)
    return f"; did you mean {match[0]!r}?" if match else ""


def some(items: Sequence[str], most: int = 5) -> str:
    """Return the first of many items for a message, and how many more there are: ``a, b and 3 more``."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 row`` or ``1,204 rows``: a number before the words for one, or for many (``one`` and an s)."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def counted_of(number: int, whole: int, noun: str, one: str, many: str) -> str:
    """Return ``1 of 5 rows has none``: a part of a whole, and what is said of it, whether it is one or many."""
    return f"{number:,} of {counted(whole, noun)} {one if number == 1 else many}"


def is_plain(text: str) -> bool:
    """Return False for a text that a terminal would obey, or no UTF-8 can hold; tabs and new lines are plain."""
    return UNPRINTABLE.search(text) is None


def plain(text: str) -> str:
    """Return ``text`` as one line for people: what is not :func:`is_plain`, tabs and new lines are shown as escapes."""
    return re.sub(f"{UNPRINTABLE.pattern}|[\t\n\r]", lambda match: ascii(match[0])[1:-1], text)
