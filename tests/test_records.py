"""Dataclasses to JSON and back: the same again, and whatever does not fit is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goemotions.catalog import find_model
from goemotions.errors import ModelError
from goemotions.evaluation.model_card import card
from goemotions.evaluation.model_metrics import read_metrics
from goemotions.evaluation.provenance import read_provenance
from goemotions.records import OMIT_DEFAULT, from_json, named, to_json


@dataclass(frozen=True)
class Point:
    x: float
    y: float | None = None


@dataclass(frozen=True)
class Drawing:
    title: str
    points: Sequence[Point]
    by_name: Mapping[str, Point]
    pair: tuple[str, int] = field(metadata=named("a pair"))
    visible: bool = True
    note: str = field(default="", metadata=OMIT_DEFAULT)


DRAWING = Drawing("one", [Point(1.0), Point(2.5, -1.0)], {"last": Point(3.0)}, ("a", 1))
AS_JSON = {
    "title": "one",
    "points": [{"x": 1.0, "y": None}, {"x": 2.5, "y": -1.0}],
    "by_name": {"last": {"x": 3.0, "y": None}},
    "a pair": ["a", 1],
    "visible": True,
}


def test_there_and_back() -> None:
    assert to_json(DRAWING) == AS_JSON
    assert list(to_json(DRAWING)) == list(AS_JSON)
    assert from_json(Drawing, json.loads(json.dumps(AS_JSON))) == DRAWING
    assert to_json(from_json(Drawing, AS_JSON | {"note": "x", "of a newer release": 1})) == AS_JSON | {"note": "x"}
    whole = from_json(Point, {"x": 3})
    assert isinstance(whole.x, float)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("title", 3, "drawing.title: expected a text, got '3'"),
        ("title", None, "drawing.title: expected a text, got 'None'"),
        ("points", {"x": 1}, "drawing.points: expected a list"),
        ("points", [{"x": 1}, {"y": 1}], r"drawing.points\[1\]: it lacks the key 'x'"),
        ("points", [{"x": True}], r"drawing.points\[0\].x: expected a finite number, got 'True'"),
        ("points", [{"x": 10**400}], r"drawing.points\[0\].x: expected a finite number"),
        ("points", [{"x": 1, "y": float("nan")}], r"drawing.points\[0\].y: expected a finite number, got 'nan'"),
        ("by_name", [1], "drawing.by_name: expected an object"),
        ("by_name", {"a": 1}, "drawing.by_name.a: expected an object, got '1'"),
        ("a pair", ["a"], "drawing.a pair: expected 2 values"),
        ("a pair", ["a", 1.5], r"drawing.a pair\[1\]: expected a whole number, got '1.5'"),
        ("visible", 1, "drawing.visible: expected true or false, got '1'"),
    ],
)
def test_what_does_not_fit_is_named(key: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_json(Drawing, AS_JSON | {key: value}, "drawing")


CONFIG: dict[str, Any] = json.loads((find_model("compact") / "config.json").read_text(encoding="utf-8"))
JUNK: st.SearchStrategy[object] = st.sampled_from(
    [None, [], {}, "", "x", -1, 0, 1e308, 10**400, float("nan"), float("inf"), True, [[]], {"value": []}, "\x1b[31m"]
)


def places(part: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the paths of all values in nested objects."""
    found = [path] if path else []
    if isinstance(part, dict):
        found += [inner for key, value in part.items() for inner in places(value, (*path, key))]
    return found


PLACES = [path for key in ("metrics", "trained_on", "tested_on") for path in places(CONFIG[key], (key,))]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PLACES), JUNK, st.booleans())
def test_a_config_with_any_figure_replaced(path: tuple[str, ...], junk: object, removed: bool) -> None:
    """Figures and provenance of a config that does not fit are an error that names file and key, and nothing else."""
    config = copy.deepcopy(CONFIG)
    part = config
    for key in path[:-1]:
        part = part[key]
    if removed:
        del part[path[-1]]
    else:
        part[path[-1]] = junk
    try:
        read_provenance(config)
        read_metrics(config)
        assert "## Results" in card(config)
    except ModelError as error:
        assert str(error).startswith(f"config.json, {path[0]}")
        assert "\n" not in str(error)
