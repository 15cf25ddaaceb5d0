"""Recipes: the shipped ones, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
import torch
from conftest import Run
from corpora import FINE_TUNING, write_recipe

from goemotions.errors import DataError, GoEmotionsError
from goemotions.training.loop import LoopSettings
from goemotions.training.recipe import HeadRecipe, LlmRecipe, StudentRecipe
from goemotions.training.recipe_file import load_recipe, recipe_names
from goemotions.training.text_recipe import SecondHeadRecipe, TeacherRecipe, TransformerRecipe

KINDS = {
    "compact": TransformerRecipe,
    "compact-alone": TransformerRecipe,
    "compact-everyday": SecondHeadRecipe,
    "e5": TeacherRecipe,
    "minilm": TeacherRecipe,
    "mpnet": TeacherRecipe,
    "multilingual": TransformerRecipe,
    "use-head": HeadRecipe,
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
    assert load_recipe("published-24b", encoder="compact") == recipe.model_copy(update={"encoder": "compact"})
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
        "rank: must be at least 1, got 0",
        "loss: must be 'bce', 'focal-card', 'focal-notebook', 'asymmetric' or 'class-balanced', got 'focal'",
        "epochs: expected a whole number, got 2.5",
        "dropout: must be below 1, got 1.0",
        "rslora: expected true or false, got 1",
    ):
        assert part in message


@pytest.mark.parametrize(
    "content", ["", "[1, 2]", "trains: transformers\n", "architecture: transformer\n", "a: [\n", "trains: [a]\n"]
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "my.yaml").write_text(content)
    with pytest.raises(DataError, match=r"my\.yaml"):
        load_recipe(str(tmp_path / "my.yaml"))


MISTAKES = {
    "a base that is not there": (
        {"base": "xlm-roberta-base"},
        "base: no base 'xlm-roberta-base'; there are: gt-all-mini",
    ),
    "no 8 bit to export": ({"quantise_from_epoch": None}, "quantise_from_epoch: expected a whole number, got None"),
    "a weight without teachers": ({"teacher_weight": 0.5}, "teachers and teacher_weight go together"),
    "teachers without a weight": ({"teachers": ["a-1"]}, "teachers and teacher_weight go together"),
    "a teacher twice": ({"teachers": ["a-1", "a-1"], "teacher_weight": 0.5}, "teachers: a name stands twice"),
    "not a number": ({"learning_rate": float("nan")}, "learning_rate: expected a finite number, got nan"),
    "beyond any use": ({"learning_rate": 1e308}, "learning_rate: must be at most 10, got 1e+308"),
    "a long whole number": ({"epochs": 10**400}, "epochs: "),
    "wrong items": ({"teachers": ["a-1", 3]}, "teachers, item 2: expected text, got 3"),
}


@pytest.mark.parametrize(("changes", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_trained_is_refused_before_it_starts(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    """Fault 2: keys without effect were accepted, and other mistakes came out after the training, or as a traceback."""
    settings = {**FINE_TUNING, "trains": "transformer", "quantise_from_epoch": 1, **changes}
    path = write_recipe(tmp_path / "my.yaml", **settings)
    with pytest.raises(DataError) as caught:
        load_recipe(str(path))
    assert f"{path}: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_of_8_bit_says_from_which_epoch(tmp_path: Path) -> None:
    path = write_recipe(tmp_path / "my.yaml", trains="transformer", **FINE_TUNING)
    with pytest.raises(DataError, match=r"my\.yaml: quantise_from_epoch is missing"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("recipe", "option"),
    [
        ("compact", ("--cache", "x")),
        ("compact", ("--encoder", "compact")),
        ("compact-alone", ("--teachers", "x")),
        ("compact-alone", ("--from-scratch",)),
        ("use-head", ("--backbone", "x")),
        ("use-head", ("--from-scratch",)),
        ("minilm", ("--cache", "x")),
        ("student", ()),
    ],
)
def test_options_without_effect_are_refused(cli: Run, tmp_path: Path, recipe: str, option: tuple[str, ...]) -> None:
    """Fault 2: --teachers, --cache and --from-scratch were accepted by recipes that ignore them."""
    done = cli("train", recipe, "--data", tmp_path, *option)
    assert done.returncode == 2
    assert (option[0] if option else "goemotions distill") in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_key_of_a_training_has_an_effect(tmp_path: Path) -> None:
    """Fault 2: schedule, patience, accumulation and optimizer were ignored where a transformer is trained."""
    settings = {"schedule": "cosine", "patience": 2, "accumulation": 3, "optimizer": "adamw-8bit"}
    path = write_recipe(tmp_path / "my.yaml", trains="teacher", **FINE_TUNING, **settings)
    taken = LoopSettings.from_recipe(load_recipe(str(path)), torch.device("cpu"))
    assert {name: getattr(taken, name) for name in settings} == settings
