"""Recipe files: found by name, read, and refused with every mistake at once, each by its key."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from goemotions.data.checks import together
from goemotions.errors import DataError, GoEmotionsError, nearest
from goemotions.training.recipe import HeadRecipe, LlmRecipe, Recipe, StudentRecipe
from goemotions.training.text_recipe import SecondHeadRecipe, TeacherRecipe, TransformerRecipe
from goemotions.yaml_text import read_mapping

SHOWN = 20  # of many problems
EXPECTED = {
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "list_type": "expected a list",
    "finite_number": "expected a finite number",
    "literal_error": "must be {expected}",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "expected text",
    "string_too_long": "expected at most {max_length} characters",
    "too_long": "expected at most {max_length} items",
}
"""What is said of the kinds of errors that pydantic finds."""


KINDS: dict[str, type[Recipe]] = {
    "transformer": TransformerRecipe,
    "second-head": SecondHeadRecipe,
    "teacher": TeacherRecipe,
    "embedding-head": HeadRecipe,
    "embedding-llm": LlmRecipe,
    "student": StudentRecipe,
}
"""What a recipe's key ``trains`` may name."""


def recipe_names() -> list[str]:
    """Return the names of the shipped recipes."""
    folder = resources.files("goemotions.recipes")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_recipe(name: str, **overrides: Any) -> Recipe:
    """Return a recipe by the name of a shipped one or the path of a YAML file.

    Args:
        overrides: settings; each that is not None replaces the recipe's.

    Raises:
        GoEmotionsError: no recipe of that name.
        DataError: no YAML, or settings that are unknown, missing, of another type or out of range; all of them.
    """
    settings = read_mapping(recipe_text(name), f"recipe {name}")
    trains = settings.pop("trains", None)
    if not isinstance(trains, str) or trains not in KINDS:
        hint = "; `architecture` is now called `trains`" if "architecture" in settings else ""
        got = "nothing" if trains is None else shown(trains)
        raise DataError(f"recipe {name}: trains: expected one of {', '.join(KINDS)}, got {got}{hint}")
    settings |= {key: value for key, value in overrides.items() if value is not None}
    return make_recipe(KINDS[trains], settings, f"recipe {name}")


def recipe_text(name: str) -> str:
    """Return the YAML text of a recipe by its name or path; errors as :func:`load_recipe`."""
    names = recipe_names()
    if name in names:
        return resources.files("goemotions.recipes").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    if not name.endswith((".yaml", ".yml")) or not Path(name).is_file():
        raise GoEmotionsError(
            f"no recipe {name!r}{nearest(name, names)}: expected the path of a YAML file or one of {', '.join(names)}"
        )
    try:
        return Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"recipe {name}: expected UTF-8, got a byte that is not at position {error.start}") from None


def make_recipe(kind: type[Recipe], settings: Mapping[Any, Any], where: str) -> Recipe:
    """Return the recipe of these settings.

    Raises:
        DataError: what is wrong with them, all of it, each beginning with ``where`` and the setting's name.
    """
    strange = [key for key in settings if not isinstance(key, str)]
    problems = [f"unknown setting {shown(key)}" for key in strange]
    try:
        recipe = kind.model_validate({key: value for key, value in settings.items() if key not in strange})
    except ValidationError as error:
        problems += explain(error, kind)
        recipe = None
    more = [f"{len(problems) - SHOWN} more problems"] if len(problems) > SHOWN else []
    if problems or recipe is None:
        raise together([f"{where}: {problem}" for problem in problems[:SHOWN] + more])
    return recipe


def explain(error: ValidationError, kind: type[Recipe]) -> Iterator[str]:
    """Yield each mistake in the words of the command line: the setting, what was expected and what was got."""
    for found in error.errors(include_url=False):
        setting, *rest = found["loc"] or ("",)
        where = ", ".join([str(setting), *(f"item {part + 1}" if isinstance(part, int) else part for part in rest)])
        sort, value = found["type"], found["input"]
        if sort == "missing":
            yield f"{setting} is missing"
        elif sort == "extra_forbidden":
            yield f"unknown setting {shown(setting)}{nearest(str(setting)[:80], kind.model_fields)}"
        elif sort == "value_error":
            yield f"{where}: {found['ctx']['error']}" if setting else str(found["ctx"]["error"])
        else:
            expected = EXPECTED[sort].format(**found.get("ctx", {})) if sort in EXPECTED else found["msg"]
            hint = " (YAML reads 1e-4 as text: write 1.0e-4)" if sort == "float_type" and type(value) is str else ""
            yield f"{where}: {expected}, got {shown(value)}{hint}"


def shown(value: object) -> str:
    """Return a value as a message shows it: short, and without control characters."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 60
    short.maxlevel = 2
    try:
        return short.repr(value)
    except ValueError:  # Python writes no whole number of thousands of digits
        return "a number of thousands of digits"
