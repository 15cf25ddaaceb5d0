"""Answers as files: a table that ``goemotions fit`` and spreadsheets read, and tasks of Label Studio."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from goemotions.estimation.extra_columns import CHOSEN, ROW
from goemotions.labelling.journal import Answer
from goemotions.labelling.order import Order
from goemotions.labelling.texts import Texts

ASIDE = "set aside"
PARTS = {Order.random: "random", Order.uncertain: CHOSEN, Order.given: "as given"}
"""The column ``part``: how a text that is not set aside came to be shown."""
SEPARATOR = ","
MARK = "\ufeff"
"""The mark of UTF-8 at a file's beginning: without it Excel takes the system's old encoding."""


def as_csv(texts: Texts, answers: Mapping[int, Answer], order: Order) -> bytes:
    """Return the answered texts as CSV, in the order of the file: its columns, then labels; without those skipped."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    numbered = ROW in texts.columns
    writer.writerow([*([] if numbered else [ROW]), *texts.columns, *texts.added[-2:]])
    for number, cells in zip(texts.rows, texts.cells, strict=True):
        answer = answers.get(number)
        if answer is not None and not answer.skipped:
            labels, part = SEPARATOR.join(answer.labels), part_of(answer, order)
            writer.writerow([*([] if numbered else [number]), *cells, labels, part])
    return (MARK + stream.getvalue()).encode("utf-8", "replace")


def as_label_studio(texts: Texts, answers: Mapping[int, Answer], order: Order) -> bytes:
    """Return the answered and skipped texts as tasks with annotations, which Label Studio imports.

    They are for an interface with a ``Text`` named ``text`` and ``Choices`` named ``labels``.
    """
    tasks = []
    for number, cells in zip(texts.rows, texts.cells, strict=True):
        answer = answers.get(number)
        if answer is None:
            continue
        choices = {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": [*answer.labels]}}
        annotation = {"result": [choices] if answer.labels else [], "was_cancelled": answer.skipped}
        data = {ROW: str(number), **dict(zip(texts.columns, cells, strict=True)), "text": cells[texts.text_column]}
        meta = {"part": part_of(answer, order)}
        tasks.append({"id": number, "data": data, "annotations": [annotation], "meta": meta})
    return (json.dumps(tasks, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def part_of(answer: Answer, order: Order) -> str:
    """Return how an answered text came to be shown."""
    return ASIDE if answer.aside else PARTS[order]
