"""Write for people. Whatever a command writes is data: nothing in a name, label or path steers the terminal."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from goemotions.escaping import for_terminal, one_line

PIPE_WIDTH = 110


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Write a result, or with ``err`` something beside it."""
    typer.echo(for_terminal(text), err=err, nl=nl)


def note(message: str) -> None:
    """Say on one line what was assumed, or is good to know."""
    typer.echo(f"note: {one_line(message)}", err=True)


def warn(message: str) -> None:
    """Say on one line what may be wrong."""
    typer.secho(f"warning: {one_line(message)}", err=True, fg="yellow")


def error(message: str) -> None:
    """Say on one line what failed."""
    typer.secho(f"error: {one_line(message)}", err=True, fg="red")


def plain(text: str, style: str = "") -> Text:
    """Return ``text`` for rich, which would read a ``str`` as mark-up."""
    return Text(for_terminal(text), style=style)


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain texts."""
    table.add_row(*map(plain, cells))


def table_console() -> Console:
    """Return a console for tables; in a pipe, which has no width, one of so many columns."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console
