"""Options that several commands share."""

from __future__ import annotations

import enum
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.errors import MissingExtraError
from goemotions.tables.table import Layout

if TYPE_CHECKING:
    from goemotions.grouping import Grouping

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A shipped model, a model directory or a hub id org/name[@revision].",
        show_default="compact",
    ),
]
Device = Annotated[str, typer.Option(help="Where to compute: auto, cpu or cuda.")]
Threads = Annotated[int | None, typer.Option(min=1, help="The number of CPU threads.", show_default="one per core")]
BatchSize = Annotated[
    int | None,
    typer.Option(min=1, help="The number of texts that are computed together.", show_default="the model's choice"),
]
Backbone = Annotated[
    str | None,
    typer.Option(
        help="The base of an LLM model: a folder, a .gguf file or a hub id org/name[@revision].",
        show_default="the one it names, from the hub's cache",
    ),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="Its sentence encoder: compact (or a model directory), for its states; use-v4, use-multilingual-v3, or "
        "the folder or https address of a SavedModel, which is a program and runs as you: name only one you trust.",
        show_default="the one it was trained on",
    ),
]
AllowOtherEncoder = Annotated[
    bool, typer.Option("--allow-other-encoder", help="Take an encoder that the model was not trained on.")
]
MaxMemory = Annotated[
    str | None, typer.Option(help="The memory that an LLM model may take, such as 4GB.", show_default="what is free")
]


Threshold = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        "-t",
        help="A threshold: 0.4 for every label, or label=0.8 for one. May be repeated.",
        show_default="the model's own",
    ),
]
TopK = Annotated[int | None, typer.Option(min=1, help="The most emotions that a text is given.")]
AllScores = Annotated[bool, typer.Option("--all-scores", help="Give the probability of every label too.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Give the words that decide too: what each adds to an emotion, in log odds.")
]
ShowLanguage = Annotated[
    bool,
    typer.Option(
        "--show-language",
        help='Give the language of each text too, the model that answered, and whose thresholds (extra "languages").',
    ),
]
ReliableOnly = Annotated[
    bool, typer.Option("--reliable-only", help="Leave out labels that are too rare to be sure of.")
]
TextColumn = Annotated[str, typer.Option(help="The input's column with the texts.")]
Delimiter = Annotated[
    str | None,
    typer.Option(
        help="The character between the cells of a CSV or TSV file; tab for tabs.", show_default="the one it has"
    ),
]
TextEncoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", help="The encoding of a text file, such as windows-1252 or utf-16.", show_default="the one it has"
    ),
]
Sheet = Annotated[str | None, typer.Option(help="The sheet of a workbook.", show_default="its first")]
Query = Annotated[
    str | None,
    typer.Option(help="The SQL whose rows are read from an SQLite file or a database.", show_default="its only table"),
]
Columns = Annotated[
    Layout,
    typer.Option(
        "--columns",
        help="nested: one column with lists. wide: columns of emotions, scores and a 0 or 1 for each label. long: a "
        "row per text and emotion.",
    ),
]
Prefix = Annotated[str, typer.Option(help="A beginning for the names of the new columns.", show_default="none")]
NoHeader = Annotated[
    bool,
    typer.Option("--no-header", help="A CSV or TSV file has no line of names: its columns are column_1, column_2, …"),
]


class Precision(enum.StrEnum):
    """Precision of the matrix products of an LLM model."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


Precisions = Annotated[Precision, typer.Option(help="The precision of the matrix products of an LLM model.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


class Period(enum.StrEnum):
    """A period of time by which rows are counted."""

    day = "day"
    month = "month"
    year = "year"


class TimeUnit(enum.StrEnum):
    """A unit of numbers that count since 1970."""

    s = "s"
    ms = "ms"
    us = "us"
    ns = "ns"


TimeUnits = Annotated[
    TimeUnit | None, typer.Option(help="What the numbers of the time column count since 1970, if it holds numbers.")
]
MonthFirst = Annotated[
    bool | None,
    typer.Option(
        "--month-first/--day-first",
        help="What is first in dates with slashes: the month, as in 3/31/2026, or the day, as in 31/3/2026.",
        show_default="no such date is read",
    ),
]


class LongText(enum.StrEnum):
    """Ways to treat a text longer than the model reads."""

    cut = "cut"
    windows = "windows"


LongTexts = Annotated[
    LongText, typer.Option(help="What to do with a text that is too long: cut it, or read it in windows.")
]


def parse_amount(text: str | None) -> int | None:
    """Bytes of ``"4GB"``, ``"512 MB"``, ``"4GiB"`` or a plain number.

    Raises:
        ValueError: something else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", text, re.IGNORECASE)
    if match is None:
        raise ValueError(f"expected an amount of memory such as 4GB or 4GiB, got {text!r}")
    power = " KMGT".index(match[2].upper() or " ")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** power)


class VectorFormat(enum.StrEnum):
    """Formats of numbers in the embedding cache."""

    float32 = "float32"
    float16 = "float16"


def parse_thresholds(values: list[str] | None) -> tuple[float | None, dict[str, float]]:
    """``0.4`` is for every label, ``grief=0.8`` for one and wins over it; both may be given.

    Raises:
        ValueError: a value that is no number.
    """
    every: float | None = None
    single: dict[str, float] = {}
    for value in values or []:
        label, separator, number = value.rpartition("=")
        try:
            parsed = float(number)
        except ValueError:
            raise ValueError(f"--threshold {value!r}: expected a number or label=number, as 0.5 or joy=0.5") from None
        if separator:
            single[label.strip()] = parsed
        else:
            every = parsed
    return every, single


def grouping(
    by: str | None,
    time: str | None,
    period: Period,
    unit: TimeUnit | None,
    month_first: bool | None,
    option: str,
) -> Grouping:
    """Return what the command line says of groups and periods.

    Args:
        option: the one that names the column of times.

    Raises:
        ValueError: an option about times without a column of times.
    """
    from goemotions.grouping import Grouping

    if time is None and unit is not None:
        raise ValueError(f"--time-unit goes with {option}")
    if time is None and month_first is not None:
        raise ValueError(f"--{'month' if month_first else 'day'}-first goes with {option}")
    return Grouping(by, time, period.value, unit and unit.value, month_first)


def require_report(what: str) -> None:
    """Check that the libraries for reports are there.

    Raises:
        MissingExtraError: what the extra "report" brings is not there.
    """
    if any(find_spec(name) is None for name in ("matplotlib", "scipy", "sklearn", "yaml")):
        raise MissingExtraError(what, "report")
