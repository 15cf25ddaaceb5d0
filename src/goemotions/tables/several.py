"""Several files as one table: those of a folder, or those that a pattern names, one after the other by their names."""

from __future__ import annotations

import glob
import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from goemotions.errors import AssumptionWarning, DataError
from goemotions.files import sha256
from goemotions.tables.table import RENAME, Group, Table, Writer

SHOWN = 3  # of many files
NOT_DATA = (".", "_")  # names that begin so: hidden files, and marks such as _SUCCESS


def is_several(path: Path) -> bool:
    """Return True for a folder, or for a pattern that is not the name of a file."""
    return path.is_dir() or (glob.has_magic(str(path)) and not path.is_file())


def files_of(path: Path) -> list[Path]:
    """Return the files of a folder, without those below it, or those that a pattern names; sorted."""
    found = path.iterdir() if path.is_dir() else map(Path, glob.glob(str(path), recursive=True))  # noqa: PTH207
    return sorted(file for file in found if file.is_file() and not file.name.startswith(NOT_DATA))


def would_be_read(path: Path, several: Path) -> bool:
    """Return True for a path that, once there, would be one of the files of a folder or a pattern."""
    if several.is_dir():
        return path.absolute().parent.samefile(several)
    pattern = several.absolute()
    fixed = next(parent for parent in pattern.parents if not glob.has_magic(str(parent)))
    below = fixed in path.absolute().parents
    return below if "**" in pattern.parts else path.absolute().match(str(pattern))


def refuse_read(output: Path, *read: Path) -> None:
    """Refuse to write over what is read: a file, or one of those of a folder or a pattern.

    Raises:
        DataError: the output is one of them, or once there would be.
    """
    for source in read:
        if is_several(source):
            if would_be_read(output, source):
                raise DataError(f"{output} would be one of the files of {source}: name an output elsewhere")
        elif output.exists() and source.exists() and output.samefile(source):
            raise DataError(f"{output} is the input: name another output")


class SeveralTables(Table):
    """Files of one format with the same columns."""

    def __init__(self, path: Path, files: Sequence[Path], text_column: str, opened: Callable[[Path], Table]) -> None:
        super().__init__(path, text_column)
        self.files = list(files)
        self._open = opened
        self._sizes = [file.stat().st_size for file in files]
        self._done = 0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", AssumptionWarning)
            self._first = opened(files[0])
            tables = [self._first, *map(opened, files[1:])]
        self._check_alike(tables)
        alike = all((type(table), table.form) == (type(self._first), self._first.form) for table in tables)
        self._writer = self._first.own_writer() if alike else None
        self._current = self._first
        for warning in merged(caught):
            warnings.warn(warning, AssumptionWarning, stacklevel=2)

    def _check_alike(self, tables: Sequence[Table]) -> None:
        first = self._first.schema
        problems = []
        for table in tables:
            lacking = [name for name in {**first, self.text_column: None} if name not in table.columns]
            if first and lacking:
                problems.append(f"{table.path.name} lacks {', '.join(map(repr, lacking))}")
            elif added := [name for name in table.schema if name not in first]:
                problems.append(f"{table.path.name} has also {', '.join(map(repr, added))}")
            elif other := [name for name, kind in table.schema.items() if kind != first[name]]:
                kinds = (f"{name!r} of type {table.schema[name]} for {first[name]}" for name in other)
                problems.append(f"{table.path.name} has {', '.join(kinds)}")
            elif self.text_column not in table.columns:
                problems.append(f"{table.path.name} lacks {self.text_column!r}")
        if problems and self.text_column in self._first.columns:
            shown = "; ".join(problems[:SHOWN]) + (f"; and {len(problems) - SHOWN:,} more" * (len(problems) > SHOWN))
            raise DataError(
                f"{self.path}: files with other columns than {self._first.path.name}: {shown}; name files of one kind "
                "with a pattern, as 'FOLDER/name-*.csv'"
            )

    @property
    def columns(self) -> list[str]:
        return self._first.columns

    @property
    def fraction_read(self) -> float:
        total = sum(self._sizes)
        now = self._current.fraction_read * self._sizes[self._done] if self._done < len(self._sizes) else 0
        return (sum(self._sizes[: self._done]) + now) / total if total else 1.0

    def groups(self, columns: Sequence[str] | None = None) -> Iterator[Group]:
        for number, file in enumerate(self.files):
            self._done = number
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", AssumptionWarning)  # said when it was opened first
                self._current = self._open(file)
            yield from self._current.groups(columns)
        self._done = len(self.files)

    def check_columns(self, new: Sequence[str], taken: str = RENAME) -> None:
        self._first.check_columns(new, taken)

    def check_group(self, group: Any, new: Sequence[str]) -> None:
        self._current.check_group(group, new)

    def own_writer(self) -> Writer | None:
        if self._writer is None and self._first.own_writer() is not None:
            warnings.warn(
                f"{self.path}: its files are not written alike (delimiter, quotes, encoding or order of columns): "
                "the output is written as a new file of this format is",
                AssumptionWarning,
                stacklevel=2,
            )
        return self._writer

    @property
    def digest(self) -> str:
        """The SHA-256 of the files' names and contents."""
        lines = "".join(f"{sha256(file)}  {file.name}\n" for file in self.files)
        return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()


def merged(caught: Sequence[warnings.WarningMessage]) -> list[str]:
    """Return what was said of single files, each thing once, with the first file of which it was said."""
    said: dict[str, list[str]] = {}
    for warning in caught:
        name, _, assumed = str(warning.message).partition(": ")
        said.setdefault(assumed, []).append(name)
    return [
        f"{names[0]}{f' and {len(names) - 1:,} more' * (len(names) > 1)}: {assumed}" for assumed, names in said.items()
    ]
