"""Groups of options that several commands take: the parameters of one function stand in each of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

GROUPS = ("LoadOptions", "Columns", "EstimateOptions")


def with_group(command: Callable[..., None], name: str, group: Callable[..., Any]) -> Callable[..., None]:
    """Return ``command`` with the parameters of ``group`` in place of its parameter ``name``, which gets its result."""
    added = parameters(group)
    names = {parameter.name for parameter in added}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        value = group(**{parameter: given.pop(parameter) for parameter in names})
        command(**given, **{name: value})

    shown = [parameter for parameter in parameters(command) if parameter.name != name] + added
    signature = inspect.Signature([parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in shown])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown} | {"return": None}
    return run


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return a function's parameters with their annotations evaluated; the types of groups are not imported."""
    hints = get_type_hints(function, localns=dict.fromkeys(GROUPS, object), include_extras=True)
    return [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
    ]
