"""Labelled texts of any source, read for evaluation and tuning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import Split, read_split
from goemotions.data.tables import WITHOUT_TEXT, Columns, as_number, assume, read_table
from goemotions.errors import DataError, counted
from goemotions.evaluation.label_groups import LabelMap
from goemotions.labels import LABELS
from goemotions.tables.compression import Stream, plain_name
from goemotions.tables.encoding import find_encoding
from goemotions.tables.formats import endings, input_files, open_table
from goemotions.tables.several import is_several
from goemotions.tables.source import ReadOptions, Source

FORMATS = (
    "expected an official GoEmotions TSV (text, label ids, comment id; no header), or a CSV, TSV, JSON lines "
    "or Parquet file with a column text and either a column labels (names, separated) or a 0/1 column per label; "
    "--text-column, --labels-column and --label-columns name other ones"
)
ID = "id"


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
    path: Path,
    model_labels: Sequence[str],
    label_map: LabelMap | None = None,
    absent_ok: bool = False,
    reading: ReadOptions | None = None,
    columns: Columns | None = None,
) -> LabelledTexts:
    """Read a file, and check that its labels can be compared with the model's.

    Args:
        label_map: from the data's labels to the model's; the result then has the map's labels.
        absent_ok: a label that the data never names is taken to apply to no text, instead of being an error.
        reading: what is said of the file, instead of being found out.
        columns: which columns hold what; other ones than the usual mean that the file is no official one.

    Raises:
        DataError: no such file, an empty one, no known format, or labels that are missing from the data or unknown to
            the model, named.
    """
    several = is_several(path)
    if not several and not path.is_file():
        raise DataError(f"no file {path}: {FORMATS}")
    if plain_name(path).suffix.lower() not in endings():
        raise DataError(f"{path}: {FORMATS}")
    with Stream(input_files(path)[0]) as stream:
        if not any(line.strip() for line in stream.plain):
            raise DataError(f"{path} is empty: {FORMATS}")
    columns, reading = columns or Columns(), reading or ReadOptions()
    usual = (columns, reading) == (Columns(), ReadOptions())
    if path.suffix.lower() == ".tsv" and usual and not several and is_official(path):
        split, labels = read_split(path), LABELS
    else:
        split, labels = read_columns(path, columns, reading)
    read = LabelledTexts(path.name, split.texts, labels, split.targets, split.ids, split.sha256)
    return align(read, model_labels, label_map, absent_ok)


def is_official(path: Path) -> bool:
    """Return True if a TSV file has no header with a column of texts, as the official ones have none."""
    text = Columns().text
    encoding = find_encoding(Source(path), text)
    with path.open("rb") as stream:
        names = stream.read(1 << 16)[len(encoding.mark) :].decode(encoding.codec, "replace").split("\n", 1)[0]
    return text not in [name.strip('"') for name in re.split(r"[\t,;|]", names.rstrip("\r"))]


def read_columns(path: Path, columns: Columns, reading: ReadOptions | None = None) -> tuple[Split, tuple[str, ...]]:
    """Return the rows of a table with a header, and the labels of their targets.

    Raises:
        DataError: no rows, no labels, or cells that are none.
    """
    there = open_table(path, columns.text, reading).columns
    each = columns.each
    if not each and columns.labels == Columns().labels and columns.labels not in there:
        each = tuple(name for name in there if name not in (columns.text, ID))
        if columns.text in there and not each:
            raise DataError(f"{path}: no labels; {FORMATS}")
    table = read_table(path, replace(columns, each=each, id=ID if ID in there else None), reading)
    if table.without_text:
        assume(f"{path.name}: {counted(table.without_text, *WITHOUT_TEXT)}")
    if not table.texts:
        raise DataError(f"{path} has a header but no rows")
    found = {label for labels in table.labels for label in labels}
    if found and all(as_number(label) >= 0 for label in found):
        assume(f"{path.name}: labels by number are read as those of GoEmotions")
        return table.split(LABELS), LABELS
    labels = each or tuple(sorted(map(str, found)))
    return table.split(labels), labels


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
        shown = [f"{label} (is it {same}?)" if (same := label.strip().lower()) in known else label for label in unknown]
        raise DataError(f"{data.name}: labels unknown to {other}: {', '.join(shown)}{hint}")
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
