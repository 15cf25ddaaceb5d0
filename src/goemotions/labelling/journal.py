"""The journal of a labelling: one JSON object per line, added at its end and brought to the disk before anything else.

The first line says what is labelled and how; each other line is an answer, or figures that were measured. An answer
for a text that has one already replaces it. A line that a crash cut short was never acknowledged, and is removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from goemotions.errors import DataError
from goemotions.evaluation.figures import Figure
from goemotions.files import flush_folder
from goemotions.records import from_json, to_json

FORMAT = 1
CHANGED = {
    "sha256": "another content of the file",
    "text_column": "another text column",
    "labels": "other labels",
    "single": "another choice of --single",
    "order": "another --order",
    "base": "another base model",
    "seed": "another seed",
}


@dataclass(frozen=True)
class Plan:
    """The subject of a labelling, and its way.

    Attributes:
        file: its name, for people.
        sha256: of the file.
        order: the order in which texts are shown.
        seed: of every random choice.
        base: the model that is fitted on.
    """

    file: str
    sha256: str
    text_column: str
    labels: tuple[str, ...]
    single: bool
    order: str
    seed: int
    base: str


@dataclass(frozen=True)
class Answer:
    """The answer for one text.

    Attributes:
        row: the text's number in the file, from 1.
        skipped: no answer was given; labels are empty.
        aside: the text was drawn at random, for figures alone.
    """

    row: int
    labels: tuple[str, ...] = ()
    skipped: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Measured:
    """Figures of a model of the answers so far.

    Attributes:
        answers: that were there.
        left_out: macro F1 of answers left out of fitting, by cross-validation; without those set aside.
        aside: macro F1 of the answers set aside; None while they are too few.
        aside_answers: their number.
    """

    answers: int
    left_out: Figure
    aside: Figure | None
    aside_answers: int


class Journal:
    """A journal, open for writing. Its lock is held by whoever opened it."""

    def __init__(self, path: Path, answers: list[Answer], measured: list[Measured], size: int) -> None:
        self.path = path
        self.answers = answers
        self.measured = measured
        self._size = size
        self._file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))

    @classmethod
    def open(cls, path: Path, plan: Plan) -> Self:
        """Open a journal, or begin one.

        Raises:
            DataError: a journal of something else, or a damaged one.
        """
        if not path.exists() or not path.stat().st_size:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            journal = cls(path, [], [], 0)
            journal._append({"format": FORMAT, **asdict(plan)})
            flush_folder(path.absolute().parent)
            return journal
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines()
        if not lines:  # the very first line was cut short
            path.write_bytes(b"")
            return cls.open(path, plan)
        head, answers, measured = _read(path, lines)
        changed = [words for key, words in CHANGED.items() if to_json(asdict(plan))[key] != head.get(key)]
        if changed:
            raise DataError(
                f"{path} was begun with {', '.join(changed)}: begin a new one by another --output, or ask for the same"
            )
        return cls(path, answers, measured, len(whole))

    def add(self, answer: Answer) -> None:
        """Write an answer and bring it to the disk; only then it counts.

        Raises:
            OSError: it could not be written, and does not count.
        """
        self._append({"answer": to_json(answer)})
        self.answers.append(answer)

    def add_measured(self, measured: Measured) -> None:
        """Write figures."""
        self._append({"measured": to_json(measured)})
        self.measured.append(measured)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _append(self, value: dict[str, Any]) -> None:
        line = json.dumps(value, ensure_ascii=False).encode() + b"\n"
        try:
            os.lseek(self._file, self._size, os.SEEK_SET)
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            os.ftruncate(self._file, self._size + len(line))
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(line)


def latest(answers: Sequence[Answer]) -> dict[int, Answer]:
    """Return the last answer for each row, in the order in which the rows were first answered."""
    found: dict[int, Answer] = {}
    for answer in answers:
        found[answer.row] = answer
    return found


def _read(path: Path, lines: Sequence[bytes]) -> tuple[dict[str, Any], list[Answer], list[Measured]]:
    """Return the first line's content, the answers and the figures.

    Raises:
        DataError: a line that is not as it was written.
    """
    answers: list[Answer] = []
    measured: list[Measured] = []
    head: dict[str, Any] = {}
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
            if number == 1:
                head = value
                if head["format"] > FORMAT:
                    raise DataError(f"{path} is of a newer release of goemotions: install that one")
            elif "answer" in value:
                answers.append(from_json(Answer, value["answer"]))
            elif "measured" in value:
                measured.append(from_json(Measured, value["measured"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(
                f"{path}, line {number} is damaged: {line[:60]!r}; restore the file, or delete it"
            ) from error
    return head, answers, measured
