"""``goemotions export``: a model in a form that runs elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal

export_app = typer.Typer(help="Write a model in a form that runs elsewhere.", no_args_is_help=True)


@export_app.callback()
def export() -> None:
    """Write a model in a form that runs elsewhere."""


@export_app.command()
def web(
    output: Annotated[Path, typer.Argument(help="The folder to write.")],
    model: opt.Model = None,
    onnxruntime_web: Annotated[
        Path | None,
        typer.Option(
            help="The npm package onnxruntime-web: the .tgz that npm pack wrote, or its folder.",
            show_default="npm fetches it",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
) -> None:
    """Write a page that runs a model in the browser, for any static host: texts never leave the machine."""
    from goemotions.browser.export import export_web
    from goemotions.browser.runtime import PACKAGE

    if onnxruntime_web is None:
        terminal.note(f"npm fetches {PACKAGE} (33 MB); --onnxruntime-web takes one that is here")
    done = export_web(model, output, onnxruntime_web, overwrite)
    terminal.echo(
        f"{output}: {done.model}, {done.size / 1e6:.0f} MB; look at it with: python -m http.server --directory {output}"
    )
