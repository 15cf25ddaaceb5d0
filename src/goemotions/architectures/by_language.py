"""The ``by-language`` architecture: several models, each of which answers the texts in its languages.

A text's language is told as :mod:`goemotions.languages` says. One of which it is not sure goes with most of the texts
beside it: those of a call, a request, or some thousand rows of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from goemotions.architectures import load_model
from goemotions.architectures.base import Architecture, LoadOptions
from goemotions.architectures.prepared import Features, Prepared, join
from goemotions.checkpoint import ModelConfig, member_directory, read_config
from goemotions.errors import ModelError
from goemotions.languages import REST, Languages, languages_of, require
from goemotions.predictions import Scored

Indices = npt.NDArray[np.int64]


class Member:
    """One of the models, and its own calibration."""

    def __init__(self, model: Architecture, config: ModelConfig) -> None:
        self.model = model
        self._config = config

    def finished(self, scored: Scored) -> Scored:
        """Return what the model gave, calibrated as it is alone."""
        calibration = self._config.calibration
        if calibration is None:
            return scored
        return scored._replace(logits=calibration.apply(scored.logits, self._config.labels))


class ByLanguage:
    """Models by language. Safe to use from several threads."""

    device = "cpu"
    base = None

    def __init__(self, members: Mapping[str, Member], labels: int) -> None:
        """
        Args:
            members: by language, with one for :data:`REST`; several languages may have the same.
            labels: their number.
        """
        self._members = members
        self._labels = labels

    def score(self, texts: Sequence[str], windows: bool = False) -> Scored:
        """See :class:`goemotions.architectures.base.Architecture`."""
        languages = languages_of(texts, guesses=True)

        def score(member: Member, rows: Indices) -> Scored:
            return member.model.score([texts[row] for row in rows], windows)

        return self._together(languages, score)._replace(languages=languages)

    def prepare(self, texts: Sequence[str], windows: bool = False) -> Prepared:
        """Tell languages, and prepare each text for its model."""
        languages = languages_of(texts, guesses=True)
        parts, order = [], []
        for member, rows in self._rows_of(languages):
            prepared = member.model.prepare([texts[row] for row in rows], windows)
            # Token ids of one model and embeddings of another can only stand together in a list.
            parts.append(prepared._replace(rows=cast(list[list[int]], list(prepared.rows))))
            order.append(rows)
        if not parts:
            return Prepared([], np.zeros(0, np.int64), np.zeros(0, np.bool_), languages)
        return join(parts).select(np.argsort(np.concatenate(order)))._replace(languages=languages)

    def compute(self, prepared: Prepared) -> Scored:
        """Run each model on its texts: see :class:`goemotions.architectures.base.Architecture`."""
        if prepared.languages is None:
            raise ValueError("expected what prepare gave, got texts without languages")
        return self._together(prepared.languages, lambda member, rows: member.model.compute(prepared.select(rows)))

    def features(self, prepared: Prepared) -> Features:
        """
        Raises:
            ModelError: always; the states of several models have nothing in common.
        """
        raise ModelError("a model of several has no states of its own: use one of them, as compact or multilingual")

    def _rows_of(self, languages: Languages) -> Iterator[tuple[Member, Indices]]:
        """Yield each member that has texts, and their numbers."""
        chosen: dict[int, tuple[Member, list[int]]] = {}
        for row, language in enumerate(languages.tolist()):
            member = self._members.get(language, self._members[REST])
            chosen.setdefault(id(member), (member, []))[1].append(row)
        for member, rows in chosen.values():
            yield member, np.array(rows)

    def _together(self, languages: Languages, work: Callable[[Member, Indices], Scored]) -> Scored:
        logits = np.empty((len(languages), self._labels), np.float32)
        truncated = np.zeros(len(languages), np.bool_)
        for member, rows in self._rows_of(languages):
            scored = member.finished(work(member, rows))
            logits[rows], truncated[rows] = scored.logits, scored.truncated
        return Scored(logits, truncated)


def load(directory: Path, config: ModelConfig, options: LoadOptions) -> ByLanguage:
    """Load every member of a checked directory, as it would be loaded alone.

    Raises:
        MissingExtraError: languages cannot be told, or a member needs an optional part.
        ModelError: a member that is not installed, or damaged.
    """
    require()
    loaded: dict[str, Member] = {}
    for name in dict.fromkeys(config.members.values()):
        where = member_directory(name)
        own = read_config(where)
        loaded[name] = Member(load_model(where, own, options), own)
    return ByLanguage({language: loaded[name] for language, name in config.members.items()}, len(config.labels))
