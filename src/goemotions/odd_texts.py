"""Texts that are none, or not as their writers wrote them: counted and said, never changed.

Models read a text as it is: a cell ``nan`` or ``[deleted]`` gets emotions like any other, and counts in every share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from goemotions.entities import FEW, entities_note, has_entities
from goemotions.errors import counted_of

PLACEHOLDERS = frozenset(
    ("[deleted]", "[removed]", "nan", "NaN", "<NA>", "NaT", "NULL", "#N/A", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!")
)
"""What Reddit, pandas, databases and spreadsheets write in place of a text. Not ``None`` and ``n/a``: people write
these too."""
SHOWN = 3


class OddTexts:
    """Counts of texts that more than a few of must not be passed over in silence."""

    def __init__(self) -> None:
        self.texts = self.escaped = self.json = 0
        self.standing = Counter[str]()

    def add(self, texts: Iterable[str]) -> None:
        """Count texts, none of which is blank."""
        for text in texts:
            self.texts += 1
            self.escaped += has_entities(text)
            if text in PLACEHOLDERS:
                self.standing[text] += 1
            elif is_json(text):
                self.json += 1

    def notes(self) -> list[str]:
        """Return what is said of them; nothing of kinds of which there are few or none."""
        found = [entities_note(self.escaped, self.texts)]
        if self.standing.total() > FEW * self.texts:
            which = ", ".join(name for name, _ in self.standing.most_common(SHOWN))
            said = f"in place of a text ({which}), and {{}} scored as it stands: leave such rows out first"
            one, many = said.format("is"), said.format("are").replace("it stands", "they stand")
            found.append(counted_of(self.standing.total(), self.texts, "text", f"stands {one}", f"stand {many}"))
        if self.json > FEW * self.texts:
            said = "JSON, in which the text is a part: take it out first"
            found.append(counted_of(self.json, self.texts, "text", f"is {said}", f"are {said}"))
        return [note for note in found if note]


def is_json(text: str) -> bool:
    """Return True for what looks like objects of JSON."""
    inner = text.strip()
    return inner.startswith(('{"', '[{"')) and inner.endswith(("}", "}]")) and '":' in inner
