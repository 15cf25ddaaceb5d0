"""Standard input, standard output and databases as files: a table is read twice, an output has a name when whole."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goemotions.tables.compression import COMPRESSIONS, Stream, compression_of, plain_name
from goemotions.tables.database import fetch, is_database
from goemotions.tables.formats import FORMATS, format_of, input_files, module_of

STANDARD, TEMPORARY, STANDARD_OUTPUT = "-", "goemotions-", "standard-output"
MARKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"


@contextmanager
def files_of(given: str, wanted: str, query: str | None, text_column: str) -> Iterator[tuple[Path, Path]]:
    """Give the files of an input and an output, of which each may be ``-``; the input may be a database's URL.

    Standard input is kept in a temporary folder, as are the rows of a query; its format is told by its first bytes.
    Standard output has the format of the input, or is CSV where that is only read; it is written after the block.
    """
    with tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder:
        if is_database(given):
            source = fetch(given, query, text_column, Path(folder))
        else:
            source = kept(Path(folder, "standard-input")) if given == STANDARD else Path(given)
        output = (
            Path(folder, f"{STANDARD_OUTPUT}{ending_like(input_files(source)[0])}")
            if wanted == STANDARD
            else Path(wanted)
        )
        yield source, output
        if wanted == STANDARD:
            with output.open("rb") as stream:
                shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def is_standard(output: Path) -> bool:
    """Return whether an output of :func:`files_of` stands for standard output."""
    return output.stem.startswith(STANDARD_OUTPUT) and output.parent.name.startswith(TEMPORARY)


def kept(path: Path) -> Path:
    """Copy standard input into a file, and return its name with the ending that its first bytes say."""
    with path.open("wb") as stream:
        shutil.copyfileobj(sys.stdin.buffer, stream)
    with path.open("rb") as stream:
        first = stream.read(8)
    packed = next((ending for ending, known in COMPRESSIONS.items() if first.startswith(known.signature)), "")
    path = path.rename(path.with_name(path.name + packed))
    with Stream(path) as plain:
        ending = ending_by(plain.plain.read(1 << 12))
    return path.rename(path.with_name(f"standard-input{ending}{packed}"))


def ending_by(first: bytes) -> str:
    """Return the ending of a file that begins so."""
    for known in FORMATS:
        if known.signature and first.startswith(known.signature):
            return known.endings[0]
    plain = first.translate(None, b"\0").lstrip(MARKS)  # without what UTF-16 has between
    if plain.startswith(b"{"):
        return ".jsonl"
    # Behind the bracket of an array is an object; a chat's line may begin with a date in brackets.
    return ".json" if plain.startswith(b"[") and plain[1:].lstrip()[:1] in (b"{", b"]", b"") else ".csv"


def ending_like(source: Path) -> str:
    """Return the ending for an output of the format of ``source``."""
    if source.suffix in (".xls", ".ods", ".xlsm"):
        return ".xlsx"
    packed = source.suffix if compression_of(source) else ""
    written = hasattr(module_of(format_of(source)), "make_writer")
    return f"{plain_name(source).suffix}{packed}" if written else ".csv"
