"""Which format a file has: by the ending of its name, or by its first bytes where they say that the name is wrong.

A new format is a module with a function ``open_table(source, text_column)`` and an entry in :data:`FORMATS`.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from goemotions.errors import AssumptionWarning, DataError, MissingExtraError, some
from goemotions.tables.compression import COMPRESSIONS, Stream, plain_name
from goemotions.tables.conversion import Shape, shape_of
from goemotions.tables.several import SHOWN, SeveralTables, files_of, is_several
from goemotions.tables.source import ReadOptions, Source, option_name
from goemotions.tables.table import Table, Writer


@dataclass(frozen=True)
class Format:
    """A table format.

    Attributes:
        name: as users call it.
        endings: of files' names, in lower case.
        module: with its ``open_table``.
        extra: the optional part that the module needs.
        signature: the first bytes of every such file; empty for text, which may be compressed.
        options: the fields of :class:`ReadOptions` that it heeds.
    """

    name: str
    endings: tuple[str, ...]
    module: str
    extra: str | None = None
    signature: bytes = b""
    options: frozenset[str] = frozenset()


TEXT_OPTIONS = frozenset({"encoding"})
CELL_OPTIONS = TEXT_OPTIONS | {"delimiter", "header"}
SHEET_OPTIONS = frozenset({"sheet"})
QUERY_OPTIONS = frozenset({"query"})

FORMATS = [
    Format("CSV", (".csv",), "goemotions.tables.delimited", options=CELL_OPTIONS),
    Format("TSV", (".tsv",), "goemotions.tables.delimited", options=CELL_OPTIONS),
    Format("JSON lines", (".jsonl", ".ndjson"), "goemotions.tables.json_lines", options=TEXT_OPTIONS),
    Format("JSON", (".json",), "goemotions.tables.json_array", options=TEXT_OPTIONS),
    Format("Parquet", (".parquet",), "goemotions.tables.parquet", "tables", b"PAR1"),
    Format("Excel", (".xlsx", ".xlsm"), "goemotions.tables.workbook", "tables", b"PK\x03\x04", SHEET_OPTIONS),
    Format("old Excel", (".xls",), "goemotions.tables.workbook", "tables", b"\xd0\xcf\x11\xe0", SHEET_OPTIONS),
    Format("OpenDocument", (".ods",), "goemotions.tables.workbook", "tables", b"PK\x03\x04", SHEET_OPTIONS),
    Format("SQLite", (".sqlite", ".sqlite3", ".db"), "goemotions.tables.sqlite", None, b"SQLite f", QUERY_OPTIONS),
]

OTHER_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, or one with a password",
    b"%PDF": "a PDF document",
    **{known.signature: known.name for known in COMPRESSIONS.values()},
}
"""First bytes of files that are taken for tables, and are none that can be read."""


def endings() -> list[str]:
    """Return the endings of all formats' names; those of text may be followed by one of a compression."""
    return [ending for known in FORMATS for ending in known.endings]


def format_of(path: Path) -> Format:
    """Return the format that a file's name says.

    Raises:
        DataError: an ending that is none of the known formats, or a compression of one that is not text.
    """
    name = plain_name(path)
    for known in FORMATS:
        if name.suffix.lower() in known.endings:
            if known.signature and name != path:
                raise DataError(f"{path}: {known.name} is not read from within {path.suffix}: decompress it")
            return known
    inside = f" before {path.suffix}" if name != path else ""
    hint = ""
    if name.suffix.lower() == ".txt":
        hint = "; name a table .csv or .tsv; lines of text are read from standard input, goemotions predict < FILE"
    if name.suffix.lower() == ".js":
        hint = "; of an archive of X (Twitter), write what stands behind the first = into a file that ends in .json"
    raise DataError(f"{path}: the ending {name.suffix!r}{inside} is none of {', '.join(endings())}{hint}")


def check_signature(path: Path, expected: Format) -> None:
    """Check a text file's first bytes.

    Raises:
        DataError: a text file's name for a file whose first bytes say that it is something else.
    """
    if expected.signature:
        return
    with Stream(path) as stream:
        first = stream.plain.read(8)
    signatures = {known.signature: known.name for known in FORMATS if known.signature} | OTHER_SIGNATURES
    for signature, name in signatures.items():
        if first.startswith(signature):
            raise DataError(f"{path} holds {name}, but its name says {expected.name}: rename or convert it")


def check_options(path: Path, known: Format, options: ReadOptions) -> None:
    """Check that a format heeds the options that are given.

    Raises:
        ValueError: an option that a file of this format does not heed.
    """
    unused = [name for name in options.given() if name not in known.options]
    if unused:
        names = ", ".join(f"--{option_name(name)}" for name in unused)
        raise ValueError(f"{names} says nothing of {path.name}, which is {known.name}")


def input_files(path: Path) -> list[Path]:
    """Return the files of an input: a file, those of a folder, or those that a pattern names; all of one format.

    Files of a folder that are no tables, and text files without any byte, are left out, which is said.

    Raises:
        DataError: none, or some of several formats.
    """
    if not is_several(path):
        format_of(path)
        return [path]
    every = files_of(path)
    tables = [file for file in every if plain_name(file).suffix.lower() in endings()] if path.is_dir() else every
    if not tables:
        below = "; files in folders below are named by a pattern, as 'FOLDER/**/*.csv'"
        held = f"{path} has no table of the kinds {', '.join(endings())}{below}"
        raise DataError(held if path.is_dir() else f"no file has a name like {path}")
    kinds = {format_of(file).name: file.name for file in reversed(tables)}
    if len(kinds) > 1:
        found = ", ".join(f"{name} ({file})" for name, file in sorted(kinds.items()))
        raise DataError(f"{path} has files of several formats: {found}; name those of one, as 'FOLDER/*.csv'")
    filled = [file for file in tables if format_of(file).signature or file.stat().st_size] or tables[:1]
    left_out = [file.name for file in every if file not in filled]
    if left_out:
        warnings.warn(f"{path}: left out: {some(left_out, SHOWN)}", AssumptionWarning, stacklevel=2)
    return filled


def open_table(path: Path, text_column: str, options: ReadOptions | None = None) -> Table:
    """Open an input: a file, or several as one table: those of a folder, or those that a pattern names.

    Args:
        options: what its user says of it.

    Raises:
        DataError: no such file, none of a known format, or files with different columns.
        MissingExtraError: a format, or a compression, whose optional part is not installed.
        ValueError: options that the format does not have, or that are none.
    """
    files = input_files(path)
    if not is_several(path):
        return open_file(path, text_column, options)
    return SeveralTables(path, files, text_column, lambda file: open_file(file, text_column, options))


def open_file(path: Path, text_column: str, options: ReadOptions | None = None) -> Table:
    """Open a file; arguments and errors as :func:`open_table`."""
    known = format_of(path)
    if not path.is_file():
        raise DataError(f"no file {path}")
    options = options or ReadOptions()
    check_options(path, known, options)
    check_signature(path, known)
    opener: Callable[[Source, str], Table] = module_of(known).open_table
    return opener(Source(path, options), text_column)


def writer_for(table: Table, output: Path) -> Writer:
    """Return what writes a table's rows to an output: the table itself, if the output has its format.

    Raises:
        DataError: a format that is only read, or that does not hold the table.
        MissingExtraError: a format whose optional part is not installed.
    """
    wanted = format_of(output)
    own = table.own_writer() if wanted == format_of(table.files[0]) else None
    if own is not None:
        return own
    module = module_of(wanted)
    if not hasattr(module, "make_writer"):
        raise DataError(f"{output}: {wanted.name} is read but not written: give the output another ending, as .csv")
    make: Callable[[Shape, Path], Writer] = module.make_writer
    return make(shape_of(table), output)


def module_of(known: Format) -> ModuleType:
    """Return the module that reads a format.

    Raises:
        MissingExtraError: its optional part is not installed.
    """
    try:
        return importlib.import_module(known.module)
    except ImportError as error:
        if known.extra is None:
            raise
        raise MissingExtraError(known.name, known.extra) from error
