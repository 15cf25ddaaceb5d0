"""Errors a user can act on. The command line shows each as one line, without a traceback."""

import difflib
from collections.abc import Iterable


class GoEmotionsError(Exception):
    """Something the user can mend: the message says what was got, what was expected and what to do."""


class ModelError(GoEmotionsError):
    """A model directory, or a model's name, that cannot be used."""


class EncoderError(ModelError):
    """A sentence encoder that cannot be used, or is not the one a model was trained on."""


class DataError(GoEmotionsError):
    """An input file or corpus that cannot be read as asked."""


class MissingExtraError(GoEmotionsError, ImportError):
    """A feature whose optional dependencies are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs an optional part: pip install "goemotions[{extra}]"')


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint ``"; did you mean 'x'?"`` for a misspelt name, or an empty string when nothing is near."""
    match = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean {match[0]!r}?" if match else ""
