"""A base with fewer pieces: those that the texts to learn from and the common words of some languages use.

A multilingual base has pieces for a hundred languages, and most of its bytes are their embeddings; of an English one
it is half. What is kept is chosen by use, never by rank: pieces of the texts that are learnt from, pieces of each
language's common words (by ``wordfreq``, a package for development only), and every piece of a single character, so
that no word is unknown that was not before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from goemotions.errors import DataError, ModelError
from goemotions.files import new_directory

EMBEDDING = "embeddings.word_embeddings.weight"
WORD_BEGIN = "▁"  # SentencePiece's mark of a word's beginning
DIGITS = 4  # of a piece's logarithmic score: all that a float32's seven would add is a megabyte
BATCH = 10_000  # texts that are tokenised together


def trim(base: Path, output: Path, texts: Sequence[str]) -> list[int]:
    """Write the base in the folder ``base`` to ``output``, with the pieces that ``texts`` use and single characters.

    Returns:
        The rows of the base's table of pieces that were kept, in their order.

    Raises:
        DataError: a base whose pieces are neither Unigram's nor WordPiece's.
    """
    content = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    names = names_of(content["model"], base)
    special = {token["id"] for token in content["added_tokens"]}
    used = special | used_pieces(Tokenizer.from_file(str(base / "tokenizer.json")), texts)
    kept = [number for number, name in enumerate(names) if number in used or len(name) <= 1]
    place = {number: row for row, number in enumerate(kept)}
    renumber(content, place)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    tensors = load_file(base / "model.safetensors")
    tensors[EMBEDDING] = tensors[EMBEDDING][kept]
    config |= {"vocab_size": len(kept), "pad_token_id": place[config["pad_token_id"]]}
    with new_directory(output) as folder:
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return kept


def names_of(model: Any, base: Path) -> list[str]:
    """Return a tokenizer's pieces in the order of their ids, without the marks of where they stand in a word.

    Args:
        model: of a ``tokenizer.json``.

    Raises:
        DataError: as :func:`trim`.
    """
    if model["type"] == "Unigram":
        return [piece.lstrip(WORD_BEGIN) for piece, _ in model["vocab"]]
    if model["type"] == "WordPiece":
        mark = model["continuing_subword_prefix"]
        pieces = {number: piece for piece, number in model["vocab"].items()}
        return [pieces[number].removeprefix(mark) for number in range(len(pieces))]
    raise DataError(f"vocabulary: {base} has {model['type']} pieces, only Unigram's and WordPiece's can be left out")


def renumber(content: Any, place: Mapping[int, int]) -> None:
    """Change a ``tokenizer.json`` in place: leave out the pieces that have no place."""
    model = content["model"]
    if model["type"] == "Unigram":
        model["vocab"] = [[piece, round(score, DIGITS)] for piece, score in (model["vocab"][row] for row in place)]
        model["unk_id"] = place[model["unk_id"]]
    else:
        model["vocab"] = {piece: place[number] for piece, number in model["vocab"].items() if number in place}
    for token in content["added_tokens"]:
        token["id"] = place[token["id"]]
    for token in content["post_processor"]["special_tokens"].values():
        token["ids"] = [place[number] for number in token["ids"]]


def used_pieces(tokenizer: Tokenizer, texts: Sequence[str]) -> set[int]:
    """Return the ids of the pieces that texts are made of."""
    used: set[int] = set()
    for first in range(0, len(texts), BATCH):
        for encoding in tokenizer.encode_batch_fast(list(texts[first : first + BATCH]), add_special_tokens=False):
            used.update(encoding.ids)
    return used


def common_words(languages: Iterable[str], count: int) -> list[str]:
    """Return the ``count`` most frequent words of each language, as they stand and with a capital.

    Raises:
        ModelError: ``wordfreq`` is not installed.
        DataError: a language that it does not have.
    """
    try:
        from wordfreq import available_languages, top_n_list
    except ImportError as error:
        raise ModelError("the lists of common words are not installed: run pip install wordfreq==3.1.1") from error
    unknown = sorted(set(languages) - set(available_languages()))
    if unknown:
        raise DataError(f"vocabulary: no list of common words of {', '.join(unknown)}")
    words = [word for language in languages for word in top_n_list(language, count)]
    return [*words, *(word.capitalize() for word in words)]
