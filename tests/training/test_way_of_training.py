"""The way of a recipe through a training, as docs/architecture.md shows it: the modules that it enters."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from test_ways import modules_entered
from tiny import write_corpus

from goemotions.training.recipe_file import load_recipe
from goemotions.training.trainers import TrainingOptions, train

TRAINING = 45
"""Modules entered by the recipe ``use-head``, 13 of them of ``training``. It may only become less."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_the_way_of_a_recipe_through_a_training(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", rows=60)

    def run(name: str) -> None:
        options = TrainingOptions(data, tmp_path / name, torch.device("cpu"), tmp_path / "cache")
        train(load_recipe("use-head", epochs=1, hidden=[8]), options)

    run("first")  # what is imported at first use is not on the way
    entered = modules_entered(lambda: run("second"))
    assert {"goemotions.training.loop", "goemotions.training.model_directory"} < entered
    assert len(entered) <= TRAINING, sorted(entered)
