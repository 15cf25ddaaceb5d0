"""``goemotions push``: a model directory to the hub."""

from __future__ import annotations

from typing import Annotated

import typer

from goemotions.cli import terminal


def push(
    model: Annotated[str, typer.Argument(help="A model directory, or a shipped model.")],
    repo: Annotated[str, typer.Argument(help="The repository to write, as org/name.")],
    private: Annotated[bool, typer.Option("--private", help="If the repository is new, make it private.")] = False,
    revision: Annotated[str | None, typer.Option(help="The branch to write.", show_default="main")] = None,
    message: Annotated[
        str, typer.Option("--message", "-m", help="The message of the commit.")
    ] = "Upload with goemotions push",
) -> None:
    """Upload a model directory with its card to the hub (log in first: hf auth login)."""
    from goemotions.upload import push_model

    terminal.echo(push_model(model, repo, private=private, revision=revision, message=message))
