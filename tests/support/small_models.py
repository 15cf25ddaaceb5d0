"""A small model directory or base of each kind, written for tests that damage it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import onnx
from conftest import USE_HEAD
from onnx import TensorProto, helper
from safetensors.torch import load_file, save_file

from goemotions.catalog import find_model
from goemotions.decoder.tensors import INDEX, SINGLE

FIXTURE = Path(__file__).parents[1] / "fixtures" / "embedding-llm-1"


def graph(
    name: str, kind: int, width: str | int | None, nodes: list[onnx.NodeProto], *tensors: onnx.TensorProto
) -> bytes:
    ends = [
        helper.make_tensor_value_info(name, kind, ["n", width]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 28]),
    ]
    made = helper.make_graph(nodes, "graph", ends[:1], ends[1:], tensors)
    content: bytes = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return content


def small_transformer(folder: Path) -> None:
    """The bundled model with a small graph and vocabulary."""
    config = json.loads((find_model("compact") / "config.json").read_text())
    kept = ("format_version", "architecture", "model_name", "num_labels", "emotion_labels", "threshold", "thresholds")
    few = {key: config[key] for key in (*kept, "max_length", "unreliable_labels", "tested_on", "trained_on")}
    knots = {label: [[-1.0, -1.0], [1.0, 1.0]] for label in config["emotion_labels"]}
    few["calibration"] = {"method": "platt", "knots": knots}
    (folder / "config.json").write_text(json.dumps(few))
    tokenizer = json.loads((find_model("compact") / "tokenizer.json").read_text())
    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "##s", "thank"])}
    tokenizer["model"]["vocab"] = words
    tokenizer["added_tokens"] = [
        token | {"id": words[token["content"]]} for token in tokenizer["added_tokens"] if token["content"] in words
    ]
    special = {name: {"id": name, "ids": [words[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    tokenizer["post_processor"]["special_tokens"] = special
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["mean"], axes=[1]),
        helper.make_node("MatMul", ["mean", "weight"], ["logits"]),
    ]
    weight = helper.make_tensor("weight", TensorProto.FLOAT, [1, 28], [0.1] * 28)
    (folder / "model.onnx").write_bytes(graph("input_ids", TensorProto.INT32, "tokens", nodes, weight))


def small_head(folder: Path) -> None:
    config = json.loads((USE_HEAD / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"embed_dim": 2, "metrics": None, "training": None}))
    weight = helper.make_tensor("weight", TensorProto.FLOAT, [2, 28], [0.1] * 56)
    node = helper.make_node("MatMul", ["embeddings", "weight"], ["logits"])
    (folder / "head.onnx").write_bytes(graph("embeddings", TensorProto.FLOAT, 2, [node], weight))


def small_gguf(path: Path) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_feed_forward_length(64)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_token_list(["a", "b", "c"])
    shapes = {
        "attn_v": (16, 32),
        "attn_output": (32, 32),
        "ffn_gate": (64, 32),
        "ffn_up": (64, 32),
        "ffn_down": (32, 64),
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"blk.0.{name}.weight", np.ones(shape, np.float32))
    for name in ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"):
        writer.add_tensor(name, np.ones(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def sharded_llm(folder: Path) -> None:
    """The fixture with its base in two files and their index."""
    shutil.copytree(FIXTURE, folder, dirs_exist_ok=True)
    base = folder / "base"
    tensors = load_file(base / SINGLE)
    names = sorted(tensors)
    files = {
        name: f"model-0000{1 + (number > len(names) // 2)}-of-00002.safetensors" for number, name in enumerate(names)
    }
    for file in set(files.values()):
        save_file({name: tensors[name] for name in names if files[name] == file}, base / file)
    (base / SINGLE).unlink()
    (base / INDEX).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": files}))
