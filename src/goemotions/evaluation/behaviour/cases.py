"""The cases of the behavioural suite, read from ``cases.tsv``, whose first lines explain its columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from goemotions.errors import DataError
from goemotions.labels import LABELS, SENTIMENT

COLUMNS: Final = ["id", "text", "must", "must_not", "other"]
GROUPS: Final = ("positive", "negative")


@dataclass(frozen=True)
class Case:
    """One text, or a pair of texts, and what the answer to it has to satisfy.

    Attributes:
        id: the kind, a hyphen and a number.
        must: of each of these sets the answer must hold a label; empty for a pair.
        must_not: the answer must hold none of these labels.
        other: of a pair, the second text, to which the answer must be the same.
    """

    id: str
    text: str
    must: tuple[frozenset[str], ...] = ()
    must_not: frozenset[str] = frozenset()
    other: str | None = None

    @property
    def kind(self) -> str:
        """The kind of the case: ``emoji-alone``."""
        return self.id.rpartition("-")[0]

    @property
    def family(self) -> str:
        """The first word of the kind, which several kinds may share: ``emoji``."""
        return self.kind.partition("-")[0]


@dataclass(frozen=True)
class Suite:
    """All cases, and the SHA-256 of the file that they were read from."""

    cases: tuple[Case, ...]
    sha256: str


def read_suite(content: bytes | None = None) -> Suite:
    """Return the cases of a file's content; None reads the file of this package.

    Raises:
        DataError: a line that is no case; its number is named.
    """
    if content is None:
        content = files(__package__).joinpath("cases.tsv").read_bytes()
    cases: list[Case] = []
    header: list[str] | None = None
    # Split at line feeds alone: texts may hold other characters that Python takes for the end of a line.
    for number, line in enumerate(content.decode("utf-8").replace("\r\n", "\n").split("\n"), start=1):
        if not line or (header is None and line.startswith("#")):
            continue
        cells = line.split("\t")
        if header is None:
            header = cells
            if header != COLUMNS:
                raise DataError(f"line {number}: the header must be {', '.join(COLUMNS)}, got {', '.join(cells)}")
            continue
        try:
            cases.append(read_case(cells))
        except ValueError as error:
            raise DataError(f"line {number} is no case: {error}") from error
    return Suite(tuple(cases), hashlib.sha256(content).hexdigest())


def read_case(cells: list[str]) -> Case:
    """Return the case in a row's cells.

    Raises:
        ValueError: another number of cells, an unknown label, or a case that demands nothing or contradicts itself.
    """
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(COLUMNS)} cells are expected, got {len(cells)}")
    name, text, must, must_not, other = cells
    wanted = tuple(read_labels(part) for part in must.split(" & ")) if must else ()
    unwanted = read_labels(must_not) if must_not else frozenset()
    if not wanted and not other:
        raise ValueError("it has neither labels that must be given nor a second text")
    for part in wanted:
        if part & unwanted:
            raise ValueError(f"{', '.join(sorted(part & unwanted))} both must and must not be given")
    return Case(name, with_breaks(text), wanted, unwanted, with_breaks(other) if other else None)


def read_labels(cell: str) -> frozenset[str]:
    """Return the labels of ``a|b``, sentiment groups replaced by their labels."""
    found: set[str] = set()
    for name in cell.split("|"):
        if name in GROUPS:
            found |= set(SENTIMENT[name])
        elif name in LABELS:
            found.add(name)
        else:
            raise ValueError(f"{name!r} is no GoEmotions label, nor one of {', '.join(GROUPS)}")
    return frozenset(found)


def with_breaks(text: str) -> str:
    r"""Return the text with ``\n`` and ``\r`` turned into line breaks."""
    return text.replace("\\r", "\r").replace("\\n", "\n")
