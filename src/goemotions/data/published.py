"""The published form of an embedded corpus, a file a split: ``{"X": [[512 numbers], …], "y": [[28 of 0 and 1], …]}``.

Such a file has a gigabyte or more, and ``json.load`` needs several times that. So it is read and written a row at a
time; memory holds the vectors as float32, and little else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from goemotions.errors import DataError

CHUNK = 1 << 20
ROWS_A_BLOCK = 4096
LONGEST_ROW = 16 << 20  # bytes: beyond, it is no row
LONGEST_KEY = 1 << 16  # with the white space around it
NUMBER_BYTES = 16  # of a number as written here, at most about; for estimates

_KEY = re.compile(rb'\s*"([^"\\]*)"\s*:\s*\[\s*')

Advance = Callable[[float, int], None]


class Reader:
    """A JSON file, read forward in pieces."""

    def __init__(self, path: Path, stream: BinaryIO, advance: Advance) -> None:
        self.path = path
        self._stream = stream
        self._size = max(1, path.stat().st_size)
        self._advance = advance
        self._buffer = b""
        self._at = 0

    def more(self) -> bool:
        """Read another piece; False at the end of the file."""
        piece = self._stream.read(CHUNK)
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)

    def skip(self, character: bytes) -> bool:
        """Skip white space, then one ``character`` if it is next; says whether it was."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at : self._at + 1].isspace():
                self._at += 1
            if self._at < len(self._buffer) or not self.more():
                break
        if self._buffer[self._at : self._at + 1] != character:
            return False
        self._at += 1
        return True

    def expect(self, character: bytes, where: str) -> None:
        if not self.skip(character):
            got = self._buffer[self._at : self._at + 20].decode("utf-8", "replace") or "the end of the file"
            raise DataError(f"{self.path}, {where}: expected {character.decode()!r}, got {got!r}")

    def key(self) -> str:
        """The next key, with the opening of the list that is its value."""
        while (found := _KEY.match(self._buffer, self._at)) is None:
            if len(self._buffer) - self._at > LONGEST_KEY or not self.more():
                raise DataError(f'{self.path}: expected "X" or "y" with a list of rows')
        self._at = found.end()
        return found[1].decode("utf-8", "replace")

    def row(self, where: str) -> list[float]:
        """The next list of numbers."""
        self.expect(b"[", where)
        start = 0
        while (end := self._buffer.find(b"]", self._at + start)) < 0:
            start = len(self._buffer) - self._at
            if start > LONGEST_ROW or not self.more():
                raise DataError(f"{self.path}, {where}: the row has no end; the file is cut off or not of this form")
        text = b"[" + self._buffer[self._at : end + 1]
        self._at = end + 1
        try:
            values: list[float] = json.loads(text)
        except ValueError as error:
            raise DataError(f"{self.path}, {where}: not JSON: {error}") from None
        return values

    def rows(self, key: str) -> Iterator[list[float]]:
        """The rows of a list whose opening has been read, up to its end."""
        number = 0
        if self.skip(b"]"):
            return
        while True:
            yield self.row(f"{key}, row {number}")
            number += 1
            if number % ROWS_A_BLOCK == 0:
                self._advance(self._stream.tell() / self._size, number)
            if self.skip(b"]"):
                return
            self.expect(b",", f"{key}, row {number}")


def read_published(
    path: Path, labels: int, width: int | None = None, advance: Advance = lambda share, rows: None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Vectors, float32 [n, dim], and targets, uint8 [n, labels].

    Args:
        width: numbers a vector; None takes the first row's.
        advance: told now and then what share of the file is read, and how many rows.

    Raises:
        DataError: not of this form, rows of another width, targets that are not 0 or 1, NaN or infinite numbers; the
            first such row is named.
    """
    parts: dict[str, npt.NDArray[np.float32]] = {}
    if not path.is_file():
        raise DataError(f"no file {path}")
    with path.open("rb") as stream:
        reader = Reader(path, stream, advance)
        reader.expect(b"{", "start")
        while True:
            key = reader.key()
            if key not in ("X", "y") or key in parts:
                raise DataError(f'{path}: expected the keys "X" and "y", got {key!r}{" again" if key in parts else ""}')
            parts[key] = collect(path, key, reader.rows(key), width if key == "X" else labels)
            if not reader.skip(b","):
                break
        reader.expect(b"}", "end")
    absent = [key for key in ("X", "y") if key not in parts]
    if absent:
        raise DataError(f"{path} has no key {' and no key '.join(absent)}")
    embeddings, targets = parts["X"], parts["y"]
    if len(embeddings) != len(targets):
        raise DataError(f"{path}: {len(embeddings):,} rows of X, but {len(targets):,} of y")
    if not len(embeddings):
        raise DataError(f"{path} has no rows")
    wrong = ((targets != 0) & (targets != 1)).any(1)
    if wrong.any():
        raise DataError(f"{path}, y, row {int(np.argmax(wrong))}: targets must be 0 or 1")
    return embeddings, targets.astype(np.uint8)


def collect(path: Path, key: str, rows: Iterator[list[float]], width: int | None) -> npt.NDArray[np.float32]:
    """Rows of one width as an array, gathered in blocks."""
    blocks: list[npt.NDArray[np.float32]] = []
    block: list[npt.NDArray[np.float32]] = []
    for number, values in enumerate(rows):
        width = len(values) if width is None else width
        if len(values) != width:
            raise DataError(f"{path}, {key}, row {number}: expected {width} numbers, got {len(values)}")
        try:
            with np.errstate(over="ignore"):
                row = np.array(values, dtype=np.float32)
        except (TypeError, ValueError):
            raise DataError(f"{path}, {key}, row {number}: expected {width} numbers") from None
        if not np.isfinite(row).all():
            raise DataError(f"{path}, {key}, row {number}: NaN, null or a number beyond float32")
        block.append(row)
        if len(block) == ROWS_A_BLOCK:
            blocks.append(np.stack(block))
            block = []
    if block:
        blocks.append(np.stack(block))
    return np.concatenate(blocks) if blocks else np.empty((0, width or 0), dtype=np.float32)


def write_published(
    path: Path,
    embeddings: npt.NDArray[np.float32],
    targets: npt.NDArray[np.uint8],
    advance: Advance = lambda share, rows: None,
) -> None:
    """Write a file; it appears under its name when it is whole. Nine digits, so that float32 comes back exactly."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="ascii", buffering=CHUNK) as stream:
            number = "%.9g"
            for key, rows in (("X", embeddings), ("y", targets)):
                line = "[" + ", ".join([number] * rows.shape[1]) + "]"
                stream.write('{"X": [' if key == "X" else '], "y": [')
                for start in range(0, len(rows), ROWS_A_BLOCK):
                    block = rows[start : start + ROWS_A_BLOCK].tolist()
                    stream.write((", " if start else "") + ", ".join(line % tuple(values) for values in block))
                    if key == "X":
                        advance((start + len(block)) / len(rows), start + len(block))
            stream.write("]}\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
