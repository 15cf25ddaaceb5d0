"""Make ``docs/api.md``, the reference of what ``goemotions`` exports, from signatures and docstrings.

``python docs/make_api.py`` writes it; a test fails while it differs from what this makes.
"""

from __future__ import annotations

import re
from pathlib import Path

import griffe

import goemotions

PAGE = Path(__file__).parent / "api.md"
HEAD = """# API

<!-- made by docs/make_api.py -->

What `from goemotions import …` gives is public: it keeps its promise within a major version. Everything else may
change.
"""


def api_page() -> str:
    """Return the whole page."""
    package = griffe.load("goemotions", search_paths=[str(Path(goemotions.__file__).parents[1])])
    exported = sorted(goemotions.__all__, key=lambda name: (name.isupper(), name != "EmotionClassifier", name))
    return "\n".join([HEAD, *(reference(found(package, name), name) for name in exported)])


def found(package: griffe.Object | griffe.Alias, name: str) -> griffe.Object:
    """Return the object behind an exported name, wherever it is defined."""
    member = getattr(goemotions, name)
    module = getattr(member, "__module__", None)
    if not isinstance(module, str):  # a constant: the package imports it from where it is defined
        member = package[name]
        return member.final_target if isinstance(member, griffe.Alias) else member
    path = module.partition(".")[2]
    target = package[f"{path}.{name}" if path else name]
    return target.final_target if isinstance(target, griffe.Alias) else target


def reference(item: griffe.Object, name: str) -> str:
    """Return the section of one exported name."""
    parts = [f"## `{name}`\n"]
    if isinstance(item, griffe.Class):
        bases = ", ".join(str(base) for base in item.bases)
        parts.append(f"```python\nclass {name}({bases})\n```\n" if bases else "")
    elif isinstance(item, griffe.Function):
        parts.append(f"```python\n{signature(item)}\n```\n")
    parts.append(docstring(item))
    if isinstance(item, griffe.Class):
        shown = ("__init__", "__iter__") if "__init__" in item.members else ()
        for member in item.members.values():
            public = not member.name.startswith("_") or member.name in shown
            callable_or_property = not member.is_alias and (member.is_function or "property" in member.labels)
            if public and callable_or_property and member.docstring:
                parts += [f"### `{name}.{member.name}`\n" if member.name != "__init__" else f"### `{name}(…)`\n"]
                parts += [f"```python\n{signature(member)}\n```\n" if isinstance(member, griffe.Function) else ""]
                parts.append(docstring(member))
    return "\n".join(part for part in parts if part)


def signature(function: griffe.Function) -> str:
    """Return a function's name with its parameters, one per line if there are many, and what it returns."""
    parameters, star = [], False
    for parameter in function.parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not star:
            parameters.append("*")
            star = True
        default = f" = {parameter.default}" if parameter.default is not None else ""
        parameters.append(f"{parameter.name}: {parameter.annotation}{default}")
    returned = f" -> {function.returns}" if function.returns and function.name != "__init__" else ""
    name = function.parent.name if function.name == "__init__" and function.parent else function.name
    line = f"{name}({', '.join(parameters)}){returned}"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {parameter},\n" for parameter in parameters) + f"){returned}"


def docstring(item: griffe.Object | griffe.Alias) -> str:
    """Return a docstring in Markdown."""
    if item.docstring is None:
        return ""
    parts = []
    for section in item.docstring.parse("google", warnings=False, returns_multiple_items=False):
        if section.kind is griffe.DocstringSectionKind.text:
            parts.append(markdown(section.value) + "\n")
        elif section.kind is griffe.DocstringSectionKind.admonition:
            parts.append(markdown(section.value.contents) + "\n")
        elif section.kind is griffe.DocstringSectionKind.examples:
            parts += [f"```python\n{text}\n```\n" for _, text in section.value]
        else:
            rows = [row(entry) for entry in section.value]
            parts.append(f"{section.kind.value.title()}:\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def row(entry: griffe.DocstringElement) -> str:
    """Return a list item of an argument, attribute, error or result."""
    name = getattr(entry, "name", "") or str(entry.annotation or "").strip("()")
    label = f"**{name}**: " if name else ""
    return f"- {label}{markdown(' '.join(entry.description.split()))}"


def markdown(text: str) -> str:
    """Return reStructuredText's literals and roles as Markdown's code."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(api_page(), encoding="utf-8")
