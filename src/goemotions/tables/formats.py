"""Which format a file has: by the ending of its name, or by its first bytes where they say that the name is wrong.

A new format is a module with a function ``open_table(path, text_column)`` and an entry in :data:`FORMATS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from goemotions.errors import DataError, MissingExtraError
from goemotions.tables.table import Table


@dataclass(frozen=True)
class Format:
    """A table format.

    Attributes:
        name: as users call it.
        endings: of files' names, in lower case.
        module: with its ``open_table``.
        extra: the optional part that the module needs.
        signature: the first bytes of every such file; empty for text.
    """

    name: str
    endings: tuple[str, ...]
    module: str
    extra: str | None = None
    signature: bytes = b""


FORMATS = [
    Format("CSV", (".csv",), "goemotions.tables.delimited"),
    Format("TSV", (".tsv",), "goemotions.tables.delimited"),
    Format("JSON lines", (".jsonl", ".ndjson"), "goemotions.tables.json_lines"),
    Format("Parquet", (".parquet",), "goemotions.tables.parquet", "tables", b"PAR1"),
]

OTHER_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"%PDF": "a PDF document",
}
"""First bytes of files that are taken for tables, and are none that can be read."""


def endings() -> list[str]:
    """Return the endings of all formats' names."""
    return [ending for known in FORMATS for ending in known.endings]


def format_of(path: Path) -> Format:
    """Return the format that a file's name says.

    Raises:
        DataError: an ending that is none of the known formats.
    """
    for known in FORMATS:
        if path.suffix.lower() in known.endings:
            return known
    raise DataError(f"{path}: the ending {path.suffix!r} is none of {', '.join(endings())}")


def check_signature(path: Path, expected: Format) -> None:
    """
    Raises:
        DataError: a text file's name for a file whose first bytes say that it is something else.
    """
    with path.open("rb") as stream:
        first = stream.read(8)
    signatures = {known.signature: known.name for known in FORMATS if known.signature} | OTHER_SIGNATURES
    if expected.signature:
        return
    for signature, name in signatures.items():
        if first.startswith(signature):
            raise DataError(f"{path} holds {name}, but its name says {expected.name}: rename or convert it")


def open_table(path: Path, text_column: str) -> Table:
    """Open an input file.

    Raises:
        DataError: no such file, or none of a known format.
        MissingExtraError: a format whose optional part is not installed.
    """
    known = format_of(path)
    if not path.is_file():
        raise DataError(f"no file {path}")
    check_signature(path, known)
    try:
        module = importlib.import_module(known.module)
    except ImportError as error:
        if known.extra is None:
            raise
        raise MissingExtraError(known.name, known.extra) from error
    opener: Callable[[Path, str], Table] = module.open_table
    return opener(path, text_column)
