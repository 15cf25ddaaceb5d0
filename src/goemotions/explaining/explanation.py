"""Explanations as data: the words of a text, what each adds to each label, and phrases whose words act together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goemotions.explaining.words import Span

DECIMALS = 4  # of effects in JSON
SHOWN = 3  # labels where an explanation is printed


@dataclass(frozen=True)
class Reason:
    """A word or a phrase of a text, and what it adds to a label.

    Attributes:
        text: as it stands in the text, from ``start`` to ``end``.
        effect: in log odds; below 0 it speaks against the label.
    """

    text: str
    start: int
    end: int
    effect: float


@dataclass(frozen=True)
class Phrase:
    """Neighbouring words that act together: left out at once they change the answer otherwise than one by one.

    Attributes:
        text: as it stands in the text.
        first, last: the numbers of its first and its last word.
        effects: label to what the whole phrase adds to it, in log odds.
    """

    text: str
    first: int
    last: int
    effects: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """Words of one text and what each adds to each label: the label's log odds less those of the text without the word.

    Above 0 the word speaks for the label, below 0 against it. Log odds of 0.7 double the odds, 2.3 make them ten times
    as high.

    Attributes:
        words: as they stand in the text: words, emoji, and signs such as ``!``; single commas, full stops, quotation
            marks and brackets are none. Of a text longer than the model reads, the words that it reads.
        positions: of each word, where it begins and ends: ``text[start:end]``.
        effects: label to one number per word, in log odds.
        phrases: neighbouring words whose effect together is not the sum of theirs.
        truncated: True where the text was longer than the model reads.
    """

    words: tuple[str, ...]
    positions: tuple[Span, ...]
    effects: dict[str, list[float]]
    phrases: tuple[Phrase, ...]
    truncated: bool

    def __repr__(self) -> str:
        """Return the labels for which most speaks, each with its strongest word, instead of all numbers."""
        if not self.words:
            return "<Explanation of no words>"
        first = {label: self.strongest(label, 1)[0] for label in self.effects}
        most = sorted(first, key=lambda label: -first[label].effect)[:SHOWN]
        shown = ", ".join(f"{label} ({first[label].text} {first[label].effect:+.2f})" for label in most)
        count = "1 word" if len(self.words) == 1 else f"{len(self.words)} words"
        return f"<Explanation of {count}: {shown}>"

    def strongest(self, label: str, most: int) -> list[Reason]:
        """Return the words that add most to a label or take most from it, strongest first; a phrase for its words."""
        inside = {word for phrase in self.phrases for word in range(phrase.first, phrase.last + 1)}
        found = [
            Reason(self.words[word], *self.positions[word], effect)
            for word, effect in enumerate(self.effects[label])
            if word not in inside
        ]
        found += [
            Reason(
                phrase.text,
                self.positions[phrase.first].start,
                self.positions[phrase.last].end,
                phrase.effects[label],
            )
            for phrase in self.phrases
        ]
        return sorted(found, key=lambda reason: -abs(reason.effect))[:most]

    def as_json(self, labels: Sequence[str] | None = None) -> dict[str, Any]:
        """Return the explanation for JSON, effects of 4 decimals; only of ``labels``, if they are given."""
        chosen = self.effects if labels is None else labels
        return {
            "words": [
                {"word": word, "start": span.start, "end": span.end}
                for word, span in zip(self.words, self.positions, strict=True)
            ],
            "effects": {label: [round(effect, DECIMALS) for effect in self.effects[label]] for label in chosen},
            "phrases": [
                {
                    "phrase": phrase.text,
                    "first": phrase.first,
                    "last": phrase.last,
                    "effects": rounded(phrase.effects, chosen),
                }
                for phrase in self.phrases
            ],
        }


def rounded(effects: Mapping[str, float], labels: Sequence[str] | Mapping[str, Any]) -> dict[str, float]:
    """Return some labels' effects with 4 decimals."""
    return {label: round(effects[label], DECIMALS) for label in labels}
