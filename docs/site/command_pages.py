"""The reference of the command line, made from the commands themselves: one that is added appears by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from goemotions.cli.app import app

HEAD = """# Commands

Made from the help of each command. Results go to standard output, everything else to standard error. The exit code is 0
if all went well, 2 for a wrong usage and 1 for any other failure; an error is one line.
"""


def commands_page() -> str:
    """Return the page of all commands."""
    root = typer.main.get_command(app)
    return "\n".join([HEAD, *(section(command, path) for command, path in walk(root, "goemotions"))])


def walk(command: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Yield each command with its name, those of a group behind it."""
    if path != "goemotions":
        yield command, path
    for name, member in getattr(command, "commands", {}).items():
        if not member.hidden:
            yield from walk(member, f"{path} {name}")


def section(command: Any, path: str) -> str:
    """Return what a command does, and its arguments and options."""
    context = command.make_context(path, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {path}\n", f"{paragraphs(command.help or '')}\n", f"```text\n{path} {usage}\n```\n"]
    rows = [row(parameter, context) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        lines += ["| argument or option | what it does |\n|---|---|", *rows, ""]
    return "\n".join(lines)


def row(parameter: Any, context: Any) -> str:
    """Return a parameter's line of the table: its names with what they take, and its help."""
    is_argument = parameter.param_type_name == "argument"
    metavar = parameter.make_metavar(context)
    names = metavar if is_argument else ", ".join([*parameter.opts, *parameter.secondary_opts])
    takes = "" if is_argument or getattr(parameter, "is_flag", False) else f" {metavar}"
    default = parameter.default
    usual = "" if default in (None, False, ()) or callable(default) else f" Without it: `{plain(default)}`."
    required = " Required." if parameter.required else ""
    return f"| `{cell(names + takes)}` | {cell(paragraphs(parameter.help or ''))}{cell(usual)}{required} |"


def plain(value: Any) -> str:
    """Return a default as it is written on the command line."""
    return str(getattr(value, "value", value))


def paragraphs(text: str) -> str:
    """Return a help text without the mark-up of a terminal."""
    return re.sub(r"\[/?(?:bold|dim|italic|cyan|green|yellow)\]|\x08", "", text).strip()


def cell(text: str) -> str:
    """Return text as it stands in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
