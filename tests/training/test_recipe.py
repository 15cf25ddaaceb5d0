"""Recipes: the shipped ones, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from goemotions.errors import DataError, GoEmotionsError
from goemotions.training.recipe import (
    CompactRecipe,
    HeadRecipe,
    LlmRecipe,
    StudentRecipe,
    TeacherRecipe,
    load_recipe,
    recipe_names,
)

KINDS = {
    "compact": CompactRecipe,
    "compact-alone": CompactRecipe,
    "e5": TeacherRecipe,
    "minilm": TeacherRecipe,
    "mpnet": TeacherRecipe,
    "multilingual": HeadRecipe,
    "smollm2": LlmRecipe,
    "published-24b": LlmRecipe,
    "student": StudentRecipe,
}


def test_shipped_recipes() -> None:
    assert recipe_names() == sorted(KINDS)
    assert all(type(load_recipe(name)) is kind for name, kind in KINDS.items())
    assert load_recipe("compact", seed=5, epochs=None).seed == 5
    assert load_recipe("compact", seed=5, epochs=None).epochs == load_recipe("compact").epochs
    with pytest.raises(GoEmotionsError, match="did you mean 'compact'"):
        load_recipe("compcat")


def test_the_published_values() -> None:
    """Those of the model card."""
    recipe = load_recipe("published-24b")
    assert isinstance(recipe, LlmRecipe)
    assert recipe.backbone == "unsloth/Mistral-Small-3.1-24B-Instruct-2503"
    assert (recipe.quantisation, recipe.precision, recipe.encoder) == ("nf4", "bfloat16", "use-v4")
    assert (recipe.rank, recipe.alpha, recipe.rslora) == (16, 32, False)
    assert (recipe.epochs, recipe.batch_size, recipe.accumulation) == (15, 8, 4)
    assert (recipe.learning_rate, recipe.schedule, recipe.warmup_ratio) == (1e-4, "cosine", 0.05)
    assert (recipe.optimizer, recipe.weight_decay) == ("adamw-8bit", 0.01)
    assert (recipe.loss, recipe.dropout, recipe.select_by) == ("focal-card", 0.1, "dev_macro_f1_at_half")
    rows = 89_201  # the card's train rows
    assert -(-rows // 32) * recipe.epochs == 41_820


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    changes = {"learning_rat": 1, "learning_rate": "1e-4", "rank": 0, "loss": "focal", "epochs": 2.5, "dropout": 1.0}
    path = tiny.write_recipe(tmp_path / "my.yaml", tmp_path, **changes, rslora=1)
    with pytest.raises(DataError) as caught:
        load_recipe(str(path))
    message = str(caught.value)
    assert message.startswith("7 problems")
    for part in (
        "unknown setting 'learning_rat'; did you mean 'learning_rate'?",
        "learning_rate: expected a number, got '1e-4' (YAML reads 1e-4 as text: write 1.0e-4)",
        "rank: must be above 0, got 0",
        "loss: must be one of bce, focal-card",
        "epochs: expected a whole number, got 2.5",
        "dropout: must be below 1, got 1.0",
        "rslora: expected true or false, got 1",
    ):
        assert part in message


@pytest.mark.parametrize("content", ["", "[1, 2]", "architecture: transformers\n", "a: [\n"])
def test_what_is_no_recipe_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "my.yaml").write_text(content)
    with pytest.raises(DataError, match=r"my\.yaml"):
        load_recipe(str(tmp_path / "my.yaml"))
