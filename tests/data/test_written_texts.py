"""The texts in ``corpus/``: labels known, no two alike, none near what models are measured on."""

import csv
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from goemotions.evaluation.behaviour.cases import read_suite
from goemotions.labels import LABELS

CORPUS = Path(__file__).parents[2] / "corpus"
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
RARE = ("grief", "pride", "relief", "nervousness", "embarrassment", "remorse")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def words(text: str) -> set[str]:
    """A text's words and symbols beyond ASCII, such as emoji; of a text that has none, what stands between spaces."""
    found = {word for word in WORD.findall(text.lower()) if word[0].isalnum() or ord(word[0]) > 0x2000}
    return found or set(text.split())


def near(texts: Sequence[str], others: Sequence[str]) -> set[tuple[str, str]]:
    """The pairs of a text and another one that share more than half of the words of the longer one."""
    counter = CountVectorizer(analyzer=words, binary=True).fit([*texts, *others])
    left, right = counter.transform(texts), counter.transform(others)
    shared = (left @ right.T).tocoo()
    sizes = np.maximum(left.sum(1).A1[shared.row], right.sum(1).A1[shared.col])
    alike = shared.data > sizes / 2
    return {(texts[i], others[j]) for i, j in zip(shared.row[alike], shared.col[alike], strict=True)}


ENGLISH = (CORPUS / "everyday-en.tsv", CORPUS / "typed-en.tsv")
FILES = sorted({*CORPUS.glob("everyday-*.tsv"), *ENGLISH})
TEXTS = [row["text"] for path in ENGLISH for row in rows(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_is_a_text_with_known_labels(path: Path) -> None:
    found = rows(path)
    least, rare = (4000, 80) if path in ENGLISH else (150, 4)
    assert len(found) >= least
    counts = Counter(label for row in found for label in row["labels"].split(","))
    assert set(counts) == set(LABELS)
    assert min(counts[label] for label in RARE) >= rare
    assert all(row["text"].strip() == row["text"] != "" and row["kind"] for row in found)


def test_there_are_sixteen_languages() -> None:
    assert len(FILES) == 16 + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_two_texts_share_more_than_half_of_their_words(path: Path) -> None:
    texts = [row["text"] for row in rows(path)]
    assert near(texts, texts) == {(text, text) for text in texts}


def test_no_text_is_near_one_of_the_other_english_file() -> None:
    first, second = ([row["text"] for row in rows(path)] for path in ENGLISH)
    assert near(first, second) == set()


def test_no_text_is_near_a_case_of_the_behavioural_suite() -> None:
    cases = read_suite().cases
    texts = [text for case in cases for text in (case.text, case.other) if text]
    assert len(texts) > 1500
    assert near(TEXTS, texts) == set()


@pytest.mark.skipif("GOEMOTIONS_DATA" not in os.environ, reason="needs the official data: set GOEMOTIONS_DATA")
@pytest.mark.parametrize("split", ["dev", "test"])
def test_no_text_is_near_one_of_the_official_splits(split: str) -> None:
    path = Path(os.environ["GOEMOTIONS_DATA"]) / "goemotions" / f"{split}.tsv"
    official = [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    assert near(TEXTS, official) == set()


def test_every_emoji_has_a_meaning_once() -> None:
    found = rows(CORPUS / "emoji.tsv")
    assert len(found) >= 300
    assert len({row["emoji"] for row in found}) == len(found)
    assert all(row["meaning"].isprintable() and row["meaning"] for row in found)
