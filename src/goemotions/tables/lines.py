"""Text formats: read by lines, kept as they stand, and put together by joining parts."""

from __future__ import annotations

import codecs
import shutil
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from goemotions.errors import DataError
from goemotions.tables.table import NewColumn, Table

LINE_END = "\n"


class LineTable(Table):
    """A UTF-8 text file, with or without a byte order mark, which the output then has too."""

    def __init__(self, path: Path, text_column: str) -> None:
        super().__init__(path, text_column)
        self._size = path.stat().st_size
        self._read = 0
        with path.open("rb") as stream:
            self._mark = codecs.BOM_UTF8 if stream.read(3) == codecs.BOM_UTF8 else b""

    @property
    def fraction_read(self) -> float:
        return self._read / self._size if self._size else 1.0

    def lines(self) -> Iterator[str]:
        """Yield the file's lines with their ends, decoded. Only a line feed ends a line.

        Raises:
            DataError: bytes that are not UTF-8, with the line.
        """
        self._read = 0
        with self.path.open("rb") as stream:
            stream.seek(len(self._mark))
            for number, line in enumerate(stream, start=1):
                self._read += len(line)
                try:
                    yield line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise DataError(
                        f"{self.path}, line {number}: byte {line[error.start]:#04x} at position {error.start} is not "
                        "UTF-8; convert the file, for example with iconv"
                    ) from error

    @abstractmethod
    def header(self, new: Sequence[NewColumn]) -> str:
        """Return what stands before the first row."""

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        with output.open("wb") as stream:
            stream.write(self._mark + self.header(new).encode("utf-8"))
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)


def split_end(line: str) -> tuple[str, str]:
    """Return a line without its end, and the end: a line feed, with or without carriage returns before it, or none."""
    body = line.rstrip("\r\n")
    return body, line[len(body) :]
