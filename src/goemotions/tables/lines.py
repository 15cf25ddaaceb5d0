"""Text formats: read by lines, kept as they stand, and put together by joining parts."""

from __future__ import annotations

import io
import shutil
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from goemotions.errors import AssumptionWarning, DataError
from goemotions.tables.compression import Stream, Writing
from goemotions.tables.encoding import find_encoding
from goemotions.tables.source import Source
from goemotions.tables.table import KeptTable, NewColumn

LINE_END = "\n"


class LineTable(KeptTable):
    """A text file; the output has its encoding, and its byte order mark if there is one."""

    def __init__(self, source: Source, text_column: str) -> None:
        super().__init__(source.path, text_column)
        self._source = source
        self._stream: Stream | None = None
        self.encoding = find_encoding(source, text_column)

    @property
    def form(self) -> Any:
        return self.encoding.codec, self.encoding.mark

    @property
    def fraction_read(self) -> float:
        return self._stream.fraction if self._stream else 0.0

    def say(self, *assumed: str) -> None:
        """Warn of what was assumed of the file, if anything was, in one line."""
        found = [part for part in (*assumed, self.encoding.assumed) if part]
        if found:
            warnings.warn(f"{self.path.name}: {'; '.join(found)}", AssumptionWarning, stacklevel=2)

    def lines(self) -> Iterator[str]:
        """Yield the file's lines with their ends, decoded. Only a line feed ends a line.

        Raises:
            DataError: bytes that are not of the encoding, with the line.
        """
        with self._source.open() as stream:
            self._stream = stream
            stream.plain.read(len(self.encoding.mark))
            if self.encoding.line_feed_is_a_byte:
                yield from self._decoded(stream)
            else:
                yield from self._wide(stream)

    def _decoded(self, stream: Stream) -> Iterator[str]:
        codec = self.encoding.codec
        for number, line in enumerate(stream.plain, start=1):
            try:
                yield line.decode(codec)
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{self.path}, line {number}: byte {line[error.start]:#04x} at position {error.start} is not "
                    f"{self.encoding.name}; say the file's encoding (--encoding), or mend that line"
                ) from error

    def _wide(self, stream: Stream) -> Iterator[str]:
        """Yield lines of an encoding in which a line feed is several bytes."""
        number = 0
        try:
            with io.TextIOWrapper(stream.plain, self.encoding.codec, newline="\n") as text:
                for line in text:
                    number += 1
                    yield line
        except UnicodeError as error:
            raise DataError(
                f"{self.path}, soon after line {number}: not {self.encoding.name}; say the file's encoding (--encoding)"
            ) from error

    def encode(self, text: str) -> bytes:
        """Return characters as bytes of the file's encoding.

        Raises:
            DataError: a character that it does not have.
        """
        try:
            return text.encode(self.encoding.codec)
        except UnicodeEncodeError as error:
            raise DataError(
                f"{self.path} is {self.encoding.name}, which has no {text[error.start]!r}, and that would have to be "
                "added: convert the file to UTF-8"
            ) from error

    @abstractmethod
    def header(self, new: Sequence[NewColumn]) -> str:
        """Return what stands before the first row."""

    def assemble(self, parts: Sequence[Path], output: Path, new: Sequence[NewColumn]) -> None:
        join(self.encoding.mark + self.encode(self.header(new)), parts, output)


def join(first: bytes, parts: Sequence[Path], output: Path, left_out: int = 0, last: bytes = b"") -> None:
    """Write parts one after the other, compressed if the output's name says so.

    Args:
        first: what stands before them.
        left_out: bytes at the beginning of the first part that are not written.
        last: what stands behind them.
    """
    with Writing(output) as stream:
        stream.write(first)
        for number, part in enumerate(parts):
            with part.open("rb") as source:
                source.seek(0 if number else left_out)
                shutil.copyfileobj(source, stream, 1 << 20)
        stream.write(last)


def split_end(line: str) -> tuple[str, str]:
    """Return a line without its end, and the end: a line feed, with or without carriage returns before it, or none."""
    body = line.rstrip("\r\n")
    return body, line[len(body) :]
