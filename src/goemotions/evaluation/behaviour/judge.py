"""Judge a model's answers to the behavioural cases, and count what passed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from goemotions.errors import ModelError
from goemotions.evaluation.behaviour.cases import Case, Suite, read_suite
from goemotions.evaluation.figures import Figure
from goemotions.labels import LABELS, NEUTRAL
from goemotions.predictions import select

if TYPE_CHECKING:
    from goemotions.classifier import EmotionClassifier

FORMAT = 1
SURE = 0.8
"""From this probability on, a label that must not be given is "sure and wrong"."""
LEVEL = 0.95


@dataclass(frozen=True)
class Answer:
    """The answer of a model to one text.

    Attributes:
        labels: those given, the likeliest first; none counts as neutral.
        probabilities: float [28], in the order of :data:`goemotions.labels.LABELS`; None where there are none, as of a
            lexicon.
    """

    labels: tuple[str, ...]
    probabilities: npt.NDArray[np.float32] | None

    @property
    def meaning(self) -> frozenset[str]:
        """The labels given, or neutral where there are none."""
        return frozenset(self.labels) or frozenset({NEUTRAL})


@dataclass(frozen=True)
class Verdict:
    """One case and how it went.

    Attributes:
        given: the labels of the answer; ``given_other`` those of a pair's second text.
        sure: of a single text, the labels that must not be given and have a probability of at least :data:`SURE`.
        change: of a pair, the largest difference between the two probabilities of a label.
        Both are None where they do not apply, or where there are no probabilities.
    """

    id: str
    text: str
    other: str | None
    passed: bool
    given: tuple[str, ...]
    given_other: tuple[str, ...] | None
    must: tuple[tuple[str, ...], ...]
    must_not: tuple[str, ...]
    sure: tuple[str, ...] | None
    change: float | None


@dataclass(frozen=True)
class KindFigures:
    """Cases of one kind, or of several.

    Attributes:
        passed: their number; ``share`` is that of all ``cases``, with its Wilson interval.
        sure_and_wrong: cases in which a label that must not be given has a probability of at least :data:`SURE`.
        change: the mean of :attr:`Verdict.change`.
        The last two are None unless they apply to all of the cases.
    """

    cases: int
    passed: int
    share: Figure
    sure_and_wrong: int | None
    change: float | None


@dataclass(frozen=True)
class BehaviourReport:
    """Figures of a model on the whole suite.

    Attributes:
        suite: SHA-256 of the cases; only figures on the same cases can be compared.
        overall: of all cases.
        families: of the kinds that share a first word, where several do.
        kinds: of each kind, in the order of the cases.
        failed: the cases that did not pass.
    """

    format: int
    model: str
    suite: str
    overall: KindFigures
    families: dict[str, KindFigures]
    kinds: dict[str, KindFigures]
    failed: tuple[Verdict, ...]


def check(classifier: EmotionClassifier, name: str | None = None, suite: Suite | None = None) -> BehaviourReport:
    """Return the report of a model at its own thresholds.

    Args:
        name: of the model in the report; None takes the one in its configuration.
        suite: the cases; None reads those of this package.

    Raises:
        ModelError: a model without all of the 28 labels.
    """
    missing = [label for label in LABELS if label not in classifier.labels]
    if missing:
        raise ModelError(
            f"{classifier.config.name} lacks {', '.join(missing)}: the behavioural suite needs the 28 GoEmotions labels"
        )
    suite = suite or read_suite()
    scored = classifier.score(all_texts(suite.cases))
    probabilities = scored.probabilities
    given = select(probabilities, classifier.thresholds, languages=scored.languages)
    columns = [classifier.labels.index(label) for label in LABELS]
    answers = [Answer(tuple(labels), row) for labels, row in zip(given, probabilities[:, columns], strict=True)]
    return judge_answers(name or classifier.config.name, suite, answers)


def all_texts(cases: Sequence[Case]) -> list[str]:
    """Return the text of every case, then the second text of every pair: the order in which answers are expected."""
    return [case.text for case in cases] + [case.other for case in cases if case.other is not None]


def judge_answers(name: str, suite: Suite, answers: Sequence[Answer]) -> BehaviourReport:
    """Return the report of the answers to :func:`all_texts`, whatever gave them."""
    others = iter(answers[len(suite.cases) :])
    verdicts = [
        judge(case, answer, next(others) if case.other is not None else None)
        for case, answer in zip(suite.cases, answers, strict=False)
    ]
    kinds: dict[str, list[Verdict]] = {}
    families: dict[str, dict[str, list[Verdict]]] = {}
    for case, verdict in zip(suite.cases, verdicts, strict=True):
        kinds.setdefault(case.kind, []).append(verdict)
        families.setdefault(case.family, {})[case.kind] = kinds[case.kind]
    return BehaviourReport(
        FORMAT,
        name,
        suite.sha256,
        figures(verdicts),
        {
            family: figures(verdict for part in parts.values() for verdict in part)
            for family, parts in families.items()
            if len(parts) > 1
        },
        {kind: figures(part) for kind, part in kinds.items()},
        tuple(verdict for verdict in verdicts if not verdict.passed),
    )


def judge(case: Case, answer: Answer, other: Answer | None = None) -> Verdict:
    """Return the verdict on an answer, and for a pair on the answer to its second text."""
    passed = all(part & answer.meaning for part in case.must) and not case.must_not & answer.meaning
    return Verdict(
        case.id,
        case.text,
        case.other,
        passed and (other is None or answer.meaning == other.meaning),
        answer.labels,
        other.labels if other is not None else None,
        tuple(in_order(part) for part in case.must),
        in_order(case.must_not),
        surely_wrong(case, answer) if other is None else None,
        largest_change(answer, other) if other is not None else None,
    )


def surely_wrong(case: Case, answer: Answer) -> tuple[str, ...] | None:
    """Return the labels that must not be given but are at least :data:`SURE`; None without probabilities."""
    if answer.probabilities is None:
        return None
    sure = frozenset(label for label, p in zip(LABELS, answer.probabilities.tolist(), strict=True) if p >= SURE)
    return in_order(sure & case.must_not)


def largest_change(answer: Answer, other: Answer) -> float | None:
    """Return the largest difference between the two probabilities of a label; None without probabilities."""
    if answer.probabilities is None or other.probabilities is None:
        return None
    return float(np.abs(answer.probabilities - other.probabilities).max())


def in_order(labels: frozenset[str]) -> tuple[str, ...]:
    """Return labels in the order of the 28."""
    return tuple(label for label in LABELS if label in labels)


def figures(verdicts: Iterable[Verdict]) -> KindFigures:
    """Return the figures of at least one verdict."""
    found = list(verdicts)
    passed = sum(verdict.passed for verdict in found)
    sure = [bool(verdict.sure) for verdict in found if verdict.sure is not None]
    changes = [verdict.change for verdict in found if verdict.change is not None]
    return KindFigures(
        len(found),
        passed,
        wilson(passed, len(found)),
        sum(sure) if len(sure) == len(found) else None,
        math.fsum(changes) / len(changes) if len(changes) == len(found) else None,
    )


def wilson(passed: int, cases: int) -> Figure:
    """Return the share of cases passed and its Wilson score interval at 95 %, which never leaves 0 to 1."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share = passed / cases
    scale = 1 + z * z / cases
    middle = (share + z * z / (2 * cases)) / scale
    half = z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases)) / scale
    return Figure(share, max(middle - half, 0.0), min(middle + half, 1.0))
