"""Leave out each word of many texts, and the words that may act together; have all variants scored in full batches.

Nothing here computes a score: :func:`steps` yields texts and is sent their scores, so that the library answers at once
and a server through its queue.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from goemotions.errors import nearest
from goemotions.explaining.explanation import Explanation, Phrase
from goemotions.explaining.words import Span, without, words_of
from goemotions.predictions import Scored, is_blank

Floats = npt.NDArray[np.float32]
Steps = Generator[list[str], Scored, list[Explanation]]

VARIANTS = 8192  # made and scored at a time: bounds memory, and more would not fill batches better
CHARACTERS = 16_000_000  # of variants made at a time, for texts of any length
FEW_WORDS = 64  # of a text too long for the model: the first guess at how many it reads

REACH = 3
"""Words that may act together are at most so many apart: "not really so happy"."""

WORDS_PER_PHRASE = 10
"""One phrase is tried for so many words of a text."""

STRONG = 1.0
"""Log odds of both words at the ends of a phrase that is tried."""

TOGETHER = 0.5
"""Log odds by which a phrase's effect must differ from its words' sum, for one of the labels looked at."""

LOOKED_AT = 3
"""Labels by which phrases are found where none are asked for: the text's most probable."""


@dataclass
class Parts:
    """One text on its way.

    Attributes:
        spans: the words that are left out.
        base: logits of the text, or of the part of it that the model reads.
        left_out: logits of the text without each word, float32 [words, labels].
        phrases: those whose words act together: first and last word, and what they add to each label.
    """

    text: str
    spans: list[Span]
    base: Floats
    truncated: bool
    left_out: Floats = field(init=False)
    phrases: list[tuple[int, int, Floats]] = field(default_factory=list)

    @property
    def effects(self) -> Floats:
        """Return what each word adds, float32 [words, labels]."""
        return self.base - self.left_out


@dataclass(frozen=True)
class Explained:
    """Explanations of some texts, in order."""

    texts: list[Explanation]


def explain(
    score: Callable[[list[str]], Scored], texts: Sequence[str], labels: Sequence[str], chosen: Iterable[str] | None
) -> list[Explanation]:
    """Return an explanation per text.

    Args:
        score: gives the logits of texts.
        labels: the model's, in the order of logits.
        chosen: the labels to explain; None for all.

    Raises:
        TypeError, ValueError: see :func:`chosen_labels`.
    """
    wanted = chosen_labels(chosen, labels)
    found: list[Explanation] = []
    for block in blocks(texts):
        asked = steps(block, labels, wanted)
        now = advance(asked, None)
        while not isinstance(now, Explained):
            now = advance(asked, score(now))
        found += now.texts
    return found


def advance(asked: Steps, scored: Scored | None) -> list[str] | Explained:
    """Return the next texts to score, or what they were asked for; the first time there are no scores yet."""
    try:
        return next(asked) if scored is None else asked.send(scored)
    except StopIteration as done:
        return Explained(done.value)


def chosen_labels(chosen: Iterable[str] | None, labels: Sequence[str]) -> list[str] | None:
    """Return the labels to explain, checked; None for all.

    Raises:
        TypeError: a bare str, or something that is no str.
        ValueError: labels that the model does not have.
    """
    if chosen is None:
        return None
    if isinstance(chosen, str):
        raise TypeError(f"labels must be a list of str, got a bare str: put it in a list, [{chosen!r}]")
    wanted = list(dict.fromkeys(chosen))
    wrong = next((label for label in wanted if not isinstance(label, str)), None)
    if wrong is not None:
        raise TypeError(f"labels must be a list of str, got {wrong!r} among them")
    unknown = [label for label in wanted if label not in labels]
    if unknown:
        hint = nearest(unknown[0], labels)
        raise ValueError(f"the model has no label {', '.join(map(repr, unknown))}{hint}; it has {', '.join(labels)}")
    return wanted


def blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts, so many at a time that their variants fill batches."""
    block: list[str] = []
    variants = 0
    for text in texts:
        block.append(text)
        variants += min(len(words_of(text[: FEW_WORDS * 16])), FEW_WORDS) + 1
        if variants >= VARIANTS:
            yield block
            block, variants = [], 0
    if block:
        yield block


def steps(texts: Sequence[str], labels: Sequence[str], wanted: Sequence[str] | None) -> Steps:
    """Yield lists of texts, each to be answered with their scores; return an explanation per text."""
    blank = Parts("", [], np.zeros(len(labels), dtype=np.float32), False)
    blank.left_out = np.zeros((0, len(labels)), dtype=np.float32)
    columns = None if wanted is None else [labels.index(label) for label in wanted]
    unique = list(dict.fromkeys(text for text in texts if not is_blank(text)))
    parts = dict.fromkeys(texts, blank)
    if unique:
        scored = yield unique
        for row, text in enumerate(unique):
            truncated = bool(scored.truncated[row])
            parts[text] = Parts(text, words_of(text), scored.logits[row], truncated)
        yield from shortened([parts[text] for text in unique if parts[text].truncated])
        yield from without_words([parts[text] for text in unique])
        yield from add_phrases([parts[text] for text in unique], columns)
    found = {text: explanation(part, labels, columns) for text, part in parts.items()}
    return [found[text] for text in texts]


def shortened(parts: Sequence[Parts]) -> Generator[list[str], Scored, None]:
    """Shorten texts to the words that the model reads, so that leaving one out brings no other one in."""
    low = dict.fromkeys(range(len(parts)), 1)
    high = {row: min(FEW_WORDS, len(part.spans)) for row, part in enumerate(parts)}
    known: dict[int, bool] = dict.fromkeys(low, False)
    while open_rows := [row for row in low if low[row] < high[row]]:
        middle = {row: (low[row] + high[row] + 1) // 2 if known[row] else high[row] for row in open_rows}
        scored = yield [up_to(parts[row], middle[row]) for row in open_rows]
        for row, cut in zip(open_rows, scored.truncated.tolist(), strict=True):
            if cut:
                high[row], known[row] = middle[row] - 1, True
            elif known[row]:
                low[row] = middle[row]
            else:
                low[row] = middle[row]
                high[row] = min(2 * middle[row], len(parts[row].spans))
                known[row] = high[row] == len(parts[row].spans)
    if parts:
        for row, part in enumerate(parts):
            part.text, part.spans = up_to(part, low[row]), part.spans[: low[row]]
        scored = yield [part.text for part in parts]
        for part, logits in zip(parts, scored.logits, strict=True):
            part.base = logits


def up_to(part: Parts, words: int) -> str:
    """Return a text up to the end of its so many first words."""
    return part.text[: part.spans[words - 1].end]


def without_words(parts: Sequence[Parts]) -> Generator[list[str], Scored, None]:
    """Fill in the logits without each word, some variants at a time. Those that are the same are scored once."""
    rows: dict[str, int] = {}
    places: list[tuple[Parts, int, int]] = []
    characters = 0
    for part in parts:
        part.left_out = np.empty((len(part.spans), len(part.base)), dtype=np.float32)
        for word, span in enumerate(part.spans):
            variant = without(part.text, span.start, span.end)
            places.append((part, word, rows.setdefault(variant, len(rows))))
            characters += len(variant)
            if len(rows) >= VARIANTS or characters >= CHARACTERS:
                fill(places, (yield list(rows)))
                rows, places, characters = {}, [], 0
    if rows:
        fill(places, (yield list(rows)))


def fill(places: Sequence[tuple[Parts, int, int]], scored: Scored) -> None:
    """Put logits where they belong: each place is a text, a word of it, and the row of the logits without the word."""
    for part, word, row in places:
        part.left_out[word] = scored.logits[row]


def add_phrases(parts: Sequence[Parts], columns: Sequence[int] | None) -> Generator[list[str], Scored, None]:
    """Find the phrases whose words act together."""
    tried: list[tuple[Parts, int, int, list[int]]] = []
    for part in parts:
        looked_at = list(columns) if columns is not None else np.argsort(-part.base)[:LOOKED_AT].tolist()
        tried += [(part, first, last, looked_at) for first, last in likely_phrases(part.effects[:, looked_at])]
    if tried:
        spans = ((part.text, part.spans[first].start, part.spans[last].end) for part, first, last, _ in tried)
        scored = yield [without(*span) for span in spans]
        for (part, first, last, looked_at), logits in zip(tried, scored.logits, strict=True):
            joint = part.base - logits
            alone = part.effects[first : last + 1].sum(0)
            if np.abs(joint - alone)[looked_at].max() >= TOGETHER:
                part.phrases.append((first, last, joint))


def likely_phrases(effects: Floats) -> list[tuple[int, int]]:
    """Return the first and last words of phrases worth trying: strong words close to each other, none in two phrases.

    Args:
        effects: float32 [words, labels], of the labels that are looked at.
    """
    if not effects.size:
        return []
    strength = np.abs(effects).max(1)
    pairs = [
        (min(strength[first], strength[last]), first, last)
        for first in np.flatnonzero(strength >= STRONG).tolist()
        for last in range(first + 1, min(first + REACH + 1, len(strength)))
        if strength[last] >= STRONG
    ]
    chosen: list[tuple[int, int]] = []
    for _, first, last in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if len(chosen) * WORDS_PER_PHRASE >= len(strength):
            break
        if all(last < start or first > end for start, end in chosen):
            chosen.append((first, last))
    return sorted(chosen)


def explanation(part: Parts, labels: Sequence[str], columns: Sequence[int] | None) -> Explanation:
    """Return what was found out about one text."""
    chosen = range(len(labels)) if columns is None else columns
    effects = part.effects.T.tolist()
    return Explanation(
        tuple(part.text[span.start : span.end] for span in part.spans),
        tuple(part.spans),
        {labels[column]: effects[column] for column in chosen},
        tuple(
            Phrase(
                part.text[part.spans[first].start : part.spans[last].end],
                first,
                last,
                {labels[column]: float(adds[column]) for column in chosen},
            )
            for first, last, adds in part.phrases
        ),
        part.truncated,
    )
