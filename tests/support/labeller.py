"""A person at the labelling page, as a program: it knows the answers, and speaks HTTP as the page does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from own_rows import LABELS, own_rows
from running import Server

TEXTS, ROWS = own_rows(70)
TRUTH = dict(zip(TEXTS, ROWS, strict=True))
NAMES = ",".join(LABELS)


def write_texts(path: Path, texts: Sequence[str] = TEXTS) -> Path:
    """Write a CSV file with an id and a text in each row."""
    path.write_text(
        "id,text\n" + "".join(f'{i},"{text}"\n' for i, text in enumerate(texts, start=100)), encoding="utf-8"
    )
    return path


class Labeller:
    """Answers texts; ``state`` is what the server said last."""

    def __init__(self, server: Server, truth: Mapping[str, list[str]] = TRUTH, by_force: bool = False) -> None:
        self._server = server
        self._truth = truth
        self.state: dict[str, Any] = {"token": ""}
        said = server.post("/open", {"token": "", "by_force": by_force})
        assert said.status == 200, said.body
        self.state = said.json
        self.token = said.json["token"]

    @property
    def row(self) -> int:
        return int(self.state["at_hand"]["row"])

    def send(self, path: str, **content: object) -> int:
        """Send something, and return the status; the state follows."""
        said = self._server.post(path, {"token": self.token, **content})
        if said.status == 200:
            self.state = said.json
        return said.status

    def answer(self) -> int:
        """Give the right answer for the text at hand, and return its row."""
        row = self.row
        assert self.send("/answer", row=row, labels=self._truth[self.state["at_hand"]["text"]]) == 200
        return row
