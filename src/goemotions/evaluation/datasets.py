"""Labelled texts of any source, read for evaluation and tuning."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import read_split
from goemotions.errors import DataError
from goemotions.evaluation.label_groups import LabelMap
from goemotions.labels import LABELS

FORMATS = (
    "expected an official GoEmotions TSV (text, label ids, comment id; no header), or a CSV, TSV or JSON lines file "
    "with a column text and either a column labels (names, comma-separated) or a 0/1 column a label"
)
TEXT, NAMES, ID = "text", "labels", "id"


@dataclass(frozen=True)
class LabelledTexts:
    """A data set to measure on.

    Attributes:
        name: of its file.
        texts: n texts.
        labels: in the order of the columns of ``targets``.
        targets: uint8 [n, labels].
        ids: n row ids, the data's own or row numbers.
        sha256: of the file.
    """

    name: str
    texts: list[str]
    labels: tuple[str, ...]
    targets: npt.NDArray[np.uint8]
    ids: list[str]
    sha256: str

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled(
    path: Path, model_labels: Sequence[str], label_map: LabelMap | None = None, absent_ok: bool = False
) -> LabelledTexts:
    """Read a file, and check that its labels can be compared with the model's.

    Args:
        label_map: from the data's labels to the model's; the result then has the map's labels.
        absent_ok: a label that the data never names is taken to apply to no text, instead of being an error.

    Raises:
        DataError: no such file, an empty one, no known format, or labels that are missing from the data or unknown to
            the model, named.
    """
    if not path.is_file():
        raise DataError(f"no file {path}: {FORMATS}")
    content = path.read_bytes()
    if not content.strip():
        raise DataError(f"{path} is empty: {FORMATS}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}") from error
    if path.suffix == ".tsv" and TEXT not in text.split("\n", 1)[0].rstrip("\r").split("\t"):
        split = read_split(path)
        read = LabelledTexts(path.name, split.texts, LABELS, split.targets, split.ids, split.sha256)
    else:
        try:
            rows = list(table_rows(path, text))
        except csv.Error as error:
            raise DataError(f"{path} is not a valid table: {error}") from error
        read = from_rows(path, rows, hashlib.sha256(content).hexdigest())
    return align(read, model_labels, label_map, absent_ok)


def table_rows(path: Path, text: str) -> Iterator[dict[str, Any]]:
    """One dict a row of a table with a header, or of JSON lines."""
    if path.suffix == ".csv":
        yield from csv.DictReader(io.StringIO(text, newline=""))
    elif path.suffix == ".tsv":
        # Quotes in a TSV are characters of its texts.
        yield from csv.DictReader(text.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
    elif path.suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise DataError(f"{path}, line {number}: not valid JSON: {error}") from error
                if not isinstance(row, dict):
                    raise DataError(f"{path}, line {number}: expected an object, got {line[:80]!r}")
                yield row
    else:
        raise DataError(f"{path}: {FORMATS}")


def from_rows(path: Path, rows: list[dict[str, Any]], sha256: str) -> LabelledTexts:
    if not rows:
        raise DataError(f"{path} has a header but no rows")
    columns = [str(name) for name in rows[0]]
    if TEXT not in columns:
        raise DataError(f"{path}: no column {TEXT!r} among {', '.join(columns)}; {FORMATS}")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row.get(TEXT), str) or None in row or None in row.values():
            raise DataError(f"{path}, row {number}: expected a text and {len(columns)} columns, got {str(row)[:80]}")
    if NAMES in columns:
        named = [names_of(row[NAMES]) for row in rows]
        labels = tuple(sorted({name for names in named for name in names}))
        targets = np.array([[label in names for label in labels] for names in named], np.uint8)
    else:
        labels = tuple(name for name in columns if name not in (TEXT, ID))
        if not labels:
            raise DataError(f"{path}: no labels; {FORMATS}")
        targets = np.array(
            [[flag(path, number, label, row[label]) for label in labels] for number, row in enumerate(rows, 1)]
        )
    ids = [str(row.get(ID, number)) for number, row in enumerate(rows, start=1)]
    texts = [row[TEXT] for row in rows]
    return LabelledTexts(path.name, texts, labels, targets.reshape(len(rows), len(labels)), ids, sha256)


def names_of(value: object) -> list[str]:
    """The label names of a cell, ``"anger, fear"``, or of a JSON list."""
    names = value if isinstance(value, list) else re.split(r"[,;|]", str(value))
    return [str(name).strip() for name in names if str(name).strip()]


def flag(path: Path, number: int, label: str, value: object) -> np.uint8:
    if str(value).strip() not in ("0", "1", "0.0", "1.0", "True", "False"):
        raise DataError(f"{path}, row {number}: expected 0 or 1 for {label}, got {value!r}")
    return np.uint8(str(value).strip() in ("1", "1.0", "True"))


def align(
    data: LabelledTexts, model_labels: Sequence[str], label_map: LabelMap | None, absent_ok: bool
) -> LabelledTexts:
    """The data with its labels in the model's order, or in the map's.

    Raises:
        DataError: labels that the model, or the map, does not have, or the other way round.
    """
    wanted = tuple(label_map.groups) if label_map else tuple(model_labels)
    known = {*wanted, *(label_map.ignored if label_map else ())}
    other = "the label map" if label_map else "the model"
    unknown = [label for label in data.labels if label not in known]
    if unknown:
        hint = "" if label_map else "; a label map (--label-map) says what they stand for"
        raise DataError(f"{data.name}: labels unknown to {other}: {', '.join(unknown)}{hint}")
    missing = [label for label in wanted if label not in data.labels]
    if missing and not absent_ok:
        raise DataError(
            f"{data.name}: the data never has {', '.join(missing)}, labels of {other}: if they apply to none of its "
            "texts say so (--absent-labels-are-negative), if it has other labels give a label map (--label-map)"
        )
    place = {label: column for column, label in enumerate(data.labels)}
    targets = np.zeros((len(data), len(wanted)), np.uint8)
    for column, label in enumerate(wanted):
        if label in place:
            targets[:, column] = data.targets[:, place[label]]
    return LabelledTexts(data.name, data.texts, wanted, targets, data.ids, data.sha256)
