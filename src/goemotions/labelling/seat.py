"""The seat before a labelling: one page at a time has it, and every other is told."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

PRESENT = 15.0
"""Seconds after its last word for which a page is taken to be open."""


class TakenError(Exception):
    """Another page has the seat."""


class Seat:
    """A seat, which a page takes by a token of its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._token = ""
        self._heard = 0.0

    def take(self, token: str, by_force: bool) -> str:
        """Sit down, and return the token to show from now on.

        Args:
            token: the page's own from before, or nothing.
            by_force: also if another page has the seat.

        Raises:
            TakenError: another page has it, and was heard of a moment ago.
        """
        another = bool(self._token) and token != self._token
        if another and not by_force and self._clock() - self._heard < PRESENT:
            raise TakenError
        self._token = secrets.token_urlsafe(12)  # a new one each time: a tab that was duplicated has the same old one
        self._heard = self._clock()
        return self._token

    def check(self, token: str) -> None:
        """Note that the page is there.

        Raises:
            TakenError: another page has the seat since.
        """
        if token != self._token:
            raise TakenError
        self._heard = self._clock()

    def leave(self, token: str) -> None:
        """Note that the page goes, perhaps only to load again."""
        if token == self._token:
            self._heard = self._clock() - PRESENT
