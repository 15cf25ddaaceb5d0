"""The behavioural suite: its cases, how answers are judged, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib.resources import files

import pytest

from goemotions.data.corpus import Split
from goemotions.errors import DataError
from goemotions.evaluation.behaviour.cases import read_suite
from goemotions.labels import LABELS

HEADER = "id\ttext\tmust\tmust_not\tother\n"
PAIRS = {"invariance", "exchange"}


def test_the_cases_are_frozen() -> None:
    """Figures of different models can be compared only on the same cases."""
    assert read_suite().sha256 == "35e8e334b002ca26b95c25898f5b90c961ba3401e0aa4720d91676ea49f94319"


def test_the_cases_are_many_and_of_every_kind() -> None:
    content = files("goemotions.evaluation.behaviour").joinpath("cases.tsv").read_bytes()
    cases = read_suite().cases
    assert len(content) <= 150_000
    assert len(cases) >= 1_500
    assert len({case.id for case in cases}) == len(cases)
    assert len({(case.text, case.other) for case in cases}) == len(cases)
    kinds = Counter(case.kind for case in cases)
    assert len(kinds) == 21
    assert min(kinds.values()) >= 35
    # What each case must hold is one set of labels, for "two" two of them, and for pairs a second, different text.
    for case in cases:
        assert len(case.must) == {"two": 2}.get(case.kind, 0 if case.kind in PAIRS else 1), case
        assert (case.other is not None) == (case.kind in PAIRS), case
        assert case.text != case.other
    wanted = Counter(label for case in cases for part in case.must for label in part)
    assert min(wanted[label] for label in LABELS) >= 50


def test_no_case_is_a_text_of_the_official_data(official: Callable[[str], Split]) -> None:
    texts = {plain(text) for name in ("train", "dev", "test") for text in official(name).texts}
    found = [case.id for case in read_suite().cases if plain(case.text) in texts or plain(case.other or "") in texts]
    assert not found


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


def test_a_case_names_its_line_breaks_labels_and_kind() -> None:
    rows = "emoji-alone-001\ta\\nb\tjoy|love & relief\tnegative\t\nexchange-002\tHe left.\t\t\tShe left.\n"
    one, pair = read_suite(f"# a comment\n{HEADER}{rows}".encode()).cases
    assert (one.kind, one.family, one.text, one.other) == ("emoji-alone", "emoji", "a\nb", None)
    assert one.must == (frozenset({"joy", "love"}), frozenset({"relief"}))
    assert {"anger", "grief", "remorse"} < one.must_not
    assert (pair.kind, pair.other, pair.must) == ("exchange", "She left.", ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text\tid\n", "line 1: the header must be id, text, must, must_not, other"),
        (HEADER + "a-1\tx\tjoy\n", "line 2 is no case: 5 cells are expected, got 3"),
        (HEADER + "a-1\tx\tjoi\t\t\n", "'joi' is no GoEmotions label"),
        (HEADER + "a-1\tx\t\tjoy\t\n", "neither labels that must be given nor a second text"),
        (HEADER + "a-1\tx\tjoy\tpositive\t\n", "joy both must and must not"),
    ],
)
def test_a_line_that_is_no_case_is_named(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_suite(content.encode())
