"""Every file of a model directory and of a base, damaged at random: one line with its name, or a model that works."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import FIXTURE, sharded_llm, small_gguf, small_head, small_transformer

from goemotions import EmotionClassifier
from goemotions.decoder.tensors import INDEX, open_source
from goemotions.errors import DataError, GoEmotionsError
from goemotions.training.focal_config import read_focal_config

DEEP = "[" * 100_000
NASTY = (
    *("null", "true", "[]", "{}", '""', "0", "-1", "NaN", "Infinity", "-Infinity", "1e308", "1e400", "0.5", "10" * 200),
    *("1" * 5000, DEEP, DEEP + "]" * 100_000, "[" * 500 + "]" * 500, '"\\u001b[31m"', '"\\ud800"', '"a\\nb"', '"../x"'),
    *('{"a": 1, "a": 2}', "[null]", '[[], {"b": [1e999]}]', '"x"', "9223372036854775808", '{"type": "Sequence"}'),
)
"""JSON as an attacker, or a broken disk, would write it."""

Use = Callable[[Path], object]


def use_texts(folder: Path) -> None:
    EmotionClassifier(folder, threads=1).predict(["good thanks, it is", "", "a " * 500])


def use_embeddings(folder: Path) -> None:
    classifier = EmotionClassifier(folder, threads=1)
    classifier.predict_proba_from_embeddings(np.ones((2, classifier.config.embed_dim or 1)))


def use_llm(folder: Path) -> None:
    classifier = EmotionClassifier(folder / "model", backbone=folder / "base", precision="float32")
    classifier.predict_proba_from_embeddings(np.full((1, classifier.config.embed_dim or 1), 0.05))


def use_gguf(folder: Path) -> None:
    source = open_source(folder / "base.gguf")
    for name in ("layers.0.mlp.up_proj.weight", "norm.weight"):
        source.shape(name)
        source.tensor(name)


def use_focal(folder: Path) -> None:
    read_focal_config(folder / "focal_config.json")


MADE: dict[str, tuple[Callable[[Path], object], Use]] = {
    "transformer": (small_transformer, use_texts),
    "embedding-head": (small_head, use_embeddings),
    "embedding-llm": (lambda folder: shutil.copytree(FIXTURE, folder, dirs_exist_ok=True), use_llm),
    "sharded": (sharded_llm, use_llm),
    "gguf": (lambda folder: small_gguf(folder / "base.gguf"), use_gguf),
    "focal": (lambda folder: shutil.copy(FIXTURE / "model" / "focal_config.json", folder), use_focal),
}
JSON_FILES = [
    *(("transformer", "config.json"), ("transformer", "tokenizer.json"), ("embedding-head", "config.json")),
    *(("embedding-llm", "model/config.json"), ("embedding-llm", "model/lora_adapter/adapter_config.json")),
    *(("embedding-llm", "base/config.json"), ("focal", "focal_config.json")),
    ("sharded", f"base/{INDEX}"),
]
BINARY_FILES = [
    *(("transformer", "model.onnx"), ("transformer", "tokenizer.json"), ("embedding-head", "head.onnx")),
    *(("embedding-llm", "model/head_weights.pt"), ("embedding-llm", "model/lora_adapter/adapter_model.safetensors")),
    *(("embedding-llm", "base/model.safetensors"), ("gguf", "base.gguf"), ("transformer", "config.json")),
    ("sharded", f"base/{INDEX}"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name, (make, use) in MADE.items():
        made[name] = tmp_path_factory.mktemp(name)
        make(made[name])
        use(made[name])
    return made


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON value; of a long list or object only the first few."""
    inner = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    few = inner if not path else inner[:8]
    return [path] * bool(path) + [place for key, part in few for place in places(part, (*path, key))]


def replaced(value: Any, path: tuple[Any, ...], new: str | None) -> str:
    """JSON with other JSON at a path, or without what is there."""
    marker = "\0replaced\0"
    copy = json.loads(json.dumps(value))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    if new is None:
        del holder[path[-1]]
        return json.dumps(copy)
    holder[path[-1]] = marker
    return json.dumps(copy).replace(json.dumps(marker), new)


def check(folders: dict[str, Path], kind: str, file: str, content: bytes) -> None:
    """Write a file, use what it belongs to, and put it back."""
    path = folders[kind] / file
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        MADE[kind][1](folders[kind])
    except GoEmotionsError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 3000
        assert isinstance(error, DataError) or str(folders[kind]) in str(error) or "base" in str(error)
    finally:
        path.write_bytes(before)


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A change of a file's bytes: a bit, a cut, a number of eight bytes, a repetition."""
    kind, where = draw(st.integers(0, 4)), draw(st.floats(0, 1))
    bit = draw(st.integers(0, 7))
    huge = draw(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1]))

    def change(content: bytes) -> bytes:
        # Headers are where sizes stand: half of the places are in the first part of the file.
        place = int(where * 2 * min(len(content), 4000)) if where < 0.5 else int((where - 0.5) * 2 * len(content))
        place = min(place, len(content) - 1)
        if kind == 0:
            return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
        if kind == 1:
            return content[:place]
        if kind == 2:
            return content[:place] + struct.pack("<Q", huge) + content[place + 8 :]
        if kind == 3:
            return content[:place] + content[max(0, place - 50) :]
        return content[:place] + bytes(64) + content[place + 64 :]

    return change


def fuzz_json(folders: dict[str, Path], kind: str, file: str, data: st.DataObject) -> None:
    value = json.loads((folders[kind] / file).read_bytes())
    path = data.draw(st.sampled_from(places(value)))
    new = data.draw(st.sampled_from((None, *NASTY)))
    check(folders, kind, file, replaced(value, path, new).encode())


def fuzz_bytes(folders: dict[str, Path], kind: str, file: str, data: st.DataObject) -> None:
    check(folders, kind, file, data.draw(damages())((folders[kind] / file).read_bytes()))


FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning"),
]


@pytest.mark.parametrize(("kind", "file"), JSON_FILES)
def test_damaged_json(folders: dict[str, Path], kind: str, file: str) -> None:
    """Fault 23, a few cases of each file."""
    FEW(given(st.data())(lambda data: fuzz_json(folders, kind, file, data)))()


@pytest.mark.parametrize(("kind", "file"), BINARY_FILES)
def test_damaged_bytes(folders: dict[str, Path], kind: str, file: str) -> None:
    """Faults 16 and 23, a few cases of each file."""
    FEW(given(st.data())(lambda data: fuzz_bytes(folders, kind, file, data)))()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "file"), JSON_FILES)
def test_much_damaged_json(folders: dict[str, Path], kind: str, file: str) -> None:
    """Fault 23: with the next test over 25,000 cases."""
    MANY(given(st.data())(lambda data: fuzz_json(folders, kind, file, data)))()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "file"), BINARY_FILES)
def test_much_damaged_bytes(folders: dict[str, Path], kind: str, file: str) -> None:
    """Faults 16 and 23."""
    MANY(given(st.data())(lambda data: fuzz_bytes(folders, kind, file, data)))()


@pytest.mark.parametrize("new", NASTY)
@pytest.mark.parametrize("kind", ["transformer", "embedding-head"])
def test_every_key_of_the_config_is_named(folders: dict[str, Path], kind: str, new: str) -> None:
    """Fault 23: whatever stands under a key, the model works or the error names file and key."""
    path = folders[kind] / "config.json"
    before = path.read_bytes()
    try:
        for key in json.loads(before):
            path.write_text(replaced(json.loads(before), (key,), new))
            try:
                MADE[kind][1](folders[kind])
            except GoEmotionsError as error:
                message = str(error).replace("format version", "format_version")
                assert str(folders[kind]) in message
                assert key.split("_")[-1].rstrip("s") in message or "not valid JSON" in message, (key, message)
    finally:
        path.write_bytes(before)
