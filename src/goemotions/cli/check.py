"""``goemotions check``: how a model behaves on short cases of many kinds, as a table, a page, Markdown and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.model_options import with_model_options

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions


@with_model_options
def check(
    *,
    load: LoadOptions,
    model: Annotated[str, typer.Argument(help="A shipped model, a directory or a hub id.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write OUTPUT.html, OUTPUT.md and OUTPUT.json.", show_default="none"),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Check a model's behaviour on emoji, negation, sarcasm and 18 other kinds of short text."""
    from goemotions.classifier import EmotionClassifier
    from goemotions.evaluation import page
    from goemotions.evaluation.behaviour import forms
    from goemotions.evaluation.behaviour.judge import check as run
    from goemotions.files import check_writable

    if output is not None:
        check_writable(*page.paths(output))
    classifier = EmotionClassifier(model, **vars(load))
    report = run(classifier)
    if output is not None:
        for path in forms.write(report, output):
            terminal.echo(str(path), err=True)
    terminal.echo(page.json_text(report) if as_json else forms.summary(report), nl=not as_json)
