"""YAML of settings: a shallow mapping, read so that no file takes much time or memory, or says one thing twice.

Aliases are refused, for a few lines of them stand for billions of values; so are repeated keys, deep nesting and large
files, none of which settings need.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from goemotions.errors import DataError
from goemotions.escaping import one_line

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 8


class UniqueKeysLoader(yaml.SafeLoader):
    """The safe loader, which refuses a key that a mapping already has."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value) if isinstance(key, yaml.ScalarNode) else "")
            if name in seen:
                problem = f"the key {name[1][:80]!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def read_mapping(text: str, where: str) -> dict[Any, Any]:
    """Return the mapping that a YAML text is.

    Args:
        where: begins the message of an error.

    Raises:
        DataError: no YAML, no mapping, or what the module refuses, with line and column.
    """
    if len(text) > MAX_CHARACTERS:
        raise DataError(f"{where}: expected at most {MAX_CHARACTERS:,} characters of YAML, got {len(text):,}")
    try:
        _check_events(text, where)
        content = yaml.load(text, UniqueKeysLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise DataError(f"{where}{place}: not valid YAML: {_short(error.problem or error.context)}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # of numbers and dates that Python cannot hold, too
        raise DataError(f"{where}: not valid YAML: {_short(error)}") from None
    if not isinstance(content, dict):
        raise DataError(f"{where}: expected settings as `key: value` lines, got {type(content).__name__}")
    return content


def _check_events(text: str, where: str) -> None:
    """Check that a text is plain YAML: values, lists and mappings.

    Raises:
        DataError: aliases, anchors, or nesting deeper than :data:`MAX_DEPTH`.
    """
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        place = f"{where}, line {event.start_mark.line + 1}" if event.start_mark else where
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise DataError(f"{place}: anchors (&) and aliases (*) are not read: write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise DataError(f"{place}: nested more than {MAX_DEPTH} levels deep")


def _short(problem: object) -> str:
    return one_line(str(problem))[:200]
