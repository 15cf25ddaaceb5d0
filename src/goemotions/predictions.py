"""Texts and options in, emotions out: what is a text, what a model gives for it, how it is decided."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from goemotions.errors import AssumptionWarning, TruncatedTextWarning, counted_of
from goemotions.languages import REST, UNKNOWN

if TYPE_CHECKING:
    from goemotions.languages import Languages

LongText = Literal["cut", "windows"]
Threshold = float | Mapping[str, float] | None
Float = TypeVar("Float", np.float32, np.float64)
MISSING = ("None", "nan", "<NA>")  # as columns of frames show them


def warn_of_unread(
    truncated: Sequence[bool] | npt.NDArray[np.bool_], tokens: int | None, languages: str | None, stacklevel: int = 3
) -> None:
    """Warn of what was not read of n texts.

    Args:
        truncated: which texts were longer than the model reads.
        tokens: that it reads of a text; None where that is not to be said.
        languages: what is said of texts in languages that it does not read, if anything.
        stacklevel: of :func:`warnings.warn`; 3 for whoever called the method that calls this.
    """
    cut, reads = int(np.sum(truncated)), f" ({tokens} tokens)" if tokens else ""
    if cut:
        note = "{0} longer than the model reads" + reads + ' and {0} cut; long_text="windows" reads {1} whole'
        one, many = note.format("was", "it"), note.format("were", "them")
        warnings.warn(counted_of(cut, len(truncated), "text", one, many), TruncatedTextWarning, stacklevel)
    if languages:
        warnings.warn(languages, AssumptionWarning, stacklevel)


ALL = "all"
"""The name of thresholds that belong to no language."""


class Thresholds(dict[str, float]):
    """The threshold of every label, with a rule for labels that exclude others.

    Attributes:
        beside: the threshold of a label, such as neutral, in texts that reach the threshold of another label. It is at
            least the label's own, so a text never loses its only label by it.
        by_language: those of texts in some languages, and at :data:`REST` in any other that was found out, where they
            differ.
    """

    def __init__(
        self,
        thresholds: Mapping[str, float],
        beside: Mapping[str, float] | None = None,
        by_language: Mapping[str, Thresholds] | None = None,
    ) -> None:
        super().__init__(thresholds)
        self.beside = dict(beside or {})
        self.by_language = dict(by_language or {})

    def __reduce__(self) -> tuple[type, tuple[dict[str, float], dict[str, float], dict[str, Thresholds]]]:
        return Thresholds, (dict(self), self.beside, self.by_language)

    def __deepcopy__(self, _: object) -> Thresholds:
        return Thresholds(self, self.beside, self.by_language)

    def of(self, language: str | None) -> Thresholds:
        """Return those of texts in a language; None for texts whose language is not known."""
        return self.by_language.get(key_of(self, language), self)


def key_of(thresholds: Mapping[str, float], language: str | None) -> str:
    """Return whose thresholds texts in a language have: a language's, :data:`REST` of the others, or :data:`ALL`."""
    own = thresholds.by_language if isinstance(thresholds, Thresholds) else {}
    if language is None or language in own:
        return language or ALL
    return REST if REST in own and language != UNKNOWN else ALL


class Scored(NamedTuple):
    """Logits of n texts, as an architecture gives them.

    Attributes:
        logits: float32 [n, labels].
        truncated: bool [n], True where the text was longer than the encoder reads and its end was left out.
        languages: the language that each text was taken to be in; None where that was not found out.
    """

    logits: npt.NDArray[np.float32]
    truncated: npt.NDArray[np.bool_]
    languages: Languages | None = None

    def rows(self, rows: slice) -> Scored:
        """Return some of the texts."""
        languages = None if self.languages is None else self.languages[rows]
        return Scored(self.logits[rows], self.truncated[rows], languages)

    @property
    def tags(self) -> list[str | None]:
        """Return the language of each text, None where it was not found out."""
        return [None] * len(self.truncated) if self.languages is None else self.languages.tolist()

    @property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """float32 [n, labels]: see :func:`sigmoid`."""
        return sigmoid(self.logits)


def sigmoid(logits: npt.NDArray[Float]) -> npt.NDArray[Float]:
    """Return each label's own sigmoid, for a text may have none, one or several. *Shape:* float [n, labels] twice."""
    # exp(-|x|) cannot overflow, whichever sign x has.
    decay = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1, decay) / (1 + decay)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class PredictOptions:
    """Options by which texts are read and decided; fields as in :meth:`goemotions.EmotionClassifier.predict`.

    Attributes:
        all_scores: show every label's probability beside the emotions.
        explain: show the words that decide beside the emotions.
        show_language: show the language of each text, which model answered and whose thresholds decided.
    """

    threshold: Threshold = None
    top_k: int | None = None
    reliable_only: bool = False
    long_text: LongText = "cut"
    all_scores: bool = False
    explain: bool = False
    show_language: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the options for a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class Prediction:
    """Emotions of one text.

    Attributes:
        emotions: label to probability, 4 decimals, highest first, of the labels that reach their thresholds.
        truncated: True where the text was longer than the model reads and its end was left out.
        scores: the probability of every label, float32 [labels].
        language: what the text was taken to be in, as a BCP 47 tag; None where that was not found out.
        model: the name of the model that answered.
        thresholds: whose decided: a language, :data:`REST` of the others, or :data:`ALL`.
    """

    emotions: dict[str, float]
    truncated: bool
    scores: npt.NDArray[np.float32]
    language: str | None = None
    model: str = ""
    thresholds: str = ALL


def predictions_of(
    scored: Scored,
    thresholds: Mapping[str, float],
    *,
    texts: Sequence[str] | None = None,
    left_out: Collection[str] = (),
    top_k: int | None = None,
    model_of: Callable[[str | None], str] = str,
) -> list[Prediction]:
    """Decide n texts.

    Args:
        texts: what was scored; those that are blank (:func:`is_blank`) have no emotions. None for texts that are not.
        thresholds: of every label, in the order of the logits.
        left_out: labels that are never given.
        top_k: at most so many emotions per text.
        model_of: gives the name of the model that answered, from the text's language.

    Raises:
        TypeError, ValueError: ``top_k`` that is no whole number, or below 1.
    """
    probabilities = scored.probabilities
    given = select(probabilities, thresholds, texts=texts, left_out=left_out, top_k=top_k, languages=scored.languages)
    rows = zip(given, scored.truncated.tolist(), probabilities, scored.tags, strict=True)
    return [Prediction(*row, model_of(row[-1]), key_of(thresholds, row[-1])) for row in rows]


def select(
    probabilities: npt.NDArray[np.float32],
    thresholds: Mapping[str, float],
    *,
    texts: Sequence[str] | None = None,
    left_out: Collection[str] = (),
    top_k: int | None = None,
    languages: Languages | None = None,
) -> list[dict[str, float]]:
    """Return the emotions in ``probabilities`` [n, labels]; arguments and errors as :func:`predictions_of`."""
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, (int, np.integer))):
        raise TypeError(f"top_k must be a whole number of at least 1, got {top_k!r:.80} ({type(top_k).__name__})")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
    labels = list(thresholds)
    given = accepted(probabilities, thresholds, languages=languages)
    given &= [label not in left_out for label in labels]
    if texts is not None:
        given[[row for row, text in enumerate(texts) if is_blank(text)]] = False
    found: list[dict[str, float]] = [{} for _ in probabilities]
    rows, columns = np.nonzero(given)
    values = probabilities[rows, columns]
    order = np.lexsort((-values, rows))  # by text, highest first; equal ones stay in the order of labels
    for row, column, value in zip(*(part[order].tolist() for part in (rows, columns, values)), strict=True):
        if top_k is None or len(found[row]) < top_k:
            found[row][labels[column]] = round(value, 4)
    return found


def accepted(
    probabilities: npt.NDArray[np.float32],
    thresholds: Mapping[str, float],
    one: bool = False,
    languages: Languages | None = None,
) -> npt.NDArray[np.bool_]:
    """Return where a text is given a label, bool [n, labels]; of :class:`Thresholds`, with their rule.

    Args:
        one: accept no more than each row's highest, the first of equal ones.
        languages: of the texts, for thresholds that some languages have of their own.
    """
    if languages is not None and isinstance(thresholds, Thresholds) and thresholds.by_language:
        apart = np.zeros(probabilities.shape, np.bool_)
        for tag in np.unique(languages):
            rows = languages == tag
            own = thresholds.of(str(tag))
            apart[rows] = accepted(probabilities[rows], Thresholds(own, own.beside), one)
        return apart
    found = reached(probabilities, list(thresholds.values()))
    if one:
        found &= probabilities.argmax(1)[:, None] == np.arange(probabilities.shape[1])
    for label, cut in (thresholds.beside if isinstance(thresholds, Thresholds) else {}).items():
        column = list(thresholds).index(label)
        others = np.delete(found, column, axis=1).any(1)
        found[:, column] &= ~others | (probabilities[:, column] >= np.float32(cut))
    return found


def reached(probabilities: npt.NDArray[np.float32], cuts: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Return where a probability reaches its label's threshold, bool [n, labels]; compared in float32, as both are."""
    return np.asarray(probabilities >= np.asarray(cuts, dtype=np.float32))


def read_windows(long_text: str) -> bool:
    """Return True for ``"windows"``.

    Raises:
        ValueError: neither ``"cut"`` nor ``"windows"``.
    """
    if long_text not in ("cut", "windows"):
        raise ValueError(f'long_text must be "cut" or "windows", got {long_text!r}')
    return long_text == "windows"


def is_blank(text: str) -> bool:
    """Return True for a text that is empty or only white space: it expresses nothing, and has no emotions."""
    return not text.strip()


def check_texts(texts: Iterable[str]) -> list[str]:
    """Return ``texts`` as a list of str.

    Raises:
        TypeError: a bare str or bytes, a set, something that cannot be iterated over, or an element that is not a str.
    """
    kind = type(texts).__name__
    if isinstance(texts, (set, frozenset)):
        raise TypeError(f"texts must be a list of str, got a {kind}, which has no order for answers: make a list of it")
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"texts must be a list of str, got a bare {kind}: put it in a list, [text]")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):  # a frame or a dict would give its column names
        raise TypeError(
            f'texts must be a list of str, got a {kind}: give one of its columns, frame["text"], or let '
            'annotate(frame, "text") add the emotions to it'
        )
    try:
        checked = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)  # Arrow's elements are no str
    except TypeError:
        raise TypeError(f"texts must be a list of str, got {kind}") from None
    for index, text in enumerate(checked):
        if not isinstance(text, str):
            hint = ': leave missing values out, or put "" in their place' if repr(text) in MISSING else ""
            raise TypeError(f"texts[{index}] must be a str, got {text!r:.80} ({type(text).__name__}){hint}")
    return checked
