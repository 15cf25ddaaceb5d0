"""The texts in ``corpus/``: labels known, no two alike, none near what models are measured on."""

import csv
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix
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
    """The pairs of a text and another one that share more than half of the words of the longer one.

    Such a pair shares a word among the rarer half of each (prefix filtering: Bayardo et al., *Scaling Up All Pairs
    Similarity Search*, 2007), which few pairs do.
    """
    counter = CountVectorizer(analyzer=words, binary=True).fit([*texts, *others])
    left, right = counter.transform(texts), counter.transform(others)
    frequency = left.sum(0).A1 + right.sum(0).A1
    found = (rarer_half(left, frequency) @ rarer_half(right, frequency).T).tocoo()
    shared = left[found.row].multiply(right[found.col]).sum(1).A1
    alike = shared > np.maximum(left.sum(1).A1[found.row], right.sum(1).A1[found.col]) / 2
    return {(texts[i], others[j]) for i, j in zip(found.row[alike], found.col[alike], strict=True)}


def rarer_half(matrix: csr_matrix, frequency: npt.NDArray[np.int64]) -> csr_matrix:
    """The rows with the rarer half of their words, one more of an odd number."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, frequency[matrix.indices], rows))
    place = np.arange(len(order)) - matrix.indptr[rows]
    kept = order[place < (np.diff(matrix.indptr)[rows] + 1) // 2]
    return csr_matrix((np.ones(len(kept), np.int64), (rows[kept], matrix.indices[kept])), matrix.shape)


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
