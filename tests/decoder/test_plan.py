"""Plans: what fits is decided from sizes, and no plan changes a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published_route import embeddings, load_base, random_adapter, random_head, save_base, save_quantised, tiny_config
from test_config import MISTRAL_SMALL

from goemotions.cli.options import parse_amount
from goemotions.decoder.config import DecoderConfig, from_transformers
from goemotions.decoder.layer import read_layer
from goemotions.decoder.lora import read_adapter
from goemotions.decoder.model import SingleTokenDecoder
from goemotions.decoder.nf4 import Nf4Matrix, bitsandbytes, has_fused_kernel
from goemotions.decoder.plan import Plan, Residency, Sizes, choose_residency, make_plan
from goemotions.decoder.tensors import open_source
from goemotions.errors import ModelError

pytestmark = pytest.mark.usefixtures("one_thread")
LARGE = from_transformers(MISTRAL_SMALL)
TINY = from_transformers(tiny_config("mistral").to_dict())
BF16, F32 = torch.bfloat16, torch.float32


@pytest.fixture(scope="module", params=["16 bit", "nf4"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("model")
    base = save_base(folder / "base", "mistral", max_shard_size="40KB")
    if request.param == "nf4":
        base = save_quantised(folder / "quantised", base, max_shard_size="40KB")
    return base, random_adapter(load_base(base), folder / "adapter")


def run(model: tuple[Path, Path], plan: Plan, calls: int = 1) -> torch.Tensor:
    source, head = open_source(model[0]), random_head(scale=1)
    decoder = SingleTokenDecoder(source, read_adapter(model[1], source.config), plan=plan)
    for _ in range(calls):
        got = torch.sigmoid(head.classifier(decoder(head.projection(embeddings(200)))))
    return got


@pytest.mark.parametrize(("dtype", "most"), [(F32, 1e-5), (BF16, 0.01)])
def test_no_plan_changes_a_result(model: tuple[Path, Path], dtype: torch.dtype, most: float) -> None:
    cpu = torch.device("cpu")
    expected = run(model, Plan(cpu, dtype, Residency.DENSE, 0, 1024, 1024, ""))
    for residency in Residency:
        for micro_batch in (1, 7, 200):
            for whole_layers in (True, False):
                got = run(model, Plan(cpu, dtype, residency, 0, micro_batch, 1024, "", whole_layers))
                assert (got - expected).abs().max() <= most
    if dtype == BF16:
        for residency in Residency:  # the second small call is through 4-bit kernels in any case
            got = run(model, Plan(cpu, dtype, residency, 200, 200, 1024, ""), calls=2)
            assert (got - expected).abs().max() <= most


def test_what_is_done_with_the_24b() -> None:
    sizes = Sizes.of(LARGE, True, BF16, "cpu")
    assert sizes.dense / 1e9 == pytest.approx(41.1, abs=0.1)
    assert sizes.stored / 1e9 == pytest.approx(10.9, abs=0.1)
    assert sizes.working(1024) < 1.5e9
    needed = sizes.working(1024)
    assert choose_residency(sizes, 141e9, needed, bounded=False) == Residency.DENSE
    assert choose_residency(sizes, 24e9, needed, bounded=False) == Residency.STORED
    assert choose_residency(sizes, 14e9, needed, bounded=True) == Residency.STORED
    assert choose_residency(sizes, 3.3e9, needed, bounded=True) == Residency.STREAMED


@pytest.mark.parametrize(("gigabytes", "whole"), [(16, True), (12.6, False), (4, True), (2, False)])
def test_layers_are_made_whole_where_there_is_room(gigabytes: float, whole: bool) -> None:
    plan = make_plan(LARGE, True, "cpu", "bfloat16", max_memory=int(gigabytes * 1e9))
    assert plan.residency == (Residency.STORED if gigabytes > 12 else Residency.STREAMED)
    assert plan.whole_layers == whole
    assert not make_plan(LARGE, True, "cpu", "float32", max_memory=int(gigabytes * 1e9)).whole_layers


def test_a_limit_makes_it_stream() -> None:
    plan = make_plan(LARGE, True, "cpu", "bfloat16", max_memory=4_000_000_000)
    assert plan.residency == Residency.STREAMED
    assert plan.fused_rows == 0
    assert plan.pass_rows * Sizes.of(LARGE, True, BF16, "cpu").state < 2e9
    assert "4-bit" not in plan.why
    assert "layers are streamed" in plan.why
    assert "3.3 GB allowed" in plan.why


def test_too_small_a_limit() -> None:
    with pytest.raises(
        ModelError, match=r"need 1\.\d GB of memory on cpu in bfloat16, max_memory is 1\.0 GB: a larger"
    ):
        make_plan(LARGE, True, "cpu", "bfloat16", max_memory=1_000_000_000)


def test_small_models_compute_in_float32() -> None:
    assert make_plan(TINY, True, "cpu").precision == "float32"
    plan = make_plan(TINY, True, "cpu", "bfloat16")
    assert (plan.precision, plan.residency) == ("bfloat16", Residency.DENSE)
    assert (plan.fused_rows > 0) == has_fused_kernel()
    assert make_plan(TINY, False, "cpu", "bfloat16").fused_rows == 0
    assert make_plan(TINY, True, "cpu", micro_batch=17).micro_batch == 17


def test_a_torch_without_onednn_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert make_plan(LARGE, True, "cpu", max_memory=16_000_000_000).precision == "float32"


def test_without_a_4_bit_kernel_few_rows_go_the_way_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a CPU without AVX-512 BF16 would keep all of a 24B in 16 bit after its second call with few texts."""
    monkeypatch.setattr(bitsandbytes().functional, "has_avx512bf16", lambda: False)
    plan = make_plan(LARGE, True, "cpu", "bfloat16", max_memory=20_000_000_000)
    assert (plan.residency, plan.fused_rows) == (Residency.STORED, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4GB", 4e9), ("4GiB", 2**32), ("1.5 gb", 1.5e9), ("700M", 7e8), ("12345", 12345), (None, None)],
)
def test_amounts_of_memory(text: str | None, expected: float | None) -> None:
    assert parse_amount(text) == expected


@pytest.mark.parametrize("text", ["", "lots", "4 XB", "-1GB", "1.2.3G"])
def test_what_is_no_amount_of_memory(text: str) -> None:
    with pytest.raises(ValueError, match="expected an amount of memory such as 4GB"):
        parse_amount(text)


def test_sizes_count_the_fold() -> None:
    config: DecoderConfig = TINY
    matrices = config.shape("v_proj")[0] * 64 + 64 * 64 + 3 * 64 * 192  # v, o folded from 128 to 64 columns, the MLP
    assert Sizes.of(config, True, BF16, "cpu").dense == 2 * matrices * config.num_layers


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """As if there were one CUDA device with so many GB free; plans are made without touching it."""

    def have(gigabytes: float) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(gigabytes * 1e9), int(80e9)))

    return have


@pytest.mark.parametrize("device", ["auto", "cuda", "cuda:0"])
def test_a_card_is_named_as_tensors_name_it(card: Callable[[float], None], device: str) -> None:
    card(80)
    assert make_plan(LARGE, True, device).device == torch.device("cuda", 0)


@pytest.mark.parametrize(
    ("gigabytes", "residency", "rows"),
    [(139, Residency.DENSE, 16), (46, Residency.DENSE, 0), (22, Residency.STORED, 16), (11, Residency.STREAMED, 0)],
)
def test_the_24b_on_cards(card: Callable[[float], None], gigabytes: float, residency: Residency, rows: int) -> None:
    """Codes stay on the card beside dense weights only where both fit."""
    card(gigabytes)
    plan = make_plan(LARGE, True, "cuda")
    assert (plan.residency, plan.fused_rows) == (residency, rows)


def test_fewer_rows_together_where_that_keeps_the_weights_on_the_card(card: Callable[[float], None]) -> None:
    card(80)
    plan = make_plan(LARGE, True, "cuda", max_memory=13_000_000_000)
    assert plan.residency == Residency.STORED
    assert plan.micro_batch < 1024


def test_a_layer_moves_with_all_it_has(model: tuple[Path, Path]) -> None:
    source = open_source(model[0])
    low_ranks = {name: low for (layer, name), low in read_adapter(model[1], source.config).weights.items() if not layer}
    moved = read_layer(source, 0, low_ranks, quantise=source.quantisation != "nf4").to(torch.device("meta"))
    codes = [matrix._codes for matrix in moved.matrices.values() if isinstance(matrix, Nf4Matrix)]
    tensors = [*moved.norms, *codes, *(part for low in moved.low_ranks.values() for part in (low.a, low.b))]
    assert len(tensors) == 2 + 5 + 10
    assert {tensor.device.type for tensor in tensors} == {"meta"}
